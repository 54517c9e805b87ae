// Reading a chart's encodings: which there are, how they are called, how their numbers are written.
import type { AnswerData, Chart, ColumnNote, Encoding } from '../api/types';
import { aggregate_of, column_index, columns_named, to_number, type Key } from './aggregate';
import { humanize, lower_first, tidy_unit } from './format';

// `identity`: its numbers name things (identity.ts).
export type ColumnNotes = Record<string, ColumnNote & { identity?: boolean }>;

// All that a chart component is given.
export interface ChartInput {
  chart: Chart;
  data: AnswerData;
  compare: AnswerData | null;
  notes: ColumnNotes;
  // The query's text, which tells which of its columns are averages.
  sql?: string | null | undefined;
  // The panels of a facet draw the same series in the same order, and bars the same categories.
  like?: PanelOrder | undefined;
}

export interface PanelOrder {
  x_keys: Key[];
  x_span: [number, number] | null;
  // Each series by its members: several are folded into "Other".
  series: { name: string; measure: number; members: Key[] }[];
}

type Written = Encoding | string | null | undefined;

export function encoding_of(written: Written): Encoding | null {
  if (written === null || written === undefined) return null;
  return typeof written === 'string' ? { field: written } : written;
}

export function encodings_of(written: Chart['y']): Encoding[] {
  const all = Array.isArray(written) ? written : [written];
  return all.map(encoding_of).filter((encoding) => encoding !== null);
}

export function note_of(encoding: Encoding, notes: ColumnNotes): ColumnNotes[string] {
  return (encoding.field && notes[encoding.field]) || {};
}

const AGGREGATE_WORDS: Record<string, string> = {
  mean: 'Average',
  avg: 'Average',
  min: 'Lowest',
  max: 'Highest',
  median: 'Median',
  count_distinct: 'Distinct',
};

export function key_label(encoding: Encoding, notes: ColumnNotes): string {
  return encoding.title || note_of(encoding, notes).label || humanize(encoding.field ?? '');
}

export function measure_label(encoding: Encoding, notes: ColumnNotes): string {
  if (encoding.title) return encoding.title;
  const how = aggregate_of(encoding);
  if (how === 'count') return encoding.field && encoding.field !== '*' ? `${key_label(encoding, notes)}, count` : 'Count';
  const label = key_label(encoding, notes);
  const word = encoding.aggregate ? AGGREGATE_WORDS[encoding.aggregate] : undefined;
  const said = /^(average|avg|mean|median|lowest|highest|min|max|distinct)\b/i.test(label);
  return word && !said ? `${word} ${lower_first(label)}` : label;
}

export interface MeasureNote {
  label: string;
  unit: string | null;
  format: string | null;
  good: 'up' | 'down' | null;
  identity?: boolean | undefined;
}

export function measure_note(encoding: Encoding, notes: ColumnNotes): MeasureNote {
  const note = note_of(encoding, notes);
  const counts = encoding.aggregate === 'count' || encoding.aggregate === 'count_distinct';
  return {
    label: measure_label(encoding, notes),
    unit: counts ? null : tidy_unit(note.unit),
    format: encoding.format ?? (counts ? null : (note.format ?? null)),
    good: note.good ?? null,
    // The sum of ids is no id; their median is one still.
    identity: note.identity && !counts && encoding.aggregate !== 'sum',
  };
}

// "Average delay, min": what a measure is, with its unit.
export function measure_caption(note: MeasureNote): string {
  const unit = note.unit ?? (note.format?.includes('%') ? '%' : null);
  return unit ? `${note.label}, ${unit}` : note.label;
}

function used_fields(input: ChartInput): string[] {
  const { chart, data } = input;
  const encodings = [chart.x, chart.color, chart.size, chart.facet].map(encoding_of).filter((encoding) => encoding !== null);
  const fields = [...encodings, ...encodings_of(chart.y)].map((encoding) => encoding.field);
  // A table without a list shows all that there is.
  const listed = chart.columns?.length ? chart.columns : chart.mark === 'table' ? data.columns.map((column) => column.name) : [];
  return [...new Set([...fields, ...listed])].filter((field): field is string => !!field && field !== '*');
}

export const missing_columns = (input: ChartInput) => used_fields(input).filter((field) => column_index(input.data.columns, field) < 0);

// Marks whose size or height is y.
const MEASURING_MARKS = new Set(['line', 'area', 'bar', 'stacked_bar', 'grouped_bar', 'sparkline', 'pie', 'donut', 'funnel']);

// Columns that are measured and hold no number: an empty picture would be all that comes of them.
export function columns_without_numbers({ chart, data }: ChartInput): string[] {
  if (!MEASURING_MARKS.has(chart.mark)) return [];
  return encodings_of(chart.y).flatMap((encoding) => {
    const index = column_index(data.columns, encoding.field);
    if (!encoding.field || index < 0 || ['count', 'count_distinct'].includes(aggregate_of(encoding))) return [];
    const cells = data.rows.map((row) => row[index]).filter((cell) => cell !== null && cell !== undefined);
    return cells.length > 0 && cells.every((cell) => to_number(cell) === null) ? [encoding.field] : [];
  });
}

// Names that the chart uses and that stand for more than one column of the answer.
export const ambiguous_columns = (input: ChartInput) => used_fields(input).filter((field) => columns_named(input.data.columns, field).length > 1);
