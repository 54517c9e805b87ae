import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import type { ConnectionField } from '../api/types';
import { humanize } from '../charts/format';

type Progress = 'idle' | 'saving' | 'testing' | 'reading';
const PROGRESS_WORDS: Record<Progress, string> = { idle: 'Connect', saving: 'Saving…', testing: 'Connecting…', reading: 'Reading the tables…' };

// What a field is asked for with, by its type: the drivers say which, and nothing here knows one by name.
function FieldInput({ field, value, on_change }: { field: ConnectionField; value: string; on_change: (value: string) => void }) {
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

// Asks for what the chosen kind of warehouse says it needs. A connection that cannot be made is taken back, so that nothing broken is left.
export function ConnectionForm({ on_done }: { on_done: () => void }) {
  const client = useQueryClient();
  const types = useQuery({ queryKey: ['connection-types'], queryFn: ({ signal }) => api.connection_types(signal), staleTime: Infinity });
  const [chosen, set_chosen] = useState<string | null>(null);
  const [name, set_name] = useState('');
  const [values, set_values] = useState<Record<string, string>>({});
  const [progress, set_progress] = useState<Progress>('idle');
  const [error, set_error] = useState<string | null>(null);
  const type = types.data?.find((one) => one.type === chosen) ?? types.data?.[0];

  if (types.error) return <p className="field-error">The kinds of connections could not be read: {types.error.message}</p>;
  if (!type) return null;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    set_error(null);
    const credentials = Object.fromEntries(type.fields.map((field) => [field.name, (values[`${type.type}.${field.name}`] ?? field.default_value).trim()]).filter(([, value]) => value !== ''));
    let created: string | null = null;
    try {
      set_progress('saving');
      created = (await api.create_connection({ name: name.trim(), connection_type: type.type, credentials })).id;
      set_progress('testing');
      const tested = await api.test_connection(created);
      if (!tested.success) throw new Error(tested.error ?? 'The warehouse did not answer.');
      set_progress('reading');
      // The catalog fills itself when it is first needed; reading it now only makes the first question faster.
      await api.read_catalog(created).catch(() => {});
      await client.invalidateQueries({ queryKey: ['connections'] });
      on_done();
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
      {type.fields.map((field) => (
        <label key={`${type.type}.${field.name}`}>
          {humanize(field.name)}
          {!field.required && <span className="faint"> (optional)</span>}
          <FieldInput field={field} value={values[`${type.type}.${field.name}`] ?? field.default_value} on_change={(value) => set_values({ ...values, [`${type.type}.${field.name}`]: value })} />
          <span className="faint field-about">{field.about}</span>
        </label>
      ))}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <p className="setup-actions">
        <button type="submit" className="primary" disabled={progress !== 'idle'}>
          {PROGRESS_WORDS[progress]}
        </button>
      </p>
    </form>
  );
}
