import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import type { ConnectionField, ConnectionTest } from '../api/types';
import { humanize } from '../charts/format';
import { ConnectionSteps } from './connection_steps';

type Progress = 'idle' | 'saving' | 'testing' | 'reading' | 'done';
const PROGRESS_WORDS: Record<Progress, string> = { idle: 'Connect', saving: 'Saving…', testing: 'Connecting…', reading: 'Reading the tables…', done: 'Connected' };

interface FieldProps {
  field: ConnectionField;
  value: string;
  on_change: (value: string) => void;
}

// What a field is asked for with, by its type: the drivers say which, and nothing here knows one by name.
function FieldInput({ field, value, on_change }: FieldProps) {
  const common = { autoComplete: 'off', spellCheck: false, required: field.required, 'aria-description': field.about } as const;
  switch (field.type) {
    case 'choice':
      return (
        <select {...common} value={value} onChange={(event) => on_change(event.target.value)}>
          {!field.choices.includes(value) && <option value={value}>{value}</option>}
          {field.choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      );
    case 'toggle':
      return <input type="checkbox" aria-description={field.about} checked={value === 'true'} onChange={(event) => on_change(event.target.checked ? 'true' : 'false')} />;
    case 'number':
      return <input {...common} type="number" min={field.minimum ?? undefined} max={field.maximum ?? undefined} step="any" value={value} onChange={(event) => on_change(event.target.value)} />;
    case 'file':
      return (
        <input
          type="file"
          required={field.required && value === ''}
          aria-description={field.about}
          onChange={(event) => void event.target.files?.[0]?.text().then(on_change)}
        />
      );
    default:
      return <input {...common} type={field.secret ? 'password' : 'text'} value={value} onChange={(event) => on_change(event.target.value)} />;
  }
}

// Field names are words with abbreviations among them.
function label_of(field: ConnectionField): string {
  if (field.says_others) return 'Address';
  return humanize(field.name).replace(/\b(ca|ssl|tls)\b/gi, (word) => word.toUpperCase());
}

function LabelledField(props: FieldProps) {
  const { field } = props;
  return (
    <label>
      {label_of(field)}
      {!field.required && !field.says_others && <span className="faint"> (optional)</span>}
      <FieldInput {...props} />
      <span className="faint field-about">{field.about}</span>
    </label>
  );
}

// Asks for what the chosen kind of warehouse says it needs. A connection that cannot be made is taken back, so that nothing broken is left.
export function ConnectionForm({ on_done }: { on_done: () => void }) {
  const client = useQueryClient();
  const types = useQuery({ queryKey: ['connection-types'], queryFn: ({ signal }) => api.connection_types(signal), staleTime: Infinity });
  const [chosen, set_chosen] = useState<string | null>(null);
  const [name, set_name] = useState('');
  const [values, set_values] = useState<Record<string, string>>({});
  const [progress, set_progress] = useState<Progress>('idle');
  const [error, set_error] = useState<string | null>(null);
  const [tested, set_tested] = useState<ConnectionTest | null>(null);
  const type = types.data?.find((one) => one.type === chosen) ?? types.data?.[0];

  if (types.error) return <p className="field-error">The kinds of connections could not be read: {types.error.message}</p>;
  if (!type) return null;

  const value_of = (field: ConnectionField) => values[`${type.type}.${field.name}`] ?? field.default_value;
  const put = (field: ConnectionField, value: string) => set_values({ ...values, [`${type.type}.${field.name}`]: value });
  // An address stands for the fields that a connection cannot be without, and for those that have a usual value.
  const address = type.fields.find((field) => field.says_others);
  const has_address = address !== undefined && value_of(address).trim() !== '';
  const main_fields = type.fields.filter((field) => !field.says_others && (field.required || field.default_value !== ''));
  const other_fields = type.fields.filter((field) => !field.says_others && !main_fields.includes(field));
  const sent_fields = address && has_address ? [address, ...other_fields] : [...main_fields, ...other_fields];
  const show = (field: ConnectionField) => <LabelledField key={`${type.type}.${field.name}`} field={field} value={value_of(field)} on_change={(value) => put(field, value)} />;

  const finish = async () => {
    await client.invalidateQueries({ queryKey: ['connections'] });
    on_done();
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    set_error(null);
    set_tested(null);
    // A blank at the end of a password is one of its characters.
    const credentials = Object.fromEntries(sent_fields.map((field) => [field.name, field.secret ? value_of(field) : value_of(field).trim()]).filter(([, value]) => value !== ''));
    let created: string | null = null;
    try {
      set_progress('saving');
      created = (await api.create_connection({ name: name.trim(), connection_type: type.type, credentials })).id;
      set_progress('testing');
      const tested = await api.test_connection(created);
      set_tested(tested);
      if (!tested.success) throw new Error(tested.steps.length > 0 ? '' : (tested.error ?? 'The warehouse did not answer.'));
      set_progress('reading');
      // The catalog fills itself when it is first needed; reading it now only makes the first question faster.
      await api.read_catalog(created).catch(() => {});
      // What should be otherwise is read before the form goes.
      if (tested.steps.some((step) => step.mend)) set_progress('done');
      else await finish();
    } catch (failure) {
      if (created) await api.remove_connection(created).catch(() => {});
      set_error(failure instanceof Error ? failure.message : String(failure));
      set_progress('idle');
    }
  };

  return (
    <form className="setup-form" onSubmit={(event) => void submit(event)} data-testid="connection-form">
      <h2>Connect a warehouse</h2>
      {types.data && types.data.length > 1 && (
        <label>
          Kind
          <select value={type.type} onChange={(event) => set_chosen(event.target.value)}>
            {types.data.map((one) => (
              <option key={one.type} value={one.type}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
      )}
      {types.data?.length === 1 && <p className="faint">{type.title}</p>}
      <label>
        Name
        <input value={name} required maxLength={100} placeholder="sales" onChange={(event) => set_name(event.target.value)} />
      </label>
      {address && show(address)}
      {!has_address && main_fields.map(show)}
      {other_fields.length > 0 && (
        <details>
          <summary>{main_fields.length > 0 ? 'More' : 'Fields'}</summary>
          {other_fields.map(show)}
        </details>
      )}
      {tested && <ConnectionSteps steps={tested.steps} />}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <p className="setup-actions">
        {progress === 'done' ? (
          <button type="button" className="primary" onClick={() => void finish()}>
            Go on
          </button>
        ) : (
          <button type="submit" className="primary" disabled={progress !== 'idle'}>
            {PROGRESS_WORDS[progress]}
          </button>
        )}
      </p>
    </form>
  );
}
