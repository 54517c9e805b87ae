// The parameters of a dashboard live in the address: a filtered view is a link. Pure.
import type { DashboardData, Parameter } from '../api/types';
import type { TimeGrain } from '../charts/format';

export const ALL = 'all';

export type Parameters = Record<string, Parameter>;

// A document may write its default as text, a list, or {from, to}.
export function default_values(parameter: Parameter): string[] {
  const given = parameter.default;
  if (given === null || given === undefined) return parameter.type === 'enum' || parameter.type === 'date_range' ? [ALL] : [];
  if (Array.isArray(given)) return given.map(String);
  if (typeof given === 'object') {
    const { from, to } = given as { from?: string | null; to?: string | null };
    return [`${from ?? ''}..${to ?? ''}`];
  }
  return [String(given)];
}

// What the address says of one parameter, or its default.
export function values_of(name: string, parameter: Parameter, search: string): string[] {
  const given = new URLSearchParams(search).getAll(name);
  return given.length > 0 ? given : default_values(parameter);
}

export const is_all = (values: string[]) => values.length === 0 || values.includes(ALL);

// The address with one parameter set; a value that is the default leaves the address.
export function with_values(search: string, name: string, parameter: Parameter, values: string[]): string {
  const parts = new URLSearchParams(search);
  parts.delete(name);
  const fallback = default_values(parameter);
  const wanted = values.length === 0 && fallback.length > 0 && (parameter.type === 'enum' || parameter.type === 'date_range') ? [ALL] : values;
  const same = wanted.length === fallback.length && [...wanted].sort().every((value, index) => value === [...fallback].sort()[index]);
  if (!same) for (const value of wanted) parts.append(name, value);
  return parts.toString();
}

// What of the address the server is told: the parameters that the document declares, in a stable order.
export function data_query(params: Parameters, search: string): string {
  const given = new URLSearchParams(search);
  const query = new URLSearchParams();
  for (const name of Object.keys(params).sort()) {
    for (const value of given.getAll(name)) query.append(name, value);
  }
  return query.toString();
}

// Counted from the newest day that the data has, so that they show something where the data ends long before today, and tomorrow's rows
// when they come.
export const PRESETS: readonly string[] = ['last_7_days_of_data', 'last_30_days_of_data', 'last_90_days_of_data', 'last_12_months_of_data', 'this_month_of_data', 'this_year_of_data', ALL];

interface Preset {
  text: string;
  of_data: boolean;
}

function preset_of(value: string): Preset | null {
  const last = /^last_(\d+)_(day|week|month|year)s?(_of_data)?$/.exec(value);
  if (last) return { text: `Last ${last[1] === '1' ? last[2] : `${last[1]} ${last[2]}s`}`, of_data: last[3] !== undefined };
  const current = /^this_(month|year)(_of_data)?$/.exec(value);
  return current ? { text: `This ${current[1]}`, of_data: current[2] !== undefined } : null;
}

// The newest day that the data had when a period was counted from it; null when none was.
export function newest_day(name: string, data: DashboardData | undefined): string | null {
  let newest: string | null = null;
  for (const answer of Object.values(data?.queries ?? {})) {
    const day = answer.metadata?.periods?.[name]?.newest_day;
    if (day && (newest === null || day > newest)) newest = day;
  }
  return newest;
}

// From which day the presets are counted, said beside them.
export function presets_text(newest: string | null, today: string): string {
  if (newest === null) return 'Counted from the newest day of the data';
  return newest < today ? `Counted from ${day_text(newest)}, where the data ends` : `Counted from ${day_text(newest)}, the newest day of the data`;
}

export const today_of = (now: number) => iso_day(now);

export function range_of(value: string): { from: string; to: string } | null {
  const parts = /^(\d{4}-\d{2}-\d{2})?\.\.(\d{4}-\d{2}-\d{2})?$/.exec(value);
  return parts ? { from: parts[1] ?? '', to: parts[2] ?? '' } : null;
}

// "1 Jan 2001 – 31 Mar 2001", or the name of a preset; with the day that it ends on where the data ends before today.
export function range_text(value: string, newest: string | null = null, today = today_of(Date.now())): string {
  if (value === ALL) return 'All time';
  const preset = preset_of(value);
  if (preset?.of_data) return newest !== null && newest < today ? `${preset.text} to ${day_text(newest)}` : preset.text;
  if (preset) return `${preset.text} until today`;
  const range = range_of(value);
  if (!range) return value;
  if (!range.from && !range.to) return 'All time';
  if (!range.from) return `until ${day_text(range.to)}`;
  if (!range.to) return `from ${day_text(range.from)}`;
  return range.from === range.to ? day_text(range.from) : `${day_text(range.from)} – ${day_text(range.to)}`;
}

function day_text(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? day : date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
}

const iso_day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

// The inclusive days of the period that starts at `ms`: a click on March filters to March.
export function period_range(ms: number, grain: TimeGrain): string {
  const date = new Date(ms);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const last: Record<string, number> = {
    year: Date.UTC(year + 1, 0, 0),
    quarter: Date.UTC(year, month + 3, 0),
    month: Date.UTC(year, month + 1, 0),
    week: ms + 6 * 86_400_000,
  };
  return `${iso_day(ms)}..${iso_day(last[grain] ?? ms)}`;
}
