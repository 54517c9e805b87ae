// What is to be drawn, before anything is drawn: categories, series and values of a chart. Pure.
import type { AnswerData, Cell, Encoding, TimeUnit } from '../api/types';
import { aggregate_of, compare_keys, exact_measure, group_rows, is_cyclic, key_id, measure, type Group, type Key, type KeyKind } from './aggregate';
import { encoding_of, encodings_of, key_label, measure_note, type ChartInput, type MeasureNote, type PanelOrder } from './encoding';
import { day_name, format_count, format_exact, format_measure, format_number, format_time, grain_of, lower_first, month_name, writer_of, type TimeGrain } from './format';
import { adds_up } from './stacking';

export interface Series {
  name: string;
  key: Key;
  measure: number;
  // Null where nothing is known.
  values: (number | null)[];
  // The digits of values that a double would round; empty where there are none.
  exact: (string | null)[];
  total: number;
  // The keys that it stands for: several when it is "Other".
  members: Key[];
}

export interface CategoryAxis {
  kind: KeyKind;
  keys: Key[];
  labels: string[];
  title: string;
  grain: TimeGrain;
  step: number | null;
}

export interface SeriesModel {
  x: CategoryAxis;
  series: Series[];
  measures: MeasureNote[];
  color_title: string | null;
  captions: string[];
}

// More than these would be unreadable, and slow: the rest is named in a caption and is in the CSV. What is drawn against a measured axis (a
// line over time) has no such bound: it is thinned to its pixels when it is drawn.
export const CATEGORIES_MAX = 400;
export const SERIES_MAX = 20;
export const STACKED_SERIES_MAX = 8;

// Below this a double says all digits that a reader compares.
const EXACT_FROM = 1e12;

export function key_text(key: Key, kind: KeyKind, unit: TimeUnit | null | undefined, grain: TimeGrain, pattern?: string | null): string {
  if (key === null) return '(none)';
  if (unit === 'day_of_week') return day_name(Number(key) + 1);
  if (unit === 'month_of_year') return month_name(Number(key));
  if (unit === 'hour_of_day') return `${String(key).padStart(2, '0')}:00`;
  if (kind === 'time') return format_time(Number(key), grain, pattern);
  // A number that rows are grouped by tells them apart: it is written digit by digit.
  if (typeof key === 'number') return pattern ? format_number(key, { format: pattern }) : Number.isInteger(key) ? format_number(key, { identity: true }) : format_number(key);
  return key === '' ? '(empty)' : key;
}

function key_labels(encoding: Encoding, kind: KeyKind, step: number | null, keys: Key[], grain: TimeGrain): string[] {
  const label = (key: Key) => key_text(key, kind, encoding.time_unit, grain, encoding.format);
  const numbers = kind === 'number' ? keys.filter((key) => typeof key === 'number') : [];
  if (encoding.time_unit || encoding.format || numbers.length === 0 || (step === null && numbers.every(Number.isInteger))) return keys.map(label);
  const write = writer_of(numbers, {}, { brief: step !== null });
  return keys.map((key) => (typeof key === 'number' ? write(key) : label(key)));
}

export function axis_of(encoding: Encoding, kind: KeyKind, step: number | null, keys: Key[], input: ChartInput): CategoryAxis {
  const times = kind === 'time' ? keys.filter((key) => typeof key === 'number') : [];
  const unit = encoding.time_unit;
  const grain: TimeGrain = unit && !is_cyclic(unit) ? (unit as TimeGrain) : grain_of(times);
  return {
    kind,
    keys,
    labels: key_labels(encoding, kind, step, keys, grain),
    title: key_label(encoding, input.notes),
    grain,
    step,
  };
}

export interface SeriesOptions {
  stacked: boolean;
  // The x axis measures time or a number: all of its places are wanted.
  measured?: boolean;
  // Parts of a whole: none may be missing.
  whole?: boolean;
}

// Series over one axis: line, area, the bars, histogram, pie (one series), funnel.
export function series_model(input: ChartInput, options: SeriesOptions): SeriesModel {
  const { chart, data, notes, like } = input;
  const x = encoding_of(chart.x) ?? { field: null };
  const measures = measures_of(input);
  const color = splitting_color(encoding_of(chart.color), x);
  const by = color ? [x, color] : [x];
  const grouped = group_rows(data, by, measures);
  const kind = grouped.kinds[0] ?? 'category';
  const captions: string[] = [];
  // A time, and a place on a measured axis, must be known.
  const placed = kind === 'time' || !!x.time_unit || (options.measured === true && kind === 'number');
  const groups = placed ? grouped.groups.filter((group) => group.keys[0] !== null) : grouped.groups;
  if (groups.length < grouped.groups.length) captions.push(without_key(input, x, grouped.groups.flatMap((group) => (group.keys[0] === null ? group.rows : []))));

  const totals = new Map<string, Entry>();
  for (const group of groups) {
    const key = group.keys[0] ?? null;
    const found = totals.get(key_id(key)) ?? { key, values: measures.map(() => null) };
    group.values.forEach((value, index) => (found.values[index] = add(found.values[index]!, value)));
    totals.set(key_id(key), found);
  }
  let ordered = order_keys([...totals.values()], kind, x, measures, chart.sort);
  const count = ordered.length;
  const limit = Math.min(chart.limit ?? Infinity, options.whole || (options.measured && kind !== 'category') ? Infinity : CATEGORIES_MAX);
  if (like) {
    const shown = new Set(like.x_keys.map(key_id));
    ordered = options.measured && kind !== 'category' ? ordered.filter((entry) => shown.has(key_id(entry.key))) : like.x_keys.map((key) => totals.get(key_id(key)) ?? { key, values: [] });
  } else if (count > limit) {
    // Of times, the latest say most; what the document sorts itself begins where it says.
    const latest = kind === 'time' && !/^-|desc/.test(chart.sort ?? x.sort ?? '');
    ordered = latest ? ordered.slice(-limit) : ordered.slice(0, limit);
    captions.push(`${latest ? 'the latest ' : ''}${limit.toLocaleString('en')} of ${count.toLocaleString('en')}`);
  }
  const keys = ordered.map((entry) => entry.key);
  const position = new Map(keys.map((key, index) => [key_id(key), index]));

  const color_kind = grouped.kinds[1] ?? 'category';
  const color_axis = color ? axis_of(color, color_kind, grouped.steps[1] ?? null, distinct_keys(groups, 1), input) : null;
  const color_names = new Map(color_axis?.keys.map((key, at) => [key_id(key), color_axis.labels[at]!]));
  const place = like ? series_places(like) : null;
  const series = new Map<string, Series>();
  const start = (id: string, name: string, key: Key, measure: number, members: Key[]) => {
    // The count of nothing is zero; of all else nothing is known where there is no row.
    const empty = options.stacked && ['count', 'count_distinct'].includes(aggregate_of(measures[measure]!)) ? 0 : null;
    const one: Series = { name, key, measure, values: keys.map(() => empty), exact: [], total: 0, members };
    series.set(id, one);
    return one;
  };
  like?.series.forEach((one, at) => start(`like:${at}`, one.name, one.members.length === 1 ? one.members[0]! : null, one.measure, one.members));
  for (const group of groups) {
    const at = position.get(key_id(group.keys[0] ?? null));
    if (at === undefined) continue;
    const color_key = color ? (group.keys[1] ?? null) : null;
    group.values.forEach((value, index) => {
      const own = `${index}:${key_id(color_key)}`;
      const id = place ? place.get(own) : own;
      if (id === undefined) return;
      let one = series.get(id);
      if (!one) {
        const color_name = color_names.get(key_id(color_key)) ?? '';
        const measure_name = measure_note(measures[index]!, notes).label;
        one = start(id, !color ? measure_name : measures.length > 1 ? `${color_name}, ${measure_name}` : color_name, color_key, index, [color_key]);
      }
      one.values[at] = one.members.length > 1 ? add(one.values[at]!, value) : value;
      const exact = one.members.length > 1 || Math.abs(value ?? 0) < EXACT_FROM ? null : exact_measure(data, group.rows, measures[index]!);
      if (exact !== null) one.exact[at] = exact;
      one.total += Math.abs(value ?? 0);
    });
  }
  let all = [...series.values()];
  if (color && !like) {
    all.sort((a, b) => a.measure - b.measure || (color_kind === 'category' ? b.total - a.total : compare_keys(a.key, b.key)));
    const shown = options.stacked ? STACKED_SERIES_MAX : SERIES_MAX;
    if (all.length > shown) all = fold_series(all, shown, input, options.stacked, captions, color_axis!.title);
  }
  return {
    x: axis_of(x, kind, grouped.steps[0] ?? null, keys, input),
    series: all,
    measures: measures.map((measure) => measure_note(measure, notes)),
    color_title: color_axis?.title ?? null,
    captions,
  };
}

export function measures_of(input: ChartInput): Encoding[] {
  const written = encodings_of(input.chart.y);
  return written.length > 0 ? written : [{ field: null, aggregate: 'count' as const }];
}

const add = (one: number | null, other: number | null) => (one === null ? other : other === null ? one : one + other);

const distinct_keys = (groups: Group[], side: number) => [...new Map(groups.map((group) => [key_id(group.keys[side] ?? null), group.keys[side] ?? null])).values()];

// Where each series of a panel goes: by measure and key, to the place that the whole facet gives it.
function series_places(like: NonNullable<ChartInput['like']>): Map<string, string> {
  return new Map(like.series.flatMap((one, at) => one.members.map((key): [string, string] => [`${one.measure}:${key_id(key)}`, `like:${at}`])));
}

// "1 row without month (40)": what the picture has no place for is said, with what it sums up to where it adds up.
function without_key(input: ChartInput, x: Encoding, rows: Cell[][]): string {
  const sums = measures_of(input)
    .filter((one) => one.field && one.field !== '*' && one.field !== x.field && (adds_up(one, input) || (rows.length === 1 && one.aggregate !== 'count')))
    .map((one) => format_measure(measure(input.data, rows, one), measure_note(one, input.notes)));
  return `${format_count(rows.length, 'row')} without ${lower_first(key_label(x, input.notes))}${sums.length > 0 ? ` (${sums.join(', ')})` : ''}`;
}

// A value of a series as text: to its last digit.
export function value_text(series: Series, at: number, note: MeasureNote | undefined): string {
  const exact = series.exact[at];
  return exact ? format_exact(exact, note) : format_measure(series.values[at] ?? null, note);
}

// A colour that names the x field again colours what is already apart: it makes no series.
function splitting_color(color: Encoding | null, x: Encoding): Encoding | null {
  if (!color || color.aggregate) return null;
  return color.field === x.field && !color.time_unit && !x.time_unit ? null : color;
}

// Parts of a whole that add up become "Other"; the rest can only be left out, and the caption says so.
function fold_series(all: Series[], shown: number, input: ChartInput, stacked: boolean, captions: string[], title: string): Series[] {
  const measures = measures_of(input);
  if (!stacked || measures.length > 1 || !adds_up(measures[0]!, input)) {
    captions.push(`${shown} of ${all.length} ${lower_first(title)}`);
    return all.slice(0, shown);
  }
  const kept = all.slice(0, shown - 1);
  const rest = all.slice(shown - 1);
  const other: Series = { name: `Other (${rest.length})`, key: null, measure: 0, values: kept[0]!.values.map(() => null), exact: [], total: 0, members: rest.flatMap((one) => one.members) };
  for (const one of rest) {
    one.values.forEach((value, index) => (other.values[index] = add(other.values[index]!, value)));
    other.total += one.total;
  }
  return [...kept, other];
}

interface Entry {
  key: Key;
  values: (number | null)[];
}

// `sort` is "x", "-x", "y", "-y" or a field with an optional minus; without one, time and numbers ascend and categories
// keep the order of the query, which is what its ORDER BY asked for.
function order_keys(entries: Entry[], kind: KeyKind, x: Encoding, measures: Encoding[], chart_sort: string | null | undefined): Entry[] {
  const sort = chart_sort ?? x.sort ?? measures.find((measure) => measure.sort)?.sort?.replace(/^(-?)(asc|desc).*$/, (_, __, way) => (way === 'desc' ? '-y' : 'y'));
  const by_key = (a: Entry, b: Entry) => compare_keys(a.key, b.key);
  const parts = /^(-?)(.+)$/.exec(sort ?? '');
  if (!parts) return kind !== 'category' || is_cyclic(x.time_unit) ? entries.sort(by_key) : entries;
  const name = parts[2]!;
  const sign = parts[1] === '-' || /^desc/.test(name) ? -1 : 1;
  if (name === 'x' || name === x.field || /^(asc|desc)(ending)?$/.test(name)) return entries.sort((a, b) => sign * by_key(a, b));
  const measure = Math.max(0, measures.findIndex((one) => one.field === name));
  return entries.sort((a, b) => {
    const [one, other] = [a.values[measure] ?? null, b.values[measure] ?? null];
    if (one === null || other === null) return one === other ? by_key(a, b) : one === null ? 1 : -1;
    return sign * (one - other) || by_key(a, b);
  });
}

export interface Panel {
  title: string;
  key: Key;
  data: AnswerData;
}

export const FACETS_MAX = 24;

// One panel for each value of the facet, over the rows that have it.
export function facet_panels(input: ChartInput): { panels: Panel[]; caption: string | null } {
  const facet = encoding_of(input.chart.facet)!;
  const grouped = group_rows(input.data, [facet], []);
  const kind = grouped.kinds[0] ?? 'category';
  const groups = [...grouped.groups];
  if (kind !== 'category' || is_cyclic(facet.time_unit)) groups.sort((a, b) => compare_keys(a.keys[0]!, b.keys[0]!));
  const axis = axis_of(facet, kind, grouped.steps[0] ?? null, groups.map((group) => group.keys[0]!), input);
  const panels = groups.map((group, index) => ({ title: axis.labels[index]!, key: group.keys[0]!, data: { columns: input.data.columns, rows: group.rows } }));
  const caption = panels.length > FACETS_MAX ? `${FACETS_MAX} of ${panels.length} ${lower_first(axis.title)}` : null;
  return { panels: panels.slice(0, FACETS_MAX), caption };
}

// What the panels of a facet have in common: taken from all of their rows together.
export function panel_order(whole: SeriesModel): PanelOrder {
  const { keys, kind } = whole.x;
  const numbers = keys.filter((key) => typeof key === 'number');
  const measured = (kind === 'time' || kind === 'number') && numbers.length === keys.length && numbers.length > 1;
  return {
    x_keys: keys,
    x_span: measured ? [numbers.reduce((least, key) => Math.min(least, key)), numbers.reduce((most, key) => Math.max(most, key))] : null,
    series: whole.series.map(({ name, measure, members }) => ({ name, measure, members })),
  };
}
