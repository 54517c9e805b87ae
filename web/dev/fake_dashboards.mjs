// The documents of the fake server, and their queries as plain functions over files of vega-datasets.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../node_modules/vega-datasets/data/', import.meta.url));
const csv = (name) => {
  const [head, ...lines] = readFileSync(folder + name, 'utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries((line.match(/("([^"]*)"|[^,]*)(,|$)/g) ?? []).map((cell, at) => [names[at], cell.replace(/,$/, '').replace(/^"|"$/g, '')])));
};

const flights = JSON.parse(readFileSync(`${folder}flights-20k.json`, 'utf8')).map((one) => ({ ...one, day: one.date.slice(0, 10).replaceAll('/', '-'), hour: Number(one.date.slice(11, 13)) }));
const weather = csv('seattle-weather.csv');
const airports = csv('airports.csv');
const population = csv('population_engineers_hurricanes.csv');

function group(rows, by, measures) {
  const groups = new Map();
  for (const row of rows) {
    const keys = by(row);
    const id = keys.join('|');
    if (!groups.has(id)) groups.set(id, { keys, rows: [] });
    groups.get(id).rows.push(row);
  }
  return [...groups.values()].map(({ keys, rows: inside }) => [...keys, ...measures(inside)]);
}
const mean = (rows, field) => rows.reduce((sum, row) => sum + Number(row[field]), 0) / rows.length;
const columns = (...pairs) => pairs.map((pair) => ({ name: pair.split(':')[0], type: pair.split(':')[1] }));
const by_first = (rows) => rows.sort((a, b) => (a[0] < b[0] ? -1 : 1));

const NEWEST_DAY = '2001-03-31';

// The period of a request, with the days of one that is counted from the end of the data.
export function period_of(search) {
  const period = search.get('period') ?? 'all';
  const last = /^last_(\d+)_days_of_data$/.exec(period);
  if (!last) return { period, newest_day: null };
  const from = new Date(Date.parse(NEWEST_DAY) - (Number(last[1]) - 1) * 864e5).toISOString().slice(0, 10);
  return { period: `${from}..${NEWEST_DAY}`, newest_day: NEWEST_DAY };
}

function chosen_flights(search, compare) {
  const origins = search.getAll('origin').filter((value) => value !== 'all');
  const { period } = period_of(search);
  let [from, to] = period.includes('..') ? period.split('..') : ['', ''];
  if (compare) {
    if (!from || !to) return flights.filter((one) => one.day < '2001-02-01');
    const days = (Date.parse(to) - Date.parse(from)) / 864e5 + 1;
    const shift = (day) => new Date(Date.parse(day) - days * 864e5).toISOString().slice(0, 10);
    [from, to] = [shift(from), shift(to)];
  }
  const late = search.get('minimum_delay');
  return flights.filter((one) => (origins.length === 0 || origins.includes(one.origin)) && (!from || one.day >= from) && (!to || one.day <= to) && (!late || one.delay >= Number(late)));
}

const QUERIES = {
  'flight-delays': {
    daily: (search, compare) => ({
      columns: columns('day:date', 'flights:integer', 'delay:number', 'late_share:number'),
      rows: by_first(group(chosen_flights(search, compare), (one) => [one.day], (rows) => [rows.length, mean(rows, 'delay'), rows.filter((row) => row.delay > 15).length / rows.length])),
    }),
    by_origin: (search) => ({
      columns: columns('origin:text', 'flights:integer', 'delay:number'),
      rows: group(chosen_flights(search), (one) => [one.origin], (rows) => [rows.length, mean(rows, 'delay')]).sort((a, b) => b[1] - a[1]),
    }),
    weekly: (search) => ({
      columns: columns('week:date', 'origin:text', 'delay:number', 'flights:integer'),
      rows: by_first(group(chosen_flights(search).filter((one) => ['SFO', 'LAX', 'PHX', 'LAS', 'OAK', 'SAN'].includes(one.origin)), (one) => [new Date(Date.parse(one.day) - ((new Date(one.day).getUTCDay() + 6) % 7) * 864e5).toISOString().slice(0, 10), one.origin], (rows) => [mean(rows, 'delay'), rows.length])),
    }),
    hours: (search) => ({
      columns: columns('day:date', 'hour:integer', 'delay:number'),
      rows: group(chosen_flights(search), (one) => [one.day, one.hour], (rows) => [mean(rows, 'delay')]),
    }),
    routes: (search) => ({
      columns: columns('origin:text', 'destination:text', 'flights:integer', 'delay:number', 'distance:decimal'),
      rows: group(chosen_flights(search), (one) => [one.origin, one.destination], (rows) => [rows.length, mean(rows, 'delay'), `${rows[0].distance}.0`]).sort((a, b) => b[2] - a[2]).slice(0, 1000),
      truncated: true,
    }),
    origins: () => ({ columns: columns('name:text'), rows: [...new Set(flights.map((one) => one.origin))].sort().map((name) => [name]) }),
  },
  'every-mark': {
    weather: () => ({ columns: columns('date:date', 'weather:text', 'precipitation:number', 'temp_max:number', 'temp_min:number', 'wind:number'), rows: weather.map((one) => [one.date, one.weather, Number(one.precipitation), Number(one.temp_max), Number(one.temp_min), Number(one.wind)]) }),
    sample: () => ({ columns: columns('delay:number', 'distance:number', 'origin:text'), rows: flights.filter((_, at) => at % 14 === 0).map((one) => [one.delay, one.distance, one.origin]) }),
    airports: () => ({ columns: columns('name:text', 'longitude:number', 'latitude:number', 'state:text'), rows: airports.filter((one) => one.country === 'USA').map((one) => [one.name, Number(one.longitude), Number(one.latitude), one.state]) }),
    states: () => ({ columns: columns('state:text', 'population:big_integer'), rows: population.map((one) => [one.state, one.population]) }),
    stages: () => ({ columns: columns('stage:text', 'people:integer'), rows: [['Visited', 48210], ['Signed up', 12034], ['Connected a warehouse', 5120], ['Asked', 4377], ['Shared', 1290]] }),
  },
  troubles: {
    over_cap: () => ({ error: { code: 'byte_cap_exceeded', detail: 'The query would scan 2.4 GB; the cap of this dashboard is 50 MB.' } }),
    syntax: () => ({ error: { code: 'invalid_sql', detail: 'The engine refused the query.', errors: [{ path: 'sql', line: 2, column: 8, code: 'syntax', message: 'column "dealy" does not exist, did you mean "delay"?' }] } }),
    empty: () => ({ columns: columns('day:date', 'flights:integer'), rows: [] }),
    nulls: () => ({ columns: columns('day:date', 'value:number'), rows: [['2001-01-01', null], ['2001-01-02', 5], ['2001-01-03', null], ['2001-01-04', 7], ['2001-01-05', 8]] }),
    many: () => ({ columns: columns('name:text', 'value:number', 'big:big_integer'), rows: Array.from({ length: 900 }, (_, at) => [`<img src=x onerror=alert(1)> A rather long category name, number ${at}`, 900 - at, '12345678901234567890']) }),
  },
};

export function run_query(slug, query, search, compare) {
  const run = (QUERIES[slug] ?? QUERIES['flight-delays'])[query];
  return run ? run(search, compare) : { error: { code: 'not_found', detail: `There is no query '${query}'.` } };
}

const sql = (text) => ({ sql: text, from: [] });
const item = (chart, w) => ({ w, chart });
const text = (words, w) => ({ w, text: words });
const delay_column = { delay: { label: 'Average delay', unit: 'min', format: ',.1f', good: 'down' }, late_share: { label: 'Late flights', format: '.1%', good: 'down' }, flights: { label: 'Flights', good: 'up' }, distance: { label: 'Distance', unit: 'mi', format: ',.0f' } };

const flight_delays = {
  slug: 'flight-delays',
  title: 'Flight delays',
  description: 'Which airports run late, when, and on which routes. Delays are minutes after schedule.',
  view_type: 'analytical',
  tags: ['operations', 'demo'],
  connection: 'flights',
  theme: 'mono',
  params: {
    period: { type: 'date_range', label: 'Period', multiple: false, default: '2001-01-01..2001-03-31', values: null, values_from: null },
    origin: { type: 'enum', label: 'Origin', multiple: true, default: 'all', values: null, values_from: 'origins.name' },
    minimum_delay: { type: 'number', label: 'Delay at least', multiple: false, default: null, values: null, values_from: null },
  },
  queries: Object.fromEntries(
    Object.entries({
      daily: "SELECT date_trunc('day', f.date) AS day, count(*) AS flights, avg(f.delay) AS delay\nFROM flights f\nWHERE filter(:period, f.date) AND filter(:origin, f.origin)\nGROUP BY 1\nORDER BY 1",
      by_origin: 'SELECT origin, count(*) AS flights, avg(delay) AS delay FROM flights GROUP BY 1 ORDER BY 2 DESC',
      weekly: 'SELECT week, origin, avg(delay) AS delay FROM flights GROUP BY 1, 2',
      hours: 'SELECT day, hour, avg(delay) AS delay FROM flights GROUP BY 1, 2',
      routes: 'SELECT origin, destination, count(*) AS flights FROM flights GROUP BY 1, 2',
      origins: 'SELECT DISTINCT origin AS name FROM flights',
    }).map(([id, words]) => [id, { ...sql(words), columns: delay_column }]),
  ),
  charts: {
    total: { query: 'daily', mark: 'kpi', title: 'Flights', y: { field: 'flights', aggregate: 'sum' }, compare: 'previous_period', compare_query: 'daily@previous_period' },
    average: { query: 'daily', mark: 'kpi', title: 'Average delay', y: { field: 'delay', aggregate: 'mean' }, compare: 'previous_period', compare_query: 'daily@previous_period' },
    late: { query: 'daily', mark: 'kpi', title: 'More than 15 minutes late', y: { field: 'late_share', aggregate: 'mean' }, compare: 'previous_period', compare_query: 'daily@previous_period' },
    trend_spark: { query: 'daily', mark: 'sparkline', title: 'Flights a day', x: { field: 'day' }, y: { field: 'flights' } },
    trend: { query: 'daily', mark: 'line', title: 'Average delay by day', x: { field: 'day' }, y: { field: 'delay' } },
    ranked: { query: 'by_origin', mark: 'bar', title: 'Busiest origins', x: { field: 'origin' }, y: { field: 'flights', aggregate: 'sum' }, sort: '-y', limit: 10, on_click: { set: { origin: '$x' } } },
    weekly: { query: 'weekly', mark: 'line', title: 'Average delay by week and origin', x: { field: 'week' }, y: { field: 'delay', aggregate: 'mean' }, color: { field: 'origin' } },
    heat: { query: 'hours', mark: 'heatmap', title: 'When it is late', x: { field: 'hour', title: 'Hour' }, y: { field: 'day', time_unit: 'day_of_week', title: 'Day' }, color: { field: 'delay', aggregate: 'mean' } },
    small: { query: 'weekly', mark: 'area', title: 'Flights by week', x: { field: 'week' }, y: { field: 'flights', aggregate: 'sum' }, facet: { field: 'origin' } },
    routes: { query: 'routes', mark: 'table', title: 'Routes', columns: ['origin', 'destination', 'flights', 'delay', 'distance'], sort: '-flights' },
  },
  layout: [
    { h: 2, items: [item('total', 3), item('average', 3), item('late', 3), item('trend_spark', 3)] },
    { h: 6, items: [item('trend', 8), item('ranked', 4)] },
    { h: 6, items: [item('weekly', 7), item('heat', 5)] },
    { h: 6, items: [item('small', 6), item('routes', 6)] },
    { h: 1, items: [text('Delays are minutes after schedule; cancelled flights are left out. The data is a sample of 20,000 flights of the first quarter of 2001.', 12)] },
  ],
  provenance: null,
};

const note = { temp_max: { label: 'Highest temperature', unit: '°C' }, temp_min: { label: 'Lowest temperature', unit: '°C' }, precipitation: { label: 'Precipitation', unit: 'mm' }, population: { label: 'Population' }, delay: { label: 'Delay', unit: 'min' }, distance: { label: 'Distance', unit: 'mi' }, wind: { label: 'Wind', unit: 'm/s' } };
const every_mark = {
  slug: 'every-mark',
  title: 'Every mark',
  description: 'One of each, over weather, flights and airports.',
  view_type: 'strategic',
  tags: ['gallery'],
  connection: 'flights',
  theme: 'mono',
  params: {},
  queries: Object.fromEntries(['weather', 'sample', 'airports', 'states', 'stages'].map((id) => [id, { ...sql(`SELECT * FROM ${id}`), columns: note }])),
  charts: {
    line: { query: 'weather', mark: 'line', title: 'Temperature by month', x: { field: 'date', time_unit: 'month' }, y: [{ field: 'temp_max', aggregate: 'mean', title: 'Day' }, { field: 'temp_min', aggregate: 'mean', title: 'Night' }] },
    area: { query: 'weather', mark: 'area', title: 'Days by weather', x: { field: 'date', time_unit: 'month' }, y: { field: null, aggregate: 'count' }, color: { field: 'weather' } },
    stacked: { query: 'weather', mark: 'stacked_bar', title: 'Rain by year and weather', x: { field: 'date', time_unit: 'year' }, y: { field: 'precipitation', aggregate: 'sum' }, color: { field: 'weather' } },
    grouped: { query: 'weather', mark: 'grouped_bar', title: 'Wind by weather and year', x: { field: 'weather' }, y: { field: 'wind', aggregate: 'mean' }, color: { field: 'date', time_unit: 'year' } },
    columns: { query: 'weather', mark: 'bar', title: 'Rain by month', x: { field: 'date', time_unit: 'month' }, y: { field: 'precipitation', aggregate: 'sum' } },
    scatter: { query: 'weather', mark: 'scatter', title: 'Warm days are calm', x: { field: 'temp_max' }, y: { field: 'wind' }, color: { field: 'weather' }, size: { field: 'precipitation' } },
    pie: { query: 'weather', mark: 'pie', title: 'Days by weather', x: { field: 'weather' }, y: { field: null, aggregate: 'count' } },
    donut: { query: 'sample', mark: 'donut', title: 'Flights by origin', color: { field: 'origin' }, y: { field: null, aggregate: 'count' } },
    heatmap: { query: 'weather', mark: 'heatmap', title: 'Rain by month and year', x: { field: 'date', time_unit: 'month_of_year', title: 'Month' }, y: { field: 'date', time_unit: 'year', title: 'Year' }, color: { field: 'precipitation', aggregate: 'sum' } },
    histogram: { query: 'sample', mark: 'histogram', title: 'How late', x: { field: 'delay', bin: { step: 10 } }, y: { field: null, aggregate: 'count' } },
    box: { query: 'weather', mark: 'box', title: 'Temperature by weather', x: { field: 'weather' }, y: { field: 'temp_max' } },
    funnel: { query: 'stages', mark: 'funnel', title: 'From visit to share', x: { field: 'stage' }, y: { field: 'people' } },
    regions: { query: 'states', mark: 'map', title: 'Population by state', x: { field: 'state' }, y: { field: 'population', aggregate: 'sum' } },
    points: { query: 'airports', mark: 'map', title: 'Airports', x: { field: 'longitude' }, y: { field: 'latitude' } },
    spark: { query: 'weather', mark: 'sparkline', title: 'Temperature', x: { field: 'date', time_unit: 'month' }, y: { field: 'temp_max', aggregate: 'mean' } },
    big: { query: 'states', mark: 'kpi', title: 'Population', y: { field: 'population', aggregate: 'sum' } },
    kpi_trend: { query: 'weather', mark: 'kpi', title: 'Rain', x: { field: 'date', time_unit: 'month' }, y: { field: 'precipitation', aggregate: 'sum' } },
    distinct: { query: 'airports', mark: 'kpi', title: 'States with an airport', y: { field: 'state', aggregate: 'count_distinct' } },
  },
  layout: [
    { h: 3, items: [item('big', 3), item('kpi_trend', 3), item('distinct', 3), item('spark', 3)] },
    { h: 6, items: [item('line', 6), item('area', 6)] },
    { h: 6, items: [item('stacked', 4), item('grouped', 4), item('columns', 4)] },
    { h: 6, items: [item('scatter', 6), item('histogram', 6)] },
    { h: 5, items: [item('pie', 4), item('donut', 4), item('funnel', 4)] },
    { h: 6, items: [item('heatmap', 6), item('box', 6)] },
    { h: 8, items: [item('regions', 6), item('points', 6)] },
  ],
  provenance: null,
};

const troubles = {
  slug: 'troubles',
  title: 'Everything that goes wrong',
  description: 'Errors, empty answers, gaps, long names.',
  view_type: 'operational',
  tags: ['tests'],
  connection: 'flights',
  theme: 'mono',
  params: { healthy: { type: 'boolean', label: 'Healthy', default: null }, day: { type: 'date', label: 'Day', default: '2001-01-05' }, word: { type: 'text', label: 'Name has', default: null }, level: { type: 'enum', label: 'Level', multiple: false, default: 'all', values: ['low', 'high'] } },
  queries: Object.fromEntries(['over_cap', 'syntax', 'empty', 'nulls', 'many'].map((id) => [id, { ...sql(`SELECT * FROM ${id}`), columns: {} }])),
  charts: {
    cap: { query: 'over_cap', mark: 'line', title: 'Too much to scan', x: 'day', y: 'flights' },
    syntax: { query: 'syntax', mark: 'bar', title: 'Wrong SQL', x: 'day', y: 'flights' },
    empty: { query: 'empty', mark: 'bar', title: 'Nothing there', x: 'day', y: 'flights' },
    empty_kpi: { query: 'empty', mark: 'kpi', title: 'Nothing to sum', y: { field: 'flights', aggregate: 'sum' } },
    broken_kpi: { query: 'over_cap', mark: 'kpi', title: 'Too much', y: { field: 'flights', aggregate: 'sum' } },
    gaps: { query: 'nulls', mark: 'line', title: 'Gaps', x: 'day', y: 'value' },
    missing: { query: 'nulls', mark: 'line', title: 'A column that is not there', x: 'day', y: 'valeu' },
    unknown: { query: 'nowhere', mark: 'line', title: 'A query that is not there', x: 'day', y: 'value' },
    many: { query: 'many', mark: 'bar', title: 'Nine hundred long names', x: 'name', y: 'value' },
    many_table: { query: 'many', mark: 'table', title: 'Nine hundred rows' },
  },
  layout: [
    { h: 2, items: [item('empty_kpi', 3), item('broken_kpi', 3), text('Text between charts.', 6)] },
    { h: 5, items: [item('cap', 4), item('syntax', 4), item('empty', 4)] },
    { h: 5, items: [item('gaps', 4), item('missing', 4), item('unknown', 4)] },
    { h: 6, items: [item('many', 6), item('many_table', 6)] },
  ],
  provenance: null,
};

function yaml_of(document) {
  const lines = ['# yaml-language-server: $schema=/schemas/dashboard/v1.json', 'bridge: 1', `slug: ${document.slug}`, `title: ${document.title}`, `description: ${document.description}`, `view_type: ${document.view_type}`, `connection: ${document.connection}`, '', 'queries:'];
  for (const [id, query] of Object.entries(document.queries)) lines.push(`  ${id}:`, '    sql: |', ...query.sql.split('\n').map((line) => `      ${line}`));
  lines.push('', 'charts:');
  for (const [id, chart] of Object.entries(document.charts)) lines.push(`  ${id}: {query: ${chart.query}, mark: ${chart.mark}, title: ${chart.title}}`);
  lines.push('', 'layout:', ...document.layout.map((row) => `  - row: [${row.items.map((one) => (one.chart ? `{chart: ${one.chart}, w: ${one.w}}` : `{text: "${one.text}", w: ${one.w}}`)).join(', ')}]\n    h: ${row.h}`), '', 'theme: mono', '');
  return lines.join('\n');
}

export const dashboards = [flight_delays, every_mark, troubles].map((document) => ({ document, yaml: yaml_of(document) }));
