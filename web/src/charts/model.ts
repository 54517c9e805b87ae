// What is to be drawn, before anything is drawn: categories, series and values of a chart. Pure.
import type { AnswerData, Encoding, TimeUnit } from '../api/types';
import { aggregate_of, compare_keys, group_rows, is_cyclic, key_id, type Key, type KeyKind } from './aggregate';
import { encoding_of, encodings_of, key_label, measure_note, type ChartInput, type MeasureNote } from './encoding';
import { day_name, format_number, format_time, grain_of, month_name, type TimeGrain } from './format';

export interface Series {
  name: string;
  key: Key;
  measure: number;
  values: (number | null)[];
  total: number;
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

// More than these would be unreadable, and slow: the rest is named in a caption and is in the CSV.
export const CATEGORIES_MAX = 400;
export const SERIES_MAX = 20;
export const STACKED_SERIES_MAX = 8;

export function key_text(key: Key, kind: KeyKind, unit: TimeUnit | null | undefined, grain: TimeGrain, pattern?: string | null): string {
  if (key === null) return '(none)';
  if (unit === 'day_of_week') return day_name(Number(key) + 1);
  if (unit === 'month_of_year') return month_name(Number(key));
  if (unit === 'hour_of_day') return `${String(key).padStart(2, '0')}:00`;
  if (kind === 'time') return format_time(Number(key), grain, pattern);
  if (typeof key === 'number') return pattern ? format_number(key, { format: pattern }) : Number.isInteger(key) && Math.abs(key) < 10_000 ? String(key) : format_number(key);
  return key === '' ? '(empty)' : key;
}

export function axis_of(encoding: Encoding, kind: KeyKind, step: number | null, keys: Key[], input: ChartInput): CategoryAxis {
  const times = kind === 'time' ? keys.filter((key) => typeof key === 'number') : [];
  const unit = encoding.time_unit;
  const grain: TimeGrain = unit && !is_cyclic(unit) ? (unit as TimeGrain) : grain_of(times);
  return {
    kind,
    keys,
    labels: keys.map((key) => key_text(key, kind, unit, grain, encoding.format)),
    title: key_label(encoding, input.notes),
    grain,
    step,
  };
}

// Series over one axis: line, area, the bars, histogram, pie (one series), funnel.
export function series_model(input: ChartInput, options: { stacked: boolean }): SeriesModel {
  const { chart, data, notes } = input;
  const x = encoding_of(chart.x) ?? { field: null };
  const written_y = encodings_of(chart.y);
  const measures = written_y.length > 0 ? written_y : [{ field: null, aggregate: 'count' as const }];
  const color = splitting_color(encoding_of(chart.color), x);
  const by = color ? [x, color] : [x];
  const grouped = group_rows(data, by, measures);

  const totals = new Map<string, { key: Key; total: number; values: number[] }>();
  for (const group of grouped.groups) {
    const key = group.keys[0] ?? null;
    const found = totals.get(key_id(key)) ?? { key, total: 0, values: measures.map(() => 0) };
    group.values.forEach((value, index) => (found.values[index]! += value ?? 0));
    found.total += group.values[0] ?? 0;
    totals.set(key_id(key), found);
  }
  const kind = grouped.kinds[0] ?? 'category';
  let ordered = order_keys([...totals.values()], kind, x, measures, chart.sort);
  const captions: string[] = [];
  const count = ordered.length;
  const limit = Math.min(chart.limit ?? Infinity, CATEGORIES_MAX);
  if (count > limit) {
    ordered = ordered.slice(0, limit);
    captions.push(`${limit.toLocaleString('en')} of ${count.toLocaleString('en')}`);
  }
  const keys = ordered.map((entry) => entry.key);
  const position = new Map(keys.map((key, index) => [key_id(key), index]));

  const color_kind = grouped.kinds[1] ?? 'category';
  const color_axis = color ? axis_of(color, color_kind, grouped.steps[1] ?? null, [], input) : null;
  const series = new Map<string, Series>();
  const empty = options.stacked ? 0 : null;
  for (const group of grouped.groups) {
    const at = position.get(key_id(group.keys[0] ?? null));
    if (at === undefined) continue;
    const color_key = color ? (group.keys[1] ?? null) : null;
    group.values.forEach((value, measure) => {
      const id = `${measure}:${key_id(color_key)}`;
      let one = series.get(id);
      if (!one) {
        const color_name = color_axis ? key_text(color_key, color_kind, color?.time_unit, color_axis.grain, color?.format) : '';
        const measure_name = measure_note(measures[measure]!, notes).label;
        const name = !color ? measure_name : measures.length > 1 ? `${color_name}, ${measure_name}` : color_name;
        one = { name, key: color_key, measure, values: keys.map(() => empty), total: 0 };
        series.set(id, one);
      }
      one.values[at] = value;
      one.total += Math.abs(value ?? 0);
    });
  }
  let all = [...series.values()];
  if (color) {
    all.sort((a, b) => a.measure - b.measure || (color_kind === 'category' ? b.total - a.total : compare_keys(a.key, b.key)));
    const shown = options.stacked ? STACKED_SERIES_MAX : SERIES_MAX;
    if (all.length > shown) all = fold_series(all, shown, measures, options.stacked, captions, color_axis!.title);
  }
  return {
    x: axis_of(x, kind, grouped.steps[0] ?? null, keys, input),
    series: all,
    measures: measures.map((measure) => measure_note(measure, notes)),
    color_title: color_axis?.title ?? null,
    captions,
  };
}

// A colour that names the x field again colours what is already apart: it makes no series.
function splitting_color(color: Encoding | null, x: Encoding): Encoding | null {
  if (!color || color.aggregate) return null;
  return color.field === x.field && !color.time_unit && !x.time_unit ? null : color;
}

// Parts of a whole that add up become "Other"; the rest can only be left out, and the caption says so.
function fold_series(all: Series[], shown: number, measures: Encoding[], stacked: boolean, captions: string[], title: string): Series[] {
  const adds_up = stacked && measures.length === 1 && ['sum', 'count'].includes(aggregate_of(measures[0]!));
  if (!adds_up) {
    captions.push(`${shown} of ${all.length} ${title.toLowerCase()}`);
    return all.slice(0, shown);
  }
  const kept = all.slice(0, shown - 1);
  const rest = all.slice(shown - 1);
  const other: Series = { name: `Other (${rest.length})`, key: null, measure: 0, values: kept[0]!.values.map(() => 0), total: 0 };
  for (const one of rest) {
    one.values.forEach((value, index) => (other.values[index] = (other.values[index] ?? 0) + (value ?? 0)));
    other.total += one.total;
  }
  return [...kept, other];
}

interface Entry {
  key: Key;
  total: number;
  values: number[];
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
  return entries.sort((a, b) => sign * (a.values[measure]! - b.values[measure]!) || by_key(a, b));
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
  const keys = grouped.groups.map((group) => group.keys[0] ?? null);
  const kind = grouped.kinds[0] ?? 'category';
  if (kind !== 'category' || is_cyclic(facet.time_unit)) keys.sort(compare_keys);
  const axis = axis_of(facet, kind, grouped.steps[0] ?? null, keys, input);
  // Grouping one row at a time tells which panel the row belongs to without repeating how keys are read.
  const rows = new Map<string, AnswerData['rows']>(keys.map((key) => [key_id(key), []]));
  const step = grouped.steps[0];
  const reading = step ? { ...facet, bin: { step } } : facet;
  for (const row of input.data.rows) {
    const one = group_rows({ columns: input.data.columns, rows: [row] }, [reading], []);
    rows.get(key_id(one.groups[0]!.keys[0] ?? null))?.push(row);
  }
  const panels = keys.map((key, index) => ({
    title: axis.labels[index]!,
    key,
    data: { columns: input.data.columns, rows: rows.get(key_id(key)) ?? [] },
  }));
  const caption = panels.length > FACETS_MAX ? `${FACETS_MAX} of ${panels.length} ${axis.title.toLowerCase()}` : null;
  return { panels: panels.slice(0, FACETS_MAX), caption };
}
