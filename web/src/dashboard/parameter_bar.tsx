import { useEffect, useMemo, useState, type FormEvent } from 'react';
import type { DashboardData, Parameter } from '../api/types';
import { column_index } from '../charts/aggregate';
import { humanize, truncate_text } from '../charts/format';
import { Popover } from '../components/menu';
import { ALL, data_query, is_all, newest_day, PRESETS, presets_text, range_of, range_text, today_of, values_of, with_values, type Parameters } from './parameters';

interface BarProps {
  params: Parameters;
  search: string;
  data: DashboardData | undefined;
  on_change: (search: string) => void;
}

export function ParameterBar({ params, search, data, on_change }: BarProps) {
  const names = Object.keys(params);
  if (names.length === 0) return null;
  const changed = data_query(params, search) !== '';
  return (
    <div className="parameters" role="group" aria-label="Filters" data-testid="parameters">
      {names.map((name) => {
        const parameter = params[name]!;
        const label = parameter.label || humanize(name);
        const values = values_of(name, parameter, search);
        const set = (next: string[]) => on_change(with_values(search, name, parameter, next));
        return <Control key={name} name={name} label={label} parameter={parameter} values={values} data={data} set={set} />;
      })}
      {changed && (
        <button type="button" className="quiet" onClick={() => on_change(names.reduce((left, name) => without(left, name), search))} data-testid="parameters-reset">
          Reset
        </button>
      )}
    </div>
  );
}

function without(search: string, name: string): string {
  const parts = new URLSearchParams(search);
  parts.delete(name);
  return parts.toString();
}

interface ControlProps {
  name: string;
  label: string;
  parameter: Parameter;
  values: string[];
  data: DashboardData | undefined;
  set: (values: string[]) => void;
}

function Control(props: ControlProps) {
  switch (props.parameter.type) {
    case 'date_range':
      return <DateRangeControl {...props} />;
    case 'enum':
      return <EnumControl {...props} />;
    case 'boolean':
      return <BooleanControl {...props} />;
    case 'date':
      return <FieldControl {...props} kind="date" />;
    case 'number':
      return <FieldControl {...props} kind="number" />;
    default:
      return <FieldControl {...props} kind="text" />;
  }
}

function DateRangeControl({ name, label, parameter, values, data, set }: ControlProps) {
  const value = values[0] ?? ALL;
  const range = range_of(value) ?? { from: '', to: '' };
  const [from, set_from] = useState(range.from);
  const [to, set_to] = useState(range.to);
  useEffect(() => {
    set_from(range.from);
    set_to(range.to);
  }, [range.from, range.to]);
  const newest = newest_day(name, data);
  const text = range_text(value, newest);
  // What the document or the address says may be a period that is counted from today, or of another length.
  const offered = PRESETS.includes(value) || range_of(value) ? PRESETS : [value, ...PRESETS];
  const wrong = from !== '' && to !== '' && from > to;
  return (
    <Popover title={parameter.description} className="parameter" test_id={`parameter-${name}`} button={<ControlFace label={label} value={text} />}>
      {(close) => (
        <div className="popover-body">
          <p className="choices-about faint" data-testid={`parameter-${name}-newest`}>
            {presets_text(newest, today_of(Date.now()))}
          </p>
          <ul className="choices" role="list">
            {offered.map((preset) => (
              <li key={preset}>
                <button
                  type="button"
                  className={preset === value ? 'choice chosen' : 'choice'}
                  aria-pressed={preset === value}
                  onClick={() => {
                    set([preset]);
                    close();
                  }}
                >
                  {range_text(preset)}
                </button>
              </li>
            ))}
          </ul>
          <form
            className="range-form"
            onSubmit={(event: FormEvent) => {
              event.preventDefault();
              if (wrong) return;
              set(from === '' && to === '' ? [ALL] : [`${from}..${to}`]);
              close();
            }}
          >
            <label>
              From
              <input type="date" value={from} onChange={(event) => set_from(event.target.value)} data-testid={`parameter-${name}-from`} />
            </label>
            <label>
              To
              <input type="date" value={to} onChange={(event) => set_to(event.target.value)} data-testid={`parameter-${name}-to`} />
            </label>
            {wrong && (
              <p className="field-error" role="alert">
                The first day is after the last.
              </p>
            )}
            <button type="submit" className="primary" disabled={wrong}>
              Apply
            </button>
          </form>
        </div>
      )}
    </Popover>
  );
}

const OPTIONS_SHOWN_MAX = 200;

function EnumControl({ name, label, parameter, values, data, set }: ControlProps) {
  const options = useMemo(() => options_of(parameter, data), [parameter, data]);
  const all = is_all(values);
  const chosen = useMemo(() => new Set(all ? [] : values), [values, all]);
  if (!options) return <FieldControl {...{ name, label, parameter, values: all ? [] : values, data, set }} kind="text" />;
  const text = all ? 'All' : values.length <= 2 ? values.map((value) => truncate_text(value, 16)).join(', ') : `${values.length} chosen`;
  return (
    <Popover title={parameter.description} className="parameter" test_id={`parameter-${name}`} button={<ControlFace label={label} value={text} />}>
      {(close) => <Choices label={label} options={options} chosen={chosen} multiple={parameter.multiple ?? false} set={set} close={close} />}
    </Popover>
  );
}

interface ChoicesProps {
  label: string;
  options: string[];
  chosen: ReadonlySet<string>;
  multiple: boolean;
  set: (values: string[]) => void;
  close: () => void;
}

function Choices({ label, options, chosen, multiple, set, close }: ChoicesProps) {
  const [filter, set_filter] = useState('');
  // What was chosen when the list opened stands first, and stays there while more is chosen.
  const [first] = useState(() => [...chosen]);
  const known = [...new Set([...first, ...options, ...chosen])];
  const shown = known.filter((option) => option.toLowerCase().includes(filter.toLowerCase()));
  const only = (values: string[]) => {
    set(values);
    close();
  };
  return (
    <div className="popover-body">
      {known.length > 8 && <input type="search" className="choices-filter" placeholder="Search" aria-label={`Search ${label}`} value={filter} onChange={(event) => set_filter(event.target.value)} autoFocus />}
      <ul className="choices scroll" role="list">
        <li>
          <button type="button" className={chosen.size === 0 ? 'choice chosen' : 'choice'} aria-pressed={chosen.size === 0} onClick={() => only([ALL])}>
            All
          </button>
        </li>
        {shown.slice(0, OPTIONS_SHOWN_MAX).map((option) => (
          <li key={option}>
            {multiple ? (
              <label className="choice">
                <input type="checkbox" checked={chosen.has(option)} onChange={(event) => set(event.target.checked ? [...chosen, option] : [...chosen].filter((one) => one !== option))} />
                {option}
              </label>
            ) : (
              <button type="button" className={chosen.has(option) ? 'choice chosen' : 'choice'} aria-pressed={chosen.has(option)} onClick={() => only([option])}>
                {option}
              </button>
            )}
          </li>
        ))}
      </ul>
      {shown.length > OPTIONS_SHOWN_MAX && <p className="faint choices-more">{(shown.length - OPTIONS_SHOWN_MAX).toLocaleString('en')} more: search to find them</p>}
      {shown.length === 0 && <p className="faint choices-more">Nothing matches.</p>}
    </div>
  );
}

// `values_from: carriers.name` reads the answer of that query; null while (or if) there is none.
function options_of(parameter: Parameter, data: DashboardData | undefined): string[] | null {
  if (parameter.values) return parameter.values.map(String);
  const source = parameter.values_from;
  if (!source) return null;
  const dot = source.indexOf('.');
  const answer = data?.queries[dot < 0 ? source : source.slice(0, dot)]?.data;
  if (!answer) return data ? null : [];
  const index = dot < 0 ? 0 : column_index(answer.columns, source.slice(dot + 1));
  if (index < 0) return null;
  const values = answer.rows.map((row) => row[index]).filter((value) => value !== null && value !== undefined);
  return [...new Set(values.map(String))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function BooleanControl({ name, label, parameter, values, set }: ControlProps) {
  return (
    <label className="parameter inline" title={parameter.description ?? undefined}>
      <span className="parameter-label">{label}</span>
      <select value={values[0] ?? ALL} onChange={(event) => set([event.target.value])} data-testid={`parameter-${name}`}>
        <option value={ALL}>All</option>
        <option value="true">Yes</option>
        <option value="false">No</option>
      </select>
    </label>
  );
}

const TYPING_PAUSE_MS = 500;

function FieldControl({ name, label, parameter, values, set, kind }: ControlProps & { kind: 'text' | 'number' | 'date' }) {
  const current = is_all(values) ? '' : (values[0] ?? '');
  const [draft, set_draft] = useState(current);
  useEffect(() => set_draft(current), [current]);
  const commit = (value: string) => {
    if (value !== current) set(value === '' ? [] : [value]);
  };
  useEffect(() => {
    if (draft === current) return;
    const timer = setTimeout(() => commit(draft), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  });
  return (
    <label className="parameter inline" title={parameter.description ?? undefined}>
      <span className="parameter-label">{label}</span>
      <input
        type={kind}
        value={draft}
        placeholder={kind === 'date' ? undefined : 'any'}
        onChange={(event) => set_draft(event.target.value)}
        onBlur={() => commit(draft)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit(draft);
          if (event.key === 'Escape') set_draft(current);
        }}
        data-testid={`parameter-${name}`}
      />
    </label>
  );
}

function ControlFace({ label, value }: { label: string; value: string }) {
  return (
    <>
      <span className="parameter-label">{label}</span>
      <span className="visually-hidden">: </span>
      <span className="parameter-value">{value}</span>
      <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
        <path d="M1 2.5 4 5.5 7 2.5" fill="none" stroke="currentColor" strokeWidth="1.4" />
      </svg>
    </>
  );
}

