// Stands in for the server while the page is developed and tested: serves dist, answers the contract with real flights,
// weather and airports. It holds no logic of the product; what it validates and generates is just enough to be seen.
//   node dev/fake_server.mjs [PORT]   → prints {"url": …, "link": …}
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chat_api, outcome_of, title_of } from './fake_chat.mjs';
import { dashboards, period_of, run_query } from './fake_dashboards.mjs';
import { observability_api } from './fake_observability.mjs';
import { prompt_blocks_api } from './fake_prompt_blocks.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const TOKEN = 'one-time-token';
const KEY = 'brg_fake';
const CAP_BYTES = 100_000_000;

const state = new Map();
let token_used = false;
// Each record is an hour older than the one before, so that the list has an order.
let records = 0;
for (const one of dashboards) state.set(one.document.slug, record(one.document, one.yaml));

function record(document, yaml) {
  const now = new Date(Date.now() - 3_600_000 * records++).toISOString();
  return { document, yaml, version: 1, created_at: now, updated_at: now, access_count: 0, history: [{ version: 1, updated_at: now, content_hash: 'sha256:1', diff: '', yaml }] };
}

const metadata = ({ document, version, created_at, updated_at, access_count }) => ({
  slug: document.slug,
  title: document.title,
  description: document.description,
  gcs_yaml_path: `dashboards/${document.slug}.yaml`,
  view_type: document.view_type,
  owner_email: 'owner@example.com',
  tags: document.tags ?? [],
  connection: document.connection,
  version,
  created_at,
  updated_at,
  access_count,
  last_accessed: null,
});

const connections = [
  { id: 'c1', team_id: 't1', name: 'flights', connection_type: 'duckdb', status: 'active', last_tested_at: null, last_error: null, created_at: '2026-01-01T00:00:00Z' },
  { id: 'c2', team_id: 't1', name: 'shop', connection_type: 'postgres', status: 'active', last_tested_at: null, last_error: null, created_at: '2026-01-01T00:00:00Z' },
];
const me = { user_id: 'u1', role: 'admin', is_operator: false, team_id: 't1', teams: [{ id: 't1', name: 'Operations', slug: 'operations', role: 'admin' }] };

const MARKS = ['kpi', 'line', 'area', 'bar', 'stacked_bar', 'grouped_bar', 'scatter', 'pie', 'donut', 'heatmap', 'histogram', 'box', 'funnel', 'table', 'sparkline', 'map'];

function validate(yaml) {
  const errors = [];
  yaml.split('\n').forEach((text, index) => {
    const found = /mark:\s*([\w-]+)/.exec(text);
    if (found && !MARKS.includes(found[1])) {
      const suggestion = MARKS.map((mark) => [mark, [...mark].filter((letter) => found[1].includes(letter)).length - Math.abs(mark.length - found[1].length)]).sort((a, b) => b[1] - a[1])[0][0];
      errors.push({ path: 'charts', line: index + 1, column: found.index + found[0].length - found[1].length + 1, code: 'unknown_mark', message: `there is no mark '${found[1]}'`, got: found[1], allowed: MARKS, suggestion });
    }
    const key = /^(\w+):/.exec(text)?.[1];
    if (key === 'titel') errors.push({ path: 'titel', line: index + 1, column: 1, code: 'unknown_key', message: "unknown key 'titel'", got: 'titel', allowed: ['title'], suggestion: 'title' });
  });
  return { valid: errors.length === 0, errors, warnings: [] };
}

// What a warehouse would refuse: a table whose name begins with "no_".
function dry_run(yaml) {
  const report = validate(yaml);
  if (!report.valid) return report;
  yaml.split('\n').forEach((text, index) => {
    const found = /\bFROM\s+(no_\w+)/i.exec(text);
    if (found) report.errors.push({ path: 'queries.main.sql', line: index + 1, column: text.indexOf(found[1]) + 1, code: 'unknown_table', message: `there is no table '${found[1]}'`, got: found[1], allowed: [], suggestion: '' });
  });
  return { ...report, valid: report.errors.length === 0 };
}

function line_diff(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const removed = a.filter((line) => !b.includes(line)).map((line) => `-${line}`);
  const added = b.filter((line) => !a.includes(line)).map((line) => `+${line}`);
  return ['--- before', '+++ after', '@@ -1 +1 @@', ...removed, ...added, ''].join('\n');
}

function save(slug, yaml) {
  const one = state.get(slug);
  one.version += 1;
  one.updated_at = new Date().toISOString();
  const diff = line_diff(one.yaml, yaml);
  one.yaml = yaml;
  one.document = { ...one.document, title: /^title: (.*)$/m.exec(yaml)?.[1] ?? one.document.title };
  one.history.push({ version: one.version, updated_at: one.updated_at, content_hash: `sha256:${one.version}`, diff, yaml });
  return one;
}

function periods(search) {
  const { period, newest_day } = period_of(search);
  const [from, to] = period.includes('..') ? period.split('..') : [null, null];
  return from ? { periods: { period: { from, to, ...(newest_day ? { newest_day } : {}) } } } : {};
}

function answers(document, search, only) {
  const queries = {};
  const wanted = new Set(only ? [only] : Object.keys(document.queries));
  if (!only) for (const chart of Object.values(document.charts)) if (chart.compare) wanted.add(`${chart.query}@${chart.compare}`);
  for (const id of wanted) {
    const started = performance.now();
    const [query, compare] = id.split('@');
    const answer = run_query(document.slug, query, search, compare);
    if (answer.error) queries[id] = answer;
    else queries[id] = { data: { columns: answer.columns, rows: answer.rows }, metadata: { row_count: answer.rows.length, truncated: answer.truncated ?? false, bytes_scanned: 1_480_000, cost_usd: 0, cache: 'hit', age_s: 12, executed_at: new Date().toISOString(), duration_ms: Math.round(performance.now() - started) + 4, query_hash: id, version: 1, ...periods(search) } };
  }
  return queries;
}

class Refused extends Error {
  constructor(status, code, title, detail, errors) {
    super(detail);
    this.problem = { type: `/problems/${code}`, title, status, detail, code, trace_id: '4bf92f3577b34da6', ...(errors ? { errors } : {}) };
  }
}
const not_found = () => new Refused(404, 'not_found', 'Not found', 'There is no such thing, or it is not yours to see.');

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function generate(request, response, body) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let open = true;
  response.on('close', () => (open = false));
  const send = async (event, data) => {
    if (!open) return;
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    // Cut in two, as networks do.
    const cut = Math.floor(text.length / 2);
    response.write(text.slice(0, cut));
    await pause(15);
    response.write(text.slice(cut));
  };
  const slow = /slow/i.test(body.user_prompt) ? 4 : 1;
  const step = async (id, name, given, result, options = {}) => {
    await send('tool_call', { id, name, title: title_of(name), input: given, step: Number(id) });
    await pause((options.ms ?? 150) * slow);
    response.write(': heartbeat\n\n');
    await send('tool_result', { id, name, ok: !result.error, outcome: outcome_of(result), summary: options.summary ?? '', result, cached: false, ms: options.ms ?? 150, bytes_scanned: result.bytes_scanned ?? null });
  };
  await send('session', { session_id: 's1' });
  for (const word of ['I will look at ', 'which tables there are, ', 'then try a few queries.']) {
    await send('token', { text: word });
    await pause(30 * slow);
  }
  await step('1', 'list_tables', { dataset: 'main' }, { tables: [{ name: 'flights' }] }, { summary: '3 tables' });
  await step('2', 'get_table_schema', { table: 'main.flights' }, { columns: [] }, { summary: '10 columns, 3,000,000 rows' });
  await step('3', 'run_dry_run_query', { sql: 'SELECT * FROM flights, airports' }, { error: { code: 'byte_cap_exceeded', message: 'The query would scan 240 MB; the cap is 100 MB.', help: 'Choose fewer columns.' }, bytes_scanned: 240_000_000, cap_bytes: CAP_BYTES }, { ms: 90 });
  if (/fallback/i.test(body.user_prompt)) {
    await send('token', { text: 'The first model begins, and then ' });
    await send('fallback', { from: 'anthropic', to: 'rules', reason: 'anthropic did not answer three times in a row' });
    await send('reset', { step: 4 });
  }
  if (/fail/i.test(body.user_prompt)) {
    await send('error', { title: 'The model stopped', status: 503, code: 'unavailable', detail: 'The provider did not answer three times in a row.' });
    return response.end();
  }
  await step('4', 'run_dry_run_query', { sql: "SELECT date_trunc('day', departure) AS day, count(*) AS flights, avg(delay) AS delay FROM flights WHERE filter(:period, departure) GROUP BY 1 ORDER BY 1" }, { valid: true, bytes_scanned: 24_000_000, cap_bytes: CAP_BYTES, estimated_cost_usd: 0, columns: [] }, { ms: 120, summary: '3 columns' });
  await step('5', 'validate_dashboard_yaml', { yaml: 'bridge: 1\nslug: asked\n' }, { valid: true, errors: [], warnings: [] }, { ms: 60 });
  const source = state.get('flight-delays');
  const document = { ...source.document, slug: 'asked', title: body.user_prompt, provenance: { generator: 'rules', session_id: 's1', prompt: body.user_prompt, dry_run_bytes: 24_000_000 } };
  if (open) {
    records = 0;
    state.set('asked', record(document, source.yaml.replace('flight-delays', 'asked')));
  }
  await step('6', 'save_dashboard_yaml', { slug: 'asked' }, { slug: 'asked', version: 1 }, { ms: 40, summary: 'saved as asked' });
  await send('done', { session_id: 's1', dashboard_slug: 'asked', gcs_yaml_path: 'dashboards/asked.yaml', preview_url: '/d/asked', finish_reason: 'stop', raw: 'end_turn', usage: { input_tokens: 5120, cache_read_tokens: 1800, cache_write_tokens: 0, output_tokens: 640, complete: true }, cost_usd: 0.0187, model_calls: 6, truncated: false });
  response.end();
}

async function api(request, response, url, body_text) {
  const { pathname, searchParams } = url;
  const { method } = request;
  const is_json = (request.headers['content-type'] ?? '').includes('json');
  const body = body_text && is_json ? JSON.parse(body_text) : {};
  const json = (value, status = 200, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
  if (pathname === '/v1/session' && method === 'POST') {
    const good = body.key === KEY || (body.token === TOKEN && !token_used);
    if (body.token && good) token_used = process.env.FAKE_TOKEN_REUSABLE ? false : true;
    if (!good) throw new Refused(401, 'unauthenticated', 'Not signed in', 'The credentials are not valid.');
    return json(me, 200, { 'set-cookie': 'bridge_session=1; HttpOnly; SameSite=Strict; Path=/' });
  }
  if (pathname === '/v1/session' && method === 'DELETE') {
    response.writeHead(204, { 'set-cookie': 'bridge_session=; Max-Age=0; Path=/' });
    return response.end();
  }
  if (!(request.headers.cookie ?? '').includes('bridge_session=1')) throw new Refused(401, 'unauthenticated', 'Not signed in', 'Sign in first.');
  if (pathname === '/v1/me') return json(me);
  if (pathname === '/v1/onboarding/connections') return json({ items: connections, next_cursor: null });
  if (pathname === '/v1/dashboards' && method === 'GET') return json({ items: [...state.values()].map(metadata), next_cursor: null });
  if (pathname === '/v1/charts/suggest') {
    const reading = (given) => ({ mark: 'bar', x: 'origin', y: 'delay', color: null, size: null, facet: null, value: null, filters: [], aggregate: 'mean', time_unit: null, bin: null, sort: '-y', limit: 10, score: 0.8, why: '', ...given });
    const grouped = (side, value, order) => `SELECT ${side}, ${value} AS value\nFROM flights\nGROUP BY 1\nORDER BY ${order}`;
    return json({
      table: 'flights',
      readings: [reading({ sql: grouped('origin', 'avg(delay)', '2 DESC NULLS LAST, 1\nLIMIT 10') }), reading({ y: null, aggregate: 'count', sql: grouped('origin', 'count(*)', '2 DESC NULLS LAST, 1\nLIMIT 10') }), reading({ mark: 'line', x: 'date', time_unit: 'month', sort: null, limit: null, sql: grouped("CAST(date_trunc('month', date) AS DATE) AS date", 'avg(delay)', '1 NULLS LAST') }), reading({ mark: 'histogram', x: 'delay', y: null, aggregate: 'count', bin: 20 })],
      account: [{ word: 'delays', role: 'used', taken_for: 'measure', bound_to: 'delay' }, { word: 'airports', role: 'used', taken_for: 'split', bound_to: 'origin' }, ...(/night/.test(body.sentence) ? [{ word: 'not at night', role: 'unused', taken_for: null, bound_to: null }] : [])],
    });
  }
  if (pathname === '/v1/dashboards/validate') return json((searchParams.get('dry_run') === 'true' ? dry_run : validate)(is_json ? body.yaml : body_text));
  if (pathname === '/v1/dashboards/preview') {
    const report = validate(body_text);
    if (!report.valid) throw new Refused(400, 'invalid_document', 'The document has errors', report.errors[0].message, report.errors);
    const saved = state.get(/^slug: (.*)$/m.exec(body_text)?.[1] ?? '') ?? state.get('flight-delays');
    const document = { ...saved.document, title: /^title: (.*)$/m.exec(body_text)?.[1] ?? saved.document.title, version: 0 };
    return json({ document, queries: answers(document, searchParams) });
  }
  const asked = { request, response, pathname, method, body, json, search: searchParams, Refused };
  if ((await chat_api(asked)) || observability_api(asked) || prompt_blocks_api(asked)) return;
  if (pathname === '/v1/dashboards/generate') return generate(request, response, body);

  const parts = /^\/v1\/dashboards\/([^/]+)(\/.*)?$/.exec(pathname);
  const one = parts && state.get(decodeURIComponent(parts[1]));
  if (!one) throw not_found();
  const rest = parts[2] ?? '';
  if (rest === '' && method === 'GET') return json(metadata(one));
  if (rest === '' && method === 'DELETE') {
    state.delete(one.document.slug);
    response.writeHead(204);
    return response.end();
  }
  if (rest === '' && method === 'PUT') {
    const expected = /\d+/.exec(request.headers['if-match'] ?? '')?.[0];
    if (expected && Number(expected) !== one.version) throw new Refused(412, 'version_conflict', 'A newer version exists', `The dashboard is at version ${one.version}.`);
    const report = validate(body_text);
    if (!report.valid) throw new Refused(422, 'invalid_document', 'The document has errors', report.errors[0].message, report.errors);
    return json(metadata(save(one.document.slug, body_text)));
  }
  if (rest === '/document') return json({ ...one.document, version: one.version, updated_at: one.updated_at });
  if (rest === '/yaml') {
    response.writeHead(200, { 'content-type': 'application/yaml', etag: `"${one.version}"` });
    return response.end(one.yaml);
  }
  if (rest === '/history') return json({ items: one.history.map(({ yaml, ...shown }) => shown) });
  if (rest === '/restore') return json(metadata(save(one.document.slug, one.history.find((past) => past.version === body.version).yaml)));
  if (rest === '/data') {
    one.access_count += 1;
    await pause(Number(process.env.FAKE_DELAY_MS ?? 120));
    return json({ queries: answers(one.document, searchParams) });
  }
  const query = /^\/query\/([^/]+)\/data$/.exec(rest);
  if (query) {
    const answer = answers(one.document, searchParams, query[1])[query[1]];
    if (searchParams.get('format') === 'csv') {
      response.writeHead(200, { 'content-type': 'text/csv' });
      return response.end([answer.data.columns.map((column) => column.name), ...answer.data.rows].map((row) => row.join(',')).join('\r\n'));
    }
    return json(answer);
  }
  throw not_found();
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };

function page(request, response, url) {
  const asked = join(dist, normalize(url.pathname));
  const is_file = asked.startsWith(dist) && existsSync(asked) && statSync(asked).isFile();
  if (!is_file && url.pathname.startsWith('/assets/')) return response.writeHead(404).end();
  const path = is_file ? asked : join(dist, 'index.html');
  const headers = {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    'cache-control': url.pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  const br = (request.headers['accept-encoding'] ?? '').includes('br') && existsSync(`${path}.br`);
  response.writeHead(200, { ...headers, ...(br ? { 'content-encoding': 'br' } : {}) });
  createReadStream(br ? `${path}.br` : path).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1');
  try {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (url.pathname.startsWith('/v1/')) await api(request, response, url, body);
    else page(request, response, url);
  } catch (error) {
    const problem = error.problem ?? { title: 'Internal error', status: 500, code: 'internal', detail: String(error) };
    if (!error.problem) console.error(error);
    if (!response.headersSent) response.writeHead(problem.status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(problem));
  }
});
server.listen(Number(process.argv[2] ?? 8090), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ event: 'ready', url, link: `${url}/open#token=${TOKEN}`, key: KEY }));
});
