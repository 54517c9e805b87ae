// Exports: the whole answer of a query, past the limit on the rows of a view, never all of it in memory.
import assert from 'node:assert/strict';
import test from 'node:test';
import http from 'node:http';
import {copyFileSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {DATA, expectStatus, independentRows, makeTeam, startServer, temporaryFolder} from './harness.mjs';

const FLIGHTS = join(DATA, 'flights-3m.parquet');
const ROWS = 1_000_000;
const MEMORY_MORE_MAX = 64 << 20;

const yaml = (sql, policy = '') => `bridge: 1\nslug: flights\ntitle: Flights\nconnection: warehouse\n${policy}queries:\n  q:\n    sql: ${JSON.stringify(sql)}\n` +
  '  byo:\n    from: [q]\n    sql: SELECT origin, count(*) AS n FROM q GROUP BY 1 ORDER BY 1\n' +
  'charts:\n  t: {query: q, mark: table}\n  b: {query: byo, mark: table}\n';

async function withFlights(work, sql, policy) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'data'));
  copyFileSync(FLIGHTS, join(folder, 'data', 'flights.parquet'));
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Exports', join(folder, 'data'));
    await expectStatus(team.call('POST', '/v1/dashboards?dry_run=false', {body: yaml(sql, policy), type: 'application/yaml'}), 201);
    await work(team, server);
  } finally {
    await server.stop();
    rmSync(folder, {recursive: true, force: true});
  }
}

const residentBytes = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) << 10;
const peakBytes = (server) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) * 1024;

// A request whose answer is read as slowly as `onChunk` likes.
function open(server, team, path) {
  return new Promise((done, fail) => {
    const request = http.get(server.url + path, {headers: {authorization: `Bearer ${team.key ?? server.operatorKey}`, 'x-bridge-team': team.id ?? team.slug}}, done);
    request.on('error', fail);
  });
}
async function countedLines(response) {
  let lines = 0;
  for await (const chunk of response) for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) ++lines;
  return lines;
}

test('a million rows leave as CSV and as JSON, whole, and the server grows by no more than batches', () => withFlights(async (team, server) => {
  const [truth] = await independentRows(`SELECT count(*) AS n, sum(delay) AS delay FROM (SELECT * FROM '${FLIGHTS}' LIMIT ${ROWS})`);
  await expectStatus(team.call('GET', '/v1/dashboards/flights/data'), 200);
  await expectStatus(team.call('GET', '/v1/dashboards/flights/query/q/data?format=csv&limit=10'), 200);
  const before = peakBytes(server);
  const response = await open(server, team, '/v1/dashboards/flights/query/q/data?format=csv');
  assert.equal(response.statusCode, 200);
  assert.match(response.headers['content-disposition'], /flights-q\.csv/);
  assert.equal(await countedLines(response), ROWS + 1);
  assert.ok(peakBytes(server) - before < MEMORY_MORE_MAX, `${(peakBytes(server) - before) >> 20} MiB more`);
  const json = await expectStatus(team.call('GET', '/v1/dashboards/flights/query/q/data?format=json'), 200);
  const {data, metadata} = json.json;
  assert.equal(data.rows.length, ROWS);
  assert.equal(metadata.row_count, ROWS);
  assert.equal(metadata.truncated, false);
  const delay = data.columns.findIndex(({name}) => name === 'delay');
  assert.equal(data.rows.reduce((sum, row) => sum + row[delay], 0), Number(truth.delay));
  const view = (await team.call('GET', '/v1/dashboards/flights/query/q/data')).json;
  assert.ok(view.metadata.truncated && view.data.rows.length < ROWS, 'a view keeps its limit');
}, `SELECT * FROM flights LIMIT ${ROWS}`));

test('an export sorts and limits in the engine, and refuses what it does not know', () => withFlights(async (team) => {
  const path = '/v1/dashboards/flights/query/q/data';
  const top = (await expectStatus(team.call('GET', `${path}?format=csv&sort=-distance&limit=3`), 200)).text.trim().split('\r\n');
  const longest = await independentRows(`SELECT distance FROM '${FLIGHTS}' ORDER BY 1 DESC LIMIT 3`);
  const at = top[0].split(',').indexOf('distance');
  assert.deepEqual(top.slice(1).map((line) => line.split(',')[at]), longest.map(({distance}) => String(distance)));
  assert.equal((await team.call('GET', `${path}?format=csv&sort=nothing`)).status, 422);
  assert.equal((await team.call('GET', `${path}?format=xlsx`)).status, 422);
  assert.equal((await team.call('GET', '/v1/dashboards/flights/query/none/data?format=csv')).status, 404);
  const posted = await team.call('POST', path, {body: {format: 'csv', limit: 2}});
  assert.equal(posted.text.trim().split('\r\n').length, 3);
}, 'SELECT origin, distance FROM flights'));

test('a query over another answer is exported from the whole of it', () => withFlights(async (team) => {
  const rows = (await expectStatus(team.call('GET', '/v1/dashboards/flights/query/byo/data?format=csv'), 200)).text.trim().split('\r\n').slice(1);
  const truth = await independentRows(`SELECT origin, count(*) AS n FROM (SELECT * FROM '${FLIGHTS}' LIMIT 60000) GROUP BY 1 ORDER BY 1`);
  assert.deepEqual(rows.map((row) => row.split(',')), truth.map(({origin, n}) => [origin, String(n)]));
}, 'SELECT origin FROM flights LIMIT 60000'));

test('an export over the cap is refused before its first byte', () => withFlights(async (team) => {
  const refused = await team.call('GET', '/v1/dashboards/flights/query/q/data?format=csv');
  assert.ok(refused.status >= 400 && refused.status < 500, String(refused.status));
  assert.match(refused.json.detail, /cap/);
}, 'SELECT * FROM flights', 'policy: {max_bytes: 1KB}\n'));

test('clients that do not read hold their own exports only, and give them back when they go', () => withFlights(async (team, server) => {
  const path = '/v1/dashboards/flights/query/q/data?format=csv';
  const idle = await Promise.all([1, 2, 3].map(() => open(server, team, path)));
  for (const response of idle) assert.equal(response.statusCode, 200);
  const fourth = await team.call('GET', path);
  assert.equal(fourth.status, 429);
  assert.ok(fourth.headers.get('retry-after'));
  const started = performance.now();
  await expectStatus(team.call('GET', '/v1/dashboards/flights/data', {headers: {'cache-control': 'no-cache'}}), 200);
  assert.ok(performance.now() - started < 10_000, 'views go on');
  const resident = residentBytes(server);
  for (const response of idle) response.destroy();
  for (let i = 0; ; ++i) {
    const again = await open(server, team, path);
    const status = again.statusCode;
    again.destroy();
    if (status === 200) break;
    assert.ok(i < 100, 'a place is given back');
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.ok(resident < 1 << 30);
}, 'SELECT * FROM flights'));
