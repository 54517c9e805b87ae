// Turns the rows of an answer into what an encoding asks for: bins, time units, groups, aggregates. Pure: no drawing, no fetching.
import type { Aggregate, AnswerData, Bin, Cell, Column, Encoding, TimeUnit } from '../api/types';
import { parse_time } from './format';

// A key is what rows are grouped by: text, a number (or the start of its bin), a time in UTC milliseconds, or null. Numbers with more digits
// than a double has stay text, so that none falls together with its neighbour.
export type Key = string | number | null;
export type KeyKind = 'category' | 'number' | 'time';

// Rows of a group are told apart by their keys; `values` are the measures in the order they were asked for.
export interface Group {
  keys: Key[];
  values: (number | null)[];
  rows: Cell[][];
}

export interface Grouped {
  kinds: KeyKind[];
  // Width of a bin, for keys that were binned by number.
  steps: (number | null)[];
  groups: Group[];
}

export const TIME_TYPES = new Set(['date', 'timestamp']);
export const NUMBER_TYPES = new Set(['integer', 'number', 'decimal', 'big_integer']);

export function column_index(columns: Column[], name: string | null | undefined): number {
  if (name === null || name === undefined) return -1;
  const exact = columns.findIndex((column) => column.name === name);
  return exact >= 0 ? exact : columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
}

// The columns that are called `name`: more than one is nobody's guess to make.
export function columns_named(columns: Column[], name: string): Column[] {
  const exact = columns.filter((column) => column.name === name);
  return exact.length > 0 ? exact : columns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
}

// Decimals and integers beyond 2^53 arrive as text; drawing needs no more digits than a double has.
export function to_number(cell: Cell | undefined): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (typeof cell !== 'string' || cell.trim() === '') return null;
  const value = Number(cell);
  return Number.isFinite(value) ? value : null;
}

export function to_time(cell: Cell | undefined): number | null {
  return typeof cell === 'string' ? parse_time(cell) : typeof cell === 'number' ? cell : null;
}

const DAY = 86_400_000;

const CYCLIC_UNITS = new Set<TimeUnit>(['month_of_year', 'day_of_week', 'hour_of_day']);
export const is_cyclic = (unit: TimeUnit | null | undefined) => unit !== null && unit !== undefined && CYCLIC_UNITS.has(unit);

// The start of the unit that holds `ms`; for cyclic units the position in the cycle (Monday is 0).
export function truncate_time(ms: number, unit: TimeUnit): number {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  switch (unit) {
    case 'year':
      return Date.UTC(year, 0, 1);
    case 'quarter':
      return Date.UTC(year, month - (month % 3), 1);
    case 'month':
      return Date.UTC(year, month, 1);
    case 'week': {
      const day = Math.floor(ms / DAY) * DAY;
      return day - ((date.getUTCDay() + 6) % 7) * DAY;
    }
    case 'day':
      return Math.floor(ms / DAY) * DAY;
    case 'hour':
      return Math.floor(ms / 3_600_000) * 3_600_000;
    case 'minute':
      return Math.floor(ms / 60_000) * 60_000;
    case 'month_of_year':
      return month;
    case 'day_of_week':
      return (date.getUTCDay() + 6) % 7;
    case 'hour_of_day':
      return date.getUTCHours();
  }
}

// 1, 2, 2.5 or 5 times a power of ten, so that [low, high] falls into at most `count_max` bins.
export function nice_step(low: number, high: number, count_max: number): number {
  const raw = (high - low) / Math.max(1, count_max);
  if (!(raw > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const factor of [1, 2, 2.5, 5]) {
    if (raw <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

const BINS_DEFAULT = 20;

export function bin_step(values: number[], bin: Bin): number {
  if (typeof bin === 'object' && bin.step) return bin.step;
  const count_max = typeof bin === 'number' ? bin : typeof bin === 'object' && bin.max_bins ? bin.max_bins : BINS_DEFAULT;
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return nice_step(low, high, count_max);
}

// Multiplying the index instead of adding steps keeps 0.1-wide bins at 0.3 rather than 0.30000000000000004.
export function bin_start(value: number, step: number): number {
  return Number((Math.floor(value / step + 1e-9) * step).toPrecision(12));
}

export function quantile(sorted: number[], portion: number): number {
  const at = (sorted.length - 1) * portion;
  const low = Math.floor(at);
  const below = sorted[low]!;
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return below + (above - below) * (at - low);
}

// Aggregates skip nulls, as SQL does: the sum, mean, … of nothing is null, the count of nothing is 0.
export function aggregate_cells(cells: (Cell | undefined)[], how: Aggregate): number | null {
  if (how === 'count') return cells.reduce<number>((count, cell) => (cell === null || cell === undefined ? count : count + 1), 0);
  if (how === 'count_distinct') return new Set(cells.filter((cell) => cell !== null && cell !== undefined)).size;
  const values: number[] = [];
  for (const cell of cells) {
    const value = to_number(cell);
    if (value !== null) values.push(value);
  }
  if (values.length === 0) return null;
  switch (how) {
    case 'sum':
      return sum(values);
    case 'mean':
      return sum(values) / values.length;
    case 'min':
      return values.reduce((least, value) => (value < least ? value : least));
    case 'max':
      return values.reduce((most, value) => (value > most ? value : most));
    case 'median':
      return quantile(values.sort((a, b) => a - b), 0.5);
  }
}

// Neumaier's sum: thousands of small decimals do not drift.
function sum(values: number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

// How one encoding reads its key from a row.
interface KeyReader {
  kind: KeyKind;
  step: number | null;
  read: (row: Cell[]) => Key;
}

function key_reader(data: AnswerData, encoding: Encoding): KeyReader {
  const index = column_index(data.columns, encoding.field);
  const type = data.columns[index]?.type ?? 'text';
  const unit = encoding.time_unit;
  if (unit) {
    const read = (row: Cell[]) => {
      const ms = to_time(row[index]);
      return ms === null ? null : truncate_time(ms, unit);
    };
    return { kind: is_cyclic(unit) ? 'category' : 'time', step: null, read };
  }
  if (TIME_TYPES.has(type)) return { kind: 'time', step: null, read: (row) => to_time(row[index]) };
  if (encoding.bin) {
    const values = data.rows.map((row) => to_number(row[index])).filter((value) => value !== null);
    const step = bin_step(values, encoding.bin);
    const read = (row: Cell[]) => {
      const value = to_number(row[index]);
      return value === null ? null : bin_start(value, step);
    };
    return { kind: 'number', step, read };
  }
  if (type === 'big_integer' || type === 'decimal') return { kind: 'number', step: null, read: (row) => exact_key(row[index]) };
  if (NUMBER_TYPES.has(type)) return { kind: 'number', step: null, read: (row) => to_number(row[index]) };
  const read = (row: Cell[]): Key => {
    const cell = row[index];
    if (cell === null || cell === undefined) return null;
    if (typeof cell === 'object') return JSON.stringify(cell);
    return typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : typeof cell === 'number' ? cell : String(cell);
  };
  return { kind: 'category', step: null, read };
}

const DIGITS_EXACT = 15;

function exact_key(cell: Cell | undefined): Key {
  if (typeof cell !== 'string') return to_number(cell);
  const text = cell.trim();
  const known = text.replace(/^[-+]?0*\.?0*|\./g, '').length <= DIGITS_EXACT;
  return known || !/^[-+]?\d+(\.\d+)?$/.test(text) ? to_number(text) : text.replace(/^\+/, '');
}

// The aggregate an encoding means when it names none: a field without a name counts rows, numbers of several rows add up.
export function aggregate_of(encoding: Encoding): Aggregate {
  if (encoding.aggregate) return encoding.aggregate;
  return encoding.field === null || encoding.field === '*' ? 'count' : 'sum';
}

function measure_cells(data: AnswerData, rows: Cell[][], encoding: Encoding): (Cell | undefined)[] {
  const index = column_index(data.columns, encoding.field);
  // count without a field, or of "*", counts rows.
  return index < 0 ? rows.map(() => (aggregate_of(encoding) === 'count' ? 1 : null)) : rows.map((row) => row[index]);
}

export function measure(data: AnswerData, rows: Cell[][], encoding: Encoding): number | null {
  const cells = measure_cells(data, rows, encoding);
  if (!encoding.aggregate && cells.length === 1) return to_number(cells[0]);
  return aggregate_cells(cells, aggregate_of(encoding));
}

// The measure to its last digit where the answer has more digits than a double: as text, null where the number says all.
export function exact_measure(data: AnswerData, rows: Cell[][], encoding: Encoding): string | null {
  const index = column_index(data.columns, encoding.field);
  const type = data.columns[index]?.type;
  const how = encoding.aggregate ?? 'sum';
  if (index < 0 || (type !== 'big_integer' && type !== 'decimal' && type !== 'integer') || !['sum', 'min', 'max'].includes(how)) return null;
  let fraction = 0;
  const texts: string[] = [];
  for (const row of rows) {
    const cell = row[index];
    if (cell === null || cell === undefined) continue;
    const text = String(cell);
    if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
    fraction = Math.max(fraction, text.split('.')[1]?.length ?? 0);
    texts.push(text);
  }
  if (texts.length === 0) return null;
  const whole = texts.map((text) => {
    const [before, after = ''] = text.split('.');
    return BigInt(before! + after.padEnd(fraction, '0'));
  });
  const found = how === 'sum' ? whole.reduce((total, one) => total + one) : whole.reduce((best, one) => (how === 'min' ? one < best : one > best) ? one : best);
  if (found <= BigInt(Number.MAX_SAFE_INTEGER) && found >= BigInt(Number.MIN_SAFE_INTEGER)) return null;
  const digits = String(found < 0n ? -found : found).padStart(fraction + 1, '0');
  return `${found < 0n ? '-' : ''}${digits.slice(0, digits.length - fraction)}${fraction > 0 ? `.${digits.slice(-fraction)}` : ''}`;
}

// Groups by `by`, in the order in which keys first appear, and aggregates each of `measures`.
export function group_rows(data: AnswerData, by: Encoding[], measures: Encoding[]): Grouped {
  const readers = by.map((encoding) => key_reader(data, encoding));
  const buckets = new Map<string, { keys: Key[]; rows: Cell[][] }>();
  for (const row of data.rows) {
    const keys = readers.map((reader) => reader.read(row));
    const id = keys.length === 1 ? key_id(keys[0]!) : keys.map(key_id).join('\u0000');
    const bucket = buckets.get(id);
    if (bucket) bucket.rows.push(row);
    else buckets.set(id, { keys, rows: [row] });
  }
  return {
    kinds: readers.map((reader) => reader.kind),
    steps: readers.map((reader) => reader.step),
    groups: [...buckets.values()].map(({ keys, rows }) => ({ keys, rows, values: measures.map((encoding) => measure(data, rows, encoding)) })),
  };
}

// Text "1" and number 1 are different keys, and so are null and the text "null".
export function key_id(key: Key): string {
  return key === null ? '∅' : typeof key === 'number' ? `#${key}` : `=${key}`;
}

export function compare_keys(a: Key, b: Key): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const numbers = [a, b].map((key) => /^([-+]?)0*(\d+)(?:\.(\d+))?$/.exec(String(key)));
  if (numbers[0] && numbers[1]) return compare_digits(numbers[0], numbers[1]);
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

// Numbers of any length by their digits: sign, whole part without leading zeros, fraction.
function compare_digits(a: RegExpExecArray, b: RegExpExecArray): number {
  if ((a[1] === '-') !== (b[1] === '-')) return a[1] === '-' ? -1 : 1;
  const sign = a[1] === '-' ? -1 : 1;
  if (a[2]!.length !== b[2]!.length) return sign * (a[2]!.length - b[2]!.length);
  if (a[2] !== b[2]) return a[2]! < b[2]! ? -sign : sign;
  const [one, two] = [a[3] ?? '', b[3] ?? ''].map((text) => text.padEnd(Math.max(a[3]?.length ?? 0, b[3]?.length ?? 0), '0'));
  return one === two ? 0 : one! < two! ? -sign : sign;
}

export interface BoxSummary {
  low: number;
  first_quartile: number;
  median: number;
  third_quartile: number;
  high: number;
  outliers: number[];
  count: number;
}

// Tukey's box: whiskers reach the last value within 1.5 interquartile ranges of the box.
export function box_summary(values: number[]): BoxSummary | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const first_quartile = quantile(sorted, 0.25);
  const third_quartile = quantile(sorted, 0.75);
  const reach = 1.5 * (third_quartile - first_quartile);
  const inside = sorted.filter((value) => value >= first_quartile - reach && value <= third_quartile + reach);
  return {
    low: inside[0] ?? first_quartile,
    first_quartile,
    median: quantile(sorted, 0.5),
    third_quartile,
    high: inside[inside.length - 1] ?? third_quartile,
    outliers: sorted.filter((value) => value < first_quartile - reach || value > third_quartile + reach),
    count: sorted.length,
  };
}
