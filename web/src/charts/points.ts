// What of a drawing can be pointed at, one after the other, and what it is called. Pure.
import type { Chart } from '../api/types';
import type { Drawing, Selection } from './option/drawing';

export interface ChartPoint {
  // As the chart library counts them.
  series: number;
  data: number;
  label: string;
  // What choosing it means; null when it means nothing.
  selection: Selection | null;
}

// More than these nobody walks through; the table beside the picture has them all.
export const POINTS_WALKED_MAX = 2000;

interface LooseSeries {
  silent?: boolean;
  data?: unknown[];
}

export function series_of(drawing: Drawing): LooseSeries[] {
  const { series } = drawing.option as { series?: LooseSeries | LooseSeries[] };
  return series === undefined ? [] : Array.isArray(series) ? series : [series];
}

// In reading order: place by place, and the series at each place. Places that would be chosen as the same stand once.
export function points_of(drawing: Drawing, chart: Chart): ChartPoint[] {
  const series = series_of(drawing);
  const spoken = series.map((one, index) => ({ one, index })).filter(({ one }) => !one.silent && Array.isArray(one.data));
  const places = spoken.reduce((most, { one }) => Math.max(most, one.data!.length), 0);
  const wanted = Object.values(chart.on_click?.set ?? {}).flatMap((value) => (value.startsWith('$') ? [value.slice(1) as keyof Selection] : []));
  const seen = new Set<string>();
  const points: ChartPoint[] = [];
  for (let at = 0; at < places && points.length < POINTS_WALKED_MAX; at += 1) {
    spoken.forEach(({ one, index }, spoken_at) => {
      if (at >= one.data!.length || value_of(one.data![at]) === null) return;
      const selection = drawing.selection({ seriesIndex: index, dataIndex: at, data: one.data![at] });
      if (wanted.length > 0) {
        const id = selection ? JSON.stringify(wanted.map((name) => selection[name] ?? null)) : null;
        if (id === null || seen.has(id)) return;
        seen.add(id);
      }
      points.push({ series: index, data: at, label: label_of(drawing, one.data!, at, spoken_at, spoken.length), selection });
    });
  }
  return points;
}

function label_of(drawing: Drawing, data: unknown[], at: number, series: number, series_count: number): string {
  const { columns, rows } = drawing.table;
  const name = (data[at] as { name?: unknown } | null)?.name;
  const named = typeof name === 'string' ? rows.find((row) => row[0] === name) : undefined;
  if (named) return named.join(', ');
  const row = rows[at];
  if (row && series_count > 1 && columns.length === series_count + 1) return `${row[0]}, ${columns[series + 1]}: ${row[series + 1]}`;
  if (row && series === 0 && rows.length >= data.length) return row.join(', ');
  return typeof name === 'string' ? name : String(at + 1);
}

// A number, the last of a list of numbers, or the value of an item: null where there is none.
function value_of(datum: unknown): number | null {
  if (typeof datum === 'number') return datum;
  if (Array.isArray(datum)) return value_of(datum[datum.length - 1]);
  if (typeof datum === 'object' && datum !== null) return value_of((datum as { value?: unknown }).value);
  return null;
}

// "Bar, 12 values from ATL to SFO. Highest: ATL, 12,345": what a picture says in one breath.
export function summary_of(drawing: Drawing, mark: string): string {
  const { columns, rows } = drawing.table;
  if (rows.length === 0) return `${mark}, empty`;
  const [first, last] = [rows[0]![0], rows[rows.length - 1]![0]];
  const span = rows.length === 1 ? `1 value, ${first}` : `${rows.length.toLocaleString('en')} values${first !== last ? ` from ${first} to ${last}` : ''}`;
  const spoken = series_of(drawing).filter((one) => !one.silent && Array.isArray(one.data));
  const many = spoken.length > 1 && columns.length === spoken.length + 1 ? `, ${spoken.length} series` : '';
  if (spoken.length !== 1 || spoken[0]!.data!.length !== rows.length || rows.length === 1) return `${mark}, ${span}${many}`;
  let highest = -1;
  spoken[0]!.data!.forEach((datum, at) => {
    const value = value_of(datum);
    if (value !== null && (highest < 0 || value > value_of(spoken[0]!.data![highest])!)) highest = at;
  });
  return highest < 0 ? `${mark}, ${span}` : `${mark}, ${span}. Highest: ${rows[highest]!.join(', ')}`;
}
