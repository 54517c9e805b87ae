// Numbers and dates as text. Number formats are d3-format strings (",.1f", "%", "$,.0f", ".2s"); dates are always UTC.
import { format as d3_format } from 'd3-format';
import type { Cell } from '../api/types';

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

const UNITS_WITHOUT_SPACE = new Set(['%', '‰', '°', '°C', '°F', '′', '″']);
const CURRENCY_SIGNS = new Set('$ € £ ¥ ₹ ₩ ₽ ₪ ₫ ₦ ₱ ₺ ₴ ₡ ฿ US$ A$ C$ CA$ AU$ NZ$ HK$ S$ R$ MX$ NT$'.split(' '));
const CURRENCY_CODES = new Set('USD EUR GBP JPY CNY INR CHF CAD AUD NZD HKD SGD SEK NOK DKK PLN CZK HUF RON TRY RUB UAH BRL MXN ARS CLP COP ZAR KRW TWD THB IDR MYR PHP VND ILS AED SAR EGP NGN KES'.split(' '));

const UNIT_NAMES: Record<string, string> = { percent: '%', 'per cent': '%', pct: '%', percentage: '%', '°c': '°C', '°f': '°F', degc: '°C', degf: '°F', 'deg c': '°C', 'deg f': '°F' };

// Units as people write them: "percent" is "%", "°c" is "°C".
export function tidy_unit(unit: string | null | undefined): string | null {
  const trimmed = unit?.trim();
  return trimmed ? (UNIT_NAMES[trimmed.toLowerCase()] ?? trimmed) : null;
}

const is_currency = (unit: string) => CURRENCY_SIGNS.has(unit) || CURRENCY_CODES.has(unit);

// Units that are short enough to stand at every number of an axis or a column: "$40.5M", "12.3%".
export function short_unit(unit: string | null | undefined): string | null {
  const tidy = tidy_unit(unit);
  return tidy && (UNITS_WITHOUT_SPACE.has(tidy) || is_currency(tidy)) ? tidy : null;
}

// Currencies stand before the number, everything else after it.
export function with_unit(text: string, unit: string | null | undefined): string {
  const tidy = tidy_unit(unit);
  if (!tidy || text === NOTHING) return text;
  if (is_currency(tidy)) {
    const before = CURRENCY_SIGNS.has(tidy) ? tidy : `${tidy}\u202f`;
    return text.startsWith('−') ? `−${before}${text.slice(1)}` : `${before}${text}`;
  }
  return UNITS_WITHOUT_SPACE.has(tidy) ? `${text}${tidy}` : `${text}\u202f${tidy}`;
}

export interface NumberNote {
  format?: string | null | undefined;
  unit?: string | null | undefined;
  // A number that names something: it is written digit by digit.
  identity?: boolean | undefined;
}

const digits = (value: number) => formatter('.6~f')!(value);

export function format_number(value: number | null, note: NumberNote = {}): string {
  if (value === null || Number.isNaN(value)) return NOTHING;
  const made = note.format ? formatter(note.format) : null;
  return made ? made(value) : note.identity ? digits(value) : plain(value);
}

// The unit that the format does not say already.
function unit_of(note: NumberNote): string | null {
  const unit = tidy_unit(note.unit);
  if (!unit || !note.format) return unit;
  return (unit === '%' && note.format.includes('%')) || (is_currency(unit) && note.format.includes('$')) ? null : unit;
}

export function format_measure(value: number | null, note: NumberNote = {}): string {
  return with_unit(format_number(value, note), unit_of(note));
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

// For axes and big figures: 1.2k, 3.4M, $1.1B. Small values keep their own digits.
export function format_compact(value: number, note: NumberNote = {}): string {
  if (!Number.isFinite(value)) return NOTHING;
  if (note.identity && !note.format) return digits(value);
  const size = Math.abs(value);
  const share = note.format?.includes('%') ?? false;
  const priced = note.format?.includes('$') ?? false;
  if ((share || priced) && size < 10_000) return with_unit(format_number(value, note), unit_of(note));
  const text = size < 10_000 ? trim_zeros(plain(value)) : thousands(share ? value * 100 : value);
  return with_unit(text, share ? '%' : priced ? '$' : note.unit);
}

// The ticks of an axis: 0%, 25%, $1.5M. Units that take room stand in the caption.
export function format_tick(value: number, note: NumberNote = {}): string {
  if (note.format?.includes('%')) return formatter(Math.abs(value) < 0.01 ? '.2~%' : '.1~%')!(value);
  return format_compact(value, { ...note, format: note.format?.includes('$') ? null : (note.format ?? null), unit: note.format?.includes('$') ? '$' : short_unit(note.unit) });
}

function thousands(value: number): string {
  const size = Math.abs(value);
  if (size < 999.5e12) return formatter('.3~s')!(value).replace('G', 'B');
  return size < 1e18 ? `${formatter(',.0f')!(value / 1e12)}T` : formatter('.2~e')!(value);
}

const SCALES: [number, string][] = [[1e12, 'T'], [1e9, 'B'], [1e6, 'M']];

// Decimals as the number is written, 0.1 + 0.2 having as many as a double can tell.
function written_decimals(value: number): number {
  const [mantissa, exponent] = String(Number(value.toPrecision(12))).split('e');
  return Math.max(0, (mantissa!.split('.')[1]?.length ?? 0) - Number(exponent ?? 0));
}

function shared_decimals(values: number[], brief: boolean): number {
  let [low, high, written] = [Infinity, 0, 0];
  for (const value of values) {
    const size = Math.abs(value);
    if (size > high) high = size;
    if (size > 0 && size < low) low = size;
    if (written < 12) written = Math.max(written, written_decimals(value));
  }
  if (written === 0) return 0;
  // Two digits of the smallest that say something, as far as the largest leaves room for them.
  const wanted = low >= 1000 ? 0 : low >= 10 ? 1 : low >= 1 ? 2 : 1 - Math.floor(Math.log10(low));
  const bound = high >= 1000 ? (brief ? 0 : 2) : high >= 10 ? (brief ? 1 : 2) : high >= 1 ? 3 : 10;
  return Math.min(written, wanted, bound);
}

// Writes the numbers of one set (a column, the labels of a ranking, the edges of bins) with equal digits, so that they compare at a glance.
// `brief` shortens millions: 40.5M beside 3.2M.
export function writer_of(values: (number | null)[], note: NumberNote = {}, { brief = false }: { brief?: boolean } = {}): (value: number | null) => string {
  const present = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const unit = unit_of(note);
  const high = present.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = brief && !note.identity && !note.format?.includes('%') ? SCALES.find(([size]) => high >= size) : undefined;
  if (scale) {
    const scaled = present.map((value) => value / scale[0]);
    const low = scaled.reduce((least, value) => (value === 0 ? least : Math.min(least, Math.abs(value))), Infinity);
    // Where the smallest would be nothing at the scale of the largest, each has a scale of its own.
    if (low < 0.01) return (value) => (value === null ? NOTHING : format_compact(value, note));
    const decimals = scaled.every((value) => Math.abs(value - Math.round(value)) < 1e-9) ? 0 : low < 0.95 ? 2 : 1;
    return (value) => (value === null ? NOTHING : with_unit(value === 0 ? '0' : `${formatter(`,.${decimals}f`)!(value / scale[0])}${scale[1]}`, note.format?.includes('$') ? '$' : unit));
  }
  if (note.identity || (note.format && formatter(note.format))) return (value) => format_measure(value, note);
  const decimals = shared_decimals(present, brief);
  const write = formatter(`,.${decimals}f`)!;
  return (value) => {
    if (value === null || !Number.isFinite(value)) return NOTHING;
    // What is little is not nothing.
    return with_unit(value !== 0 && Math.abs(value) < 0.5 * 10 ** -decimals ? plain(value) : write(value), unit);
  };
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
export function format_cell(value: Cell | undefined, type: string, note: NumberNote = {}): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return format_measure(value, note);
  if (type === 'decimal' || type === 'big_integer') return format_exact(value as string, note);
  if (type === 'date' || type === 'timestamp') {
    const ms = parse_time(value as string);
    if (ms === null) return value as string;
    return format_time(ms, type === 'date' || ms % 86_400_000 === 0 ? 'day' : ms % 60_000 === 0 ? 'minute' : 'second', note.format);
  }
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

// Nobody writes so many digits behind a point: an engine has divided, and nobody reads them.
const COMPUTED_DECIMALS = 12;

// A number that travels as text, to its last digit: a double would round it. A format holds as far as a double does.
export function format_exact(text: string, note: NumberNote = {}): string {
  const [, whole, fraction] = /^[-+]?0*(\d*)(?:\.(\d+))?$/.exec(text) ?? [];
  if (fraction && fraction.length > COMPUTED_DECIMALS && whole!.length <= 15) return format_measure(Number(text), note);
  const long = text.replace(/^[-+]?0*|\D/g, '').length > 15;
  if (note.format && (!long || note.format.includes('%'))) return format_measure(Number(text), note);
  return with_unit(note.identity ? text.replace('-', '−') : group_digits(text), note.format?.includes('$') ? '$' : unit_of(note));
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

// Long numbers are told apart by their last digits: those stay.
export function shorten(text: string, characters: number): string {
  if (text.length <= characters || !/^[−-]?\d+$/.test(text) || characters < 6) return truncate_text(text, characters);
  return `${text.slice(0, 2)}…${text.slice(3 - characters)}`;
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

// In the middle of a sentence: "Average delay" is "average delay", "US state" stays.
export function lower_first(text: string): string {
  return /^\p{Lu}(?![\p{Lu}\d])/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

// Text of the right-to-left scripts beside numbers keeps its own direction, on a canvas as well.
export function isolate(text: string): string {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(text) ? `\u2068${text}\u2069` : text;
}
