// Other readings of a dashboard's question: what each is called, and how it becomes the dashboard's lead chart. Pure.
import type { ChartReading, DashboardDocument, ReadingFilter, Suggestions } from '../api/types';
import { humanize } from '../charts/format';

const AGGREGATES: Record<string, { word: string; sql: (column: string, type: string) => string }> = {
  count: { word: 'Number of', sql: (column) => `count(${column})` },
  sum: { word: '', sql: (column) => `sum(${column})` },
  mean: { word: 'Average', sql: (column) => `avg(${column})` },
  median: { word: 'Median', sql: (column, type) => (type === 'postgres' ? `percentile_cont(0.5) WITHIN GROUP (ORDER BY ${column})` : `median(${column})`) },
  min: { word: 'Lowest', sql: (column) => `min(${column})` },
  max: { word: 'Highest', sql: (column) => `max(${column})` },
};
const TRUNCATED = new Set(['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute']);
// Of weekdays and hours the chart puts the days together itself, which is right only for what adds up.
const CYCLIC = new Set(['month_of_year', 'day_of_week', 'hour_of_day']);
const ADDS_UP = new Set(['count', 'sum', 'min', 'max']);
const MARKS = new Set(['bar', 'stacked_bar', 'grouped_bar', 'line', 'area', 'pie', 'donut', 'heatmap', 'kpi']);
// Whose SQL quotes names with " and knows date_trunc.
const TYPES = new Set(['duckdb', 'postgres']);

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
  const how = AGGREGATES[reading.aggregate ?? '']?.word ?? '';
  const value = measure === null ? 'Rows' : how ? `${how} ${name_of(measure)}` : humanize(measure);
  const sides = sides_of(reading).map((column, at) => (at === 0 && reading.time_unit ? `${name_of(column)} (${UNITS[reading.time_unit] ?? reading.time_unit})` : name_of(column)));
  const filters = reading.filters.map(filter_text);
  return `${value}${sides.length > 0 ? ` by ${sides.join(' and ')}` : ''}${filters.length > 0 ? `, ${filters.join(', ')}` : ''}${reading.limit ? `, first ${reading.limit}` : ''}`;
}

const filter_text = ({ field, op, values }: ReadingFilter) => `${name_of(field)} ${op} ${values.join(', ')}`.trim();
const measure_of = (reading: ChartReading) => (reading.mark === 'heatmap' ? (reading.value ?? null) : (reading.y ?? null));
const sides_of = (reading: ChartReading) => [...new Set([reading.x, reading.mark === 'heatmap' ? reading.y : null, reading.color, reading.facet].filter((side): side is string => !!side))];

// Whether the page can write the reading into the document without saying something else than it: the others can be asked for in words.
export function can_take(reading: ChartReading, connection_type: string): boolean {
  const { aggregate, time_unit, bin, mark } = reading;
  if (!TYPES.has(connection_type) || !MARKS.has(mark) || bin) return false;
  if (!aggregate || !AGGREGATES[aggregate]) return false;
  if (measure_of(reading) === null && aggregate !== 'count') return false;
  if (mark === 'heatmap' && (!reading.x || !reading.y)) return false;
  if (mark !== 'kpi' && !reading.x) return false;
  if (time_unit && !TRUNCATED.has(time_unit) && !(CYCLIC.has(time_unit) && ADDS_UP.has(aggregate))) return false;
  return reading.filters.every((filter) => condition_of(filter) !== null);
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const NUMBER = /^-?\d+(\.\d+)?$/;

// Null for a comparison that is not known here: it must not be left out.
function condition_of({ field, op, values }: ReadingFilter): string | null {
  const column = quoted(field);
  const [first] = values;
  switch (op) {
    case '=':
    case '!=':
      return values.length === 1 ? `${column} ${op === '=' ? '=' : '<>'} ${literal(first!)}` : null;
    case 'in':
    case 'not in':
      return values.length > 0 ? `${column} ${op.toUpperCase()} (${values.map(literal).join(', ')})` : null;
    case '>':
    case '>=':
    case '<':
    case '<=':
      return values.length === 1 ? `${column} ${op} ${NUMBER.test(first!) ? first! : literal(first!)}` : null;
    default:
      return null;
  }
}

// The filters of the page that the lead chart obeys: the chart in its place obeys them too.
function page_filters(sql: string, table: string): string[] {
  if (!sql.includes(table)) return [];
  return [...sql.matchAll(/filter\(\s*:\w+\s*,\s*(?:"[^"]+"|\w+)\s*\)/g)].map(([call]) => call);
}

export function lead_chart(document: DashboardDocument): string | null {
  const shown = document.layout.flatMap((row) => row.items.flatMap((item) => (item.chart ? [item.chart] : [])));
  return shown.find((id) => document.charts[id] && !['kpi', 'sparkline'].includes(document.charts[id].mark)) ?? shown[0] ?? null;
}

const MEASURE = 'value';

export function reading_sql(reading: ChartReading, table: string, connection_type: string, lead_sql: string): string {
  const measure = measure_of(reading);
  const { time_unit } = reading;
  const sides = sides_of(reading).map((column) => {
    const unit = column !== reading.x || !time_unit ? null : TRUNCATED.has(time_unit) ? time_unit : time_unit === 'hour_of_day' ? 'hour' : 'day';
    return unit ? `date_trunc('${unit}', ${quoted(column)}) AS ${quoted(column)}` : quoted(column);
  });
  const value = `${AGGREGATES[reading.aggregate!]!.sql(measure === null ? '*' : quoted(measure), connection_type)} AS ${MEASURE}`;
  const where = [...new Set([...reading.filters.map((filter) => condition_of(filter)!), ...page_filters(lead_sql, table)])];
  const places = sides.map((_, at) => at + 1).join(', ');
  const first = reading.limit && sides.length === 1 && /y$/.test(reading.sort ?? '') ? [`ORDER BY ${sides.length + 1}${reading.sort!.startsWith('-') ? ' DESC' : ''}, 1`, `LIMIT ${reading.limit}`] : places ? [`ORDER BY ${places}`] : [];
  return [`SELECT ${[...sides, value].join(', ')}`, `FROM ${table}`, ...(where.length > 0 ? [`WHERE ${where.join(' AND ')}`] : []), ...(places ? [`GROUP BY ${places}`] : []), ...first].join('\n');
}

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

// The document with the reading as its lead chart; null when its text is not laid out in blocks.
export function with_reading(yaml: string, document: DashboardDocument, suggestions: Pick<Suggestions, 'table'>, reading: ChartReading, connection_type: string): string | null {
  const lead = lead_chart(document);
  if (lead === null) return null;
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
  const sql = reading_sql(reading, suggestions.table, connection_type, document.queries[document.charts[lead]!.query]?.sql ?? '');
  lines.splice(queries.begin + 1, 0, `${queries.indent}${query}:`, `${queries.indent}${queries.indent}sql: |`, ...sql.split('\n').map((line) => `${queries.indent.repeat(3)}${line}`));
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
