// Other readings of a dashboard's question: what each is called, and how it becomes the dashboard's lead chart. Pure.
import type { ChartReading, DashboardDocument, ReadingFilter } from '../api/types';
import { humanize } from '../charts/format';

const AGGREGATES: Record<string, string> = { count: 'Number of', sum: '', mean: 'Average', median: 'Median', min: 'Lowest', max: 'Highest' };
// Of weekdays and hours the chart puts together what the query keeps apart.
const CYCLIC = new Set(['month_of_year', 'day_of_week', 'hour_of_day']);

const UNITS: Record<string, string> = { month_of_year: 'month of the year', day_of_week: 'weekday', hour_of_day: 'hour of the day' };
const MARK_WORDS: Record<string, string> = { bar: 'bars', stacked_bar: 'stacked bars', grouped_bar: 'grouped bars', pie: 'a pie', donut: 'a donut', heatmap: 'a heatmap', line: 'lines', area: 'areas', kpi: 'one number', scatter: 'points', histogram: 'a histogram', box: 'boxes', table: 'a table', map: 'a map' };

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
const name_of = (column: string) => lower(humanize(column));

// "Average delay by origin, as bars": the reading in words.
export function reading_text(reading: ChartReading): string {
  return `${reading_title(reading)}, as ${MARK_WORDS[reading.mark] ?? name_of(reading.mark)}`;
}

export function reading_title(reading: ChartReading): string {
  const measure = measure_of(reading);
  const how = AGGREGATES[reading.aggregate ?? ''] ?? '';
  const value = measure === null ? 'Rows' : how ? `${how} ${name_of(measure)}` : humanize(measure);
  const sides = sides_of(reading).map((column, at) => (at === 0 && reading.time_unit ? `${name_of(column)} (${UNITS[reading.time_unit] ?? reading.time_unit})` : name_of(column)));
  const filters = reading.filters.map(filter_text);
  return `${value}${sides.length > 0 ? ` by ${sides.join(' and ')}` : ''}${filters.length > 0 ? `, ${filters.join(', ')}` : ''}${reading.limit ? `, first ${reading.limit}` : ''}`;
}

const filter_text = ({ field, op, values }: ReadingFilter) => `${name_of(field)} ${op} ${values.join(', ')}`.trim();
const measure_of = (reading: ChartReading) => (reading.mark === 'heatmap' ? (reading.value ?? null) : (reading.y ?? null));
const sides_of = (reading: ChartReading) => [...new Set([reading.x, reading.mark === 'heatmap' ? reading.y : null, reading.color, reading.facet].filter((side): side is string => !!side))];

export function lead_chart(document: DashboardDocument): string | null {
  const shown = document.layout.flatMap((row) => row.items.flatMap((item) => (item.chart ? [item.chart] : [])));
  return shown.find((id) => document.charts[id] && !['kpi', 'sparkline'].includes(document.charts[id].mark)) ?? shown[0] ?? null;
}

// The query of the chart whose place a reading takes.
export function lead_sql(document: DashboardDocument): string {
  const lead = lead_chart(document);
  return (lead !== null && document.queries[document.charts[lead]!.query]?.sql) || '';
}

// What a reading's query calls its measure.
const MEASURE = 'value';

function chart_lines(reading: ChartReading, query: string): string[] {
  const text = (value: string) => JSON.stringify(value);
  const cyclic = reading.time_unit && CYCLIC.has(reading.time_unit);
  const how = cyclic ? `, aggregate: ${reading.aggregate === 'count' ? 'sum' : reading.aggregate}` : '';
  const value = `{field: ${MEASURE}${how}, title: ${text(reading_title({ ...reading, x: null, y: measure_of(reading), mark: 'kpi', color: null, facet: null, filters: [], limit: null }))}}`;
  const heatmap = reading.mark === 'heatmap';
  return [
    `query: ${query}`,
    `mark: ${reading.mark}`,
    `title: ${text(reading_title(reading))}`,
    ...(reading.x ? [`x: {field: ${text(reading.x)}${reading.time_unit ? `, time_unit: ${reading.time_unit}` : ''}}`] : []),
    ...(heatmap ? [`y: {field: ${text(reading.y!)}}`, `color: ${value}`] : [`y: ${value}`]),
    ...(!heatmap && reading.color ? [`color: {field: ${text(reading.color)}}`] : []),
    ...(reading.facet ? [`facet: {field: ${text(reading.facet)}}`] : []),
    ...(reading.sort ? [`sort: ${text(reading.sort)}`] : []),
    ...(reading.limit ? [`limit: ${reading.limit}`] : []),
  ];
}

// The document with the reading as its lead chart; null when there is no query for it, or when the document's text is not laid out in blocks.
export function with_reading(yaml: string, document: DashboardDocument, reading: ChartReading): string | null {
  const lead = lead_chart(document);
  if (lead === null || !reading.sql) return null;
  let query = 'reading';
  for (let count = 2; document.queries[query]; count += 1) query = `reading_${count}`;
  const lines = yaml.split('\n');
  const charts = section_of(lines, 'charts');
  const at = charts && lines.findIndex((line, index) => index > charts.begin && index < charts.end && new RegExp(`^${charts.indent}["']?${lead}["']?:`).test(line));
  if (!charts || at === null || at < 0) return null;
  let end = at + 1;
  while (end < charts.end && (lines[end]!.startsWith(`${charts.indent} `) || lines[end]!.trim() === '')) end += 1;
  while (lines[end - 1]!.trim() === '') end -= 1;
  const { indent } = charts;
  lines.splice(at, end - at, `${indent}${lead}:`, ...chart_lines(reading, query).map((line) => `${indent}${indent}${line}`));
  const queries = section_of(lines, 'queries');
  if (!queries) return null;
  lines.splice(queries.begin + 1, 0, `${queries.indent}${query}:`, `${queries.indent}${queries.indent}sql: |`, ...reading.sql.split('\n').map((line) => `${queries.indent.repeat(3)}${line}`));
  return lines.join('\n');
}

function section_of(lines: string[], name: string): { begin: number; end: number; indent: string } | null {
  const begin = lines.findIndex((line) => new RegExp(`^${name}:\\s*(#.*)?$`).test(line));
  if (begin < 0) return null;
  let end = begin + 1;
  while (end < lines.length && /^(\s|#|$)/.test(lines[end]!)) end += 1;
  const indent = lines.slice(begin + 1, end).map((line) => /^( +)\S/.exec(line)?.[1]).find((found) => found !== undefined);
  return indent ? { begin, end, indent } : null;
}
