// Numbers and dates as text. Number formats are d3-format strings (",.1f", "%", "$,.0f", ".2s"); dates are always UTC.
import { format as d3_format } from 'd3-format';
import type { Cell, ColumnNote } from '../api/types';

export const NOTHING = '–';

const known = new Map<string, (value: number) => string>();

function formatter(specifier: string): ((value: number) => string) | null {
  const found = known.get(specifier);
  if (found) return found;
  try {
    const made = d3_format(specifier);
    known.set(specifier, made);
    return made;
  } catch {
    return null;
  }
}

// Whole numbers get thousands separators; others as many decimals as their size deserves.
function plain(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (Number.isInteger(value)) return formatter(',d')!(value);
  if (size >= 1000) return formatter(',.0f')!(value);
  if (size >= 10) return formatter(',.1f')!(value);
  if (size >= 1) return formatter(',.2f')!(value);
  return formatter(',.3~r')!(value);
}

const UNITS_WITHOUT_SPACE = new Set(['%', '°', '°C', '°F', '′', '″']);
const UNITS_BEFORE = new Set(['$', '€', '£', '¥', 'US$', 'CHF']);

export function with_unit(text: string, unit: string | null | undefined): string {
  if (!unit || text === NOTHING) return text;
  if (UNITS_BEFORE.has(unit)) return text.startsWith('−') ? `−${unit}${text.slice(1)}` : `${unit}${text}`;
  return UNITS_WITHOUT_SPACE.has(unit) ? `${text}${unit}` : `${text}\u202f${unit}`;
}

export interface NumberNote {
  format?: string | null | undefined;
  unit?: string | null | undefined;
}

export function format_number(value: number | null, note: NumberNote = {}): string {
  if (value === null || Number.isNaN(value)) return NOTHING;
  const made = note.format ? formatter(note.format) : null;
  return made ? made(value) : plain(value);
}

export function format_measure(value: number | null, note: NumberNote = {}): string {
  // A "%" format already says its unit.
  const unit = note.unit === '%' && note.format?.includes('%') ? null : note.unit;
  return with_unit(format_number(value, note), unit);
}

// A change as people say it: of shares in points, across zero in the measure's own unit, else in per cent.
export function format_change(before: number, value: number, note: NumberNote): { way: number; text: string } {
  const way = Math.sign(value - before);
  const size = Math.abs(value - before);
  if (note.format?.includes('%')) return { way, text: `${format_number(size * 100, { format: size < 0.1 ? '.1f' : ',.0f' })} points` };
  if (before === 0 || before * value < 0) return { way, text: format_measure(size, note) };
  const portion = size / Math.abs(before);
  return { way, text: format_number(portion, { format: portion < 0.1 || (portion > 0.99 && portion < 1) ? '.1%' : ',.0%' }) };
}

// For axes and big figures: 1.2k, 3.4M, 1.1B. Small values keep their own digits.
export function format_compact(value: number, note: NumberNote = {}): string {
  if (!Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (note.format && (note.format.includes('%') || note.format.includes('$')) && size < 10_000) return format_number(value, note);
  if (size < 10_000) return trim_zeros(plain(value));
  const text = formatter('.3~s')!(value).replace('G', 'B');
  return note.format?.includes('$') ? `$${text}` : text;
}

function trim_zeros(text: string): string {
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (value: number) => String(value).padStart(2, '0');

export type TimeGrain = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second';

export function format_time(ms: number, grain: TimeGrain, pattern?: string | null): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return NOTHING;
  if (pattern?.includes('%')) return strftime(date, pattern);
  const year = date.getUTCFullYear();
  const month = MONTHS[date.getUTCMonth()];
  const day = `${date.getUTCDate()} ${month} ${year}`;
  switch (grain) {
    case 'year':
      return String(year);
    case 'quarter':
      return `Q${Math.floor(date.getUTCMonth() / 3) + 1} ${year}`;
    case 'month':
      return `${month} ${year}`;
    case 'week':
    case 'day':
      return day;
    case 'hour':
    case 'minute':
      return `${day}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    case 'second':
      return `${day}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  }
}

function strftime(date: Date, pattern: string): string {
  return pattern.replace(/%-?([a-zA-Z%])/g, (whole, directive: string) => {
    const padded = !whole.startsWith('%-');
    const number = (value: number) => (padded ? two(value) : String(value));
    switch (directive) {
      case 'Y':
        return String(date.getUTCFullYear());
      case 'y':
        return two(date.getUTCFullYear() % 100);
      case 'm':
        return number(date.getUTCMonth() + 1);
      case 'd':
      case 'e':
        return number(date.getUTCDate());
      case 'b':
        return MONTHS[date.getUTCMonth()]!;
      case 'B':
        return date.toLocaleString('en', { month: 'long', timeZone: 'UTC' });
      case 'a':
        return DAYS[date.getUTCDay()]!.slice(0, 3);
      case 'A':
        return DAYS[date.getUTCDay()]!;
      case 'H':
        return number(date.getUTCHours());
      case 'M':
        return number(date.getUTCMinutes());
      case 'S':
        return number(date.getUTCSeconds());
      case 'q':
        return String(Math.floor(date.getUTCMonth() / 3) + 1);
      case '%':
        return '%';
      default:
        return whole;
    }
  });
}

// The coarsest grain at which all of `times` (ms) are still told apart.
export function grain_of(times: number[]): TimeGrain {
  let grain: TimeGrain = 'year';
  for (const ms of times) {
    const date = new Date(ms);
    if (ms % 60_000 !== 0) return 'second';
    if (ms % 86_400_000 !== 0) grain = 'minute';
    else if (grain === 'minute') continue;
    else if (date.getUTCDate() !== 1) grain = 'day';
    else if (grain === 'day') continue;
    else if (date.getUTCMonth() !== 0) grain = 'month';
  }
  return grain;
}

export const day_name = (index: number) => DAYS[(((index % 7) + 7) % 7)]!;
export const month_name = (index: number) => MONTHS[(((index % 12) + 12) % 12)]!;

// A cell of a table. Decimals and big integers arrive as text and keep every digit.
export function format_cell(value: Cell | undefined, type: string, note: ColumnNote = {}): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return note.format || note.unit ? format_measure(value, note) : type === 'integer' ? formatter(',d')!(value) : plain(value);
  if (type === 'decimal' || type === 'big_integer') {
    return with_unit(note.format ? format_number(Number(value), note) : group_digits(value), note.unit);
  }
  if (type === 'date' || type === 'timestamp') {
    const ms = parse_time(value);
    if (ms === null) return value;
    return format_time(ms, type === 'date' || ms % 86_400_000 === 0 ? 'day' : ms % 60_000 === 0 ? 'minute' : 'second', note.format);
  }
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

export function group_digits(text: string): string {
  const parts = /^([-−]?)(\d+)(\.\d+)?$/.exec(text);
  if (!parts) return text;
  return `${parts[1] ? '−' : ''}${parts[2]!.replace(/\B(?=(\d{3})+$)/g, ',')}${parts[3] ?? ''}`;
}

// Dates and timestamps of an answer, with or without a zone, are UTC.
export function parse_time(text: string): number | null {
  const parts = /^(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(text);
  if (!parts) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = parts;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
    fraction ? Math.floor(Number(`0.${fraction}`) * 1000) : 0,
  );
  if (!zone || zone === 'Z') return ms;
  const offset = /([+-])(\d{2}):?(\d{2})?/.exec(zone)!;
  const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
  return ms - (offset[1] === '-' ? -minutes : minutes) * 60_000;
}

export function truncate_text(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1)).trimEnd()}…`;
}

export function format_bytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 99.5 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '')} ${units[unit]}`;
}

export function format_duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

// Dollars: small amounts keep two digits that say something. Null is a price that nobody knows.
export function format_cost(usd: number | null): string {
  if (usd === null) return 'price unknown';
  if (usd === 0) return '$0';
  if (Math.abs(usd) >= 0.1) return `$${formatter(',.2f')!(usd)}`;
  return Math.abs(usd) < 0.0001 ? 'under $0.0001' : `$${formatter('.2~r')!(usd)}`;
}

// "1 row", "1,200 rows".
export function format_count(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

export function format_age(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

// "average_delay" → "Average delay".
export function humanize(name: string): string {
  const words = name.replace(/[_-]+/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2').trim().toLowerCase();
  return words === '' ? name : words[0]!.toUpperCase() + words.slice(1);
}
