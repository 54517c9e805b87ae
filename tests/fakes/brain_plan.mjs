// From a table's schema and a sentence to queries and a dashboard document, the plain way a careful analyst would.

const NUMBERS = ['integer', 'big_integer', 'decimal', 'number'];
const TIMES = ['timestamp', 'date'];
const CATEGORY_VALUES_MAX = 1000;
const ID_WORDS = /(^|_)(id|code|zip|phone|year|lat|latitude|lon|longitude|rank)$/i;
const CATEGORY_HINTS = {airport: ['origin', 'destination'], route: ['origin', 'destination'], carrier: ['carrier', 'airline']};

const wordsOf = (text) => text.toLowerCase().match(/[a-z]+/g)?.map((word) => word.replace(/(ies|es|s)$/, '')) ?? [];
const stem = (name) => name.toLowerCase().replace(/(ies|es|s)$/, '');
const quoted = (name) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
// A column under a plain name.
const aliased = (name) => (quoted(name) === snake(name) ? name : `${quoted(name)} AS ${snake(name)}`);
const snake = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '') || 'value';
const human = (name) => name.replace(/[_-]+/g, ' ').replace(/^./, (letter) => letter.toUpperCase());

/** How well a table of list_tables fits a sentence. */
export function scoreTable({name, columns = [], row_count: rows = 0}, sentence) {
  const words = wordsOf(sentence);
  const hits = [name, ...columns].filter((column) => words.some((word) => mentions(word, column))).length;
  return hits * 1000 + Math.log10(rows + 1);
}

function mentions(word, column) {
  const parts = column.toLowerCase().split(/[^a-z]+/).map(stem);
  return parts.includes(word) || (CATEGORY_HINTS[word] ?? []).some((hint) => parts.includes(stem(hint)));
}

/** {subject, time, measure, categories, period, queries: [{id, sql}], params}. `params` is the document's block, ready for a dry run. */
export function planQueries(schema, sentence) {
  const words = wordsOf(sentence);
  const wanted = (columns) => columns.find(({name}) => words.some((word) => mentions(word, name))) ?? columns[0];
  const time = schema.columns.find(({type}) => TIMES.includes(type));
  const measure = wanted(schema.columns.filter(({name, type}) => NUMBERS.includes(type) && !ID_WORDS.test(name)));
  const texts = schema.columns.filter(({type, statistics}) => type === 'text' && !(statistics?.distinct_count > CATEGORY_VALUES_MAX));
  const category = wanted(texts);
  const period = time ? periodOf(time.statistics ?? {}) : null;
  const params = period ? {period: {type: 'date_range', label: 'Period', default: period}} : {};
  const table = schema.sql_name || schema.table;
  const where = period ? `WHERE filter(:period, ${quoted(time.name)})` : '';
  const measured = measure ? `, avg(${quoted(measure.name)}) AS average_${snake(measure.name)}` : '';
  const sqlOf = (...lines) => lines.filter(Boolean).join('\n');
  const queries = [{id: 'totals', sql: sqlOf(`SELECT count(*) AS row_total${measured}`, `FROM ${table}`, where)}];
  if (time) queries.push({id: 'by_day', sql: sqlOf(`SELECT CAST(${quoted(time.name)} AS DATE) AS day, count(*) AS row_total${measured}`, `FROM ${table}`, where, 'GROUP BY 1', 'ORDER BY 1')});
  if (category) {
    const order = measure ? 3 : 2;
    queries.push({id: `by_${snake(category.name)}`, sql: sqlOf(`SELECT ${aliased(category.name)}, count(*) AS row_total${measured}`, `FROM ${table}`, where, 'GROUP BY 1', schema.row_count > 10_000 ? 'HAVING count(*) >= 100' : '', `ORDER BY ${order} DESC, 1`, 'LIMIT 10')});
  }
  if (time?.type === 'timestamp' && measure) {
    queries.push({id: 'by_hour', sql: sqlOf(`SELECT dayofweek(${quoted(time.name)}) AS weekday, hour(${quoted(time.name)}) AS hour_of_day${measured}`, `FROM ${table}`, where, 'GROUP BY 1, 2', 'ORDER BY 1, 2')});
  }
  return {subject: schema.table.split('.').pop(), table, measure, category, period, params, queries};
}

// The whole span of the data; a last value at midnight belongs to the day before.
function periodOf({min, max}) {
  if (!min || !max) return 'all';
  const last = new Date(`${max.slice(0, 10)}T00:00:00Z`);
  if (/[T ]00:00(:00)?/.test(max)) last.setUTCDate(last.getUTCDate() - 1);
  return `${min.slice(0, 10)}..${last.toISOString().slice(0, 10)}`;
}

/** The document of the queries that passed, as YAML. `words` may replace the title and add a text. */
export function writeDocument(plan, {connection, passed, title, note = 'Averages are taken over all rows of the chosen period.', spoil}) {
  const has = (id) => passed.includes(id);
  const average = plan.measure ? `average_${snake(plan.measure.name)}` : null;
  const measureWords = plan.measure ? `Average ${human(plan.measure.name).toLowerCase()}` : 'Rows';
  const ranked = plan.category && has(`by_${snake(plan.category.name)}`) ? snake(plan.category.name) : null;
  const charts = [];
  const add = (id, width, row, text) => charts.push({id, width, row, text});
  if (has('totals')) {
    add('row_total', 6, 0, `{query: totals, mark: kpi, title: "Rows of ${plan.subject}", y: {field: row_total, aggregate: sum}}`);
    if (average) add('overall', 6, 0, `{query: totals, mark: kpi, title: "${measureWords}", y: {field: ${average}, aggregate: mean}}`);
  }
  if (has('by_day')) add('trend', 12, 1, `{query: by_day, mark: line, title: "${measureWords} by day", x: day, y: ${average ?? 'row_total'}}`);
  if (ranked) add('ranking', has('by_hour') ? 6 : 12, 2, `{query: by_${ranked}, mark: bar, title: "${measureWords} by ${ranked.replaceAll('_', ' ')}", x: ${ranked}, y: ${average ?? 'row_total'}, sort: -y, limit: 10}`);
  if (has('by_hour')) add('hours', ranked ? 6 : 12, 2, `{query: by_hour, mark: heatmap, title: "${measureWords} by weekday and hour", x: hour_of_day, y: weekday, color: ${average}}`);
  const lines = [
    'bridge: 1', `title: ${JSON.stringify(title)}`, `connection: ${connection}`, 'view_type: analytical',
    ...(plan.period ? ['params:', `  period: {type: date_range, label: Period, default: ${JSON.stringify(plan.period)}}`] : []),
    'queries:',
    ...plan.queries.filter(({id}) => has(id)).flatMap(({id, sql}) => [`  ${id}:`, '    sql: |', ...sql.split('\n').map((line) => `      ${line}`)]),
    'charts:', ...charts.map(({id, text}) => `  ${id}: ${text}`),
    'layout:',
    ...[0, 1, 2].map((row) => [row, charts.filter((chart) => chart.row === row)]).filter(([, list]) => list.length)
      .map(([row, list]) => `  - {row: [${list.map(({id, width}) => `{chart: ${id}, w: ${width}}`).join(', ')}], h: ${row ? 6 : 3}}`),
    `  - {row: [{text: ${JSON.stringify(note)}, w: 12}], h: 2}`,
    'theme: mono',
  ];
  return spoilt(lines, spoil).join('\n') + '\n';
}

// Mistakes that the validator reports, another one each time.
function spoilt(lines, kind) {
  if (kind === undefined) return lines;
  const mistakes = [
    (line) => line.replace(/mark: (kpi|line)/, 'mark: sparkles'),
    (line) => line.replace(/^charts:$/, 'charts:\n  ghost: {query: no_such_query, mark: table}'),
    (line) => line.replace(/^theme: mono$/, 'theme: mono\ncolours: many'),
  ];
  return [...lines.map(mistakes[kind % mistakes.length]), `x-attempt: ${kind + 1}`];
}

/** The plain question of a conversation as one SELECT over all the data, and how to draw it. */
export function planQuestion(schema, sentence) {
  const plan = planQueries(schema, sentence);
  const id = plan.category ? snake(plan.category.name) : null;
  const name = plan.measure ? `average_${snake(plan.measure.name)}` : 'row_total';
  if (!id) return {sql: `SELECT count(*) AS row_total FROM ${plan.table}`, title: `Rows of ${plan.subject}`, mark: 'table', x: 'row_total', y: 'row_total'};
  const measured = plan.measure ? `avg(${quoted(plan.measure.name)}) AS ${name}` : 'count(*) AS row_total';
  return {
    sql: `SELECT ${aliased(plan.category.name)}, ${measured} FROM ${plan.table} GROUP BY 1 ${schema.row_count > 10_000 ? 'HAVING count(*) >= 100 ' : ''}ORDER BY 2 DESC, 1 LIMIT 10`,
    title: `${human(name)} by ${id.replaceAll('_', ' ')}`, mark: 'bar', x: id, y: name,
  };
}

/** SQL that reads the table again and again, until it is at least `bytes` in all. */
export function sqlOverCap({sql_name: table, size_bytes: size = 0}, bytes) {
  const times = Math.min(60, size > 0 ? Math.ceil(bytes / size) + 1 : 60);
  return Array(times).fill(`SELECT * FROM ${table}`).join(' UNION ALL ');
}
