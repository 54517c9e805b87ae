// Reading a chart's encodings: which there are, how they are called, how their numbers are written.
import type { AnswerData, Chart, ColumnNote, Encoding } from '../api/types';
import { aggregate_of, column_index } from './aggregate';
import { humanize } from './format';

export type ColumnNotes = Record<string, ColumnNote>;

// All that a chart component is given.
export interface ChartInput {
  chart: Chart;
  data: AnswerData;
  compare: AnswerData | null;
  notes: ColumnNotes;
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

export function note_of(encoding: Encoding, notes: ColumnNotes): ColumnNote {
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
  return word && !said ? `${word} ${label.charAt(0).toLowerCase()}${label.slice(1)}` : label;
}

export interface MeasureNote {
  label: string;
  unit: string | null;
  format: string | null;
  good: 'up' | 'down' | null;
}

export function measure_note(encoding: Encoding, notes: ColumnNotes): MeasureNote {
  const note = note_of(encoding, notes);
  const counts = encoding.aggregate === 'count' || encoding.aggregate === 'count_distinct';
  return {
    label: measure_label(encoding, notes),
    unit: counts ? null : (note.unit ?? null),
    format: encoding.format ?? (counts ? null : (note.format ?? null)),
    good: note.good ?? null,
  };
}

// "Average delay, min": what a measure is, with its unit.
export function measure_caption(note: MeasureNote): string {
  const unit = note.unit ?? (note.format?.includes('%') ? '%' : null);
  return unit ? `${note.label}, ${unit}` : note.label;
}

export function missing_columns(input: ChartInput): string[] {
  const { chart, data } = input;
  const encodings = [chart.x, chart.color, chart.size, chart.facet].map(encoding_of).filter((encoding) => encoding !== null);
  const fields = [...encodings, ...encodings_of(chart.y)].map((encoding) => encoding.field);
  return [...fields, ...(chart.columns ?? [])].filter(
    (field): field is string => !!field && field !== '*' && column_index(data.columns, field) < 0,
  );
}
