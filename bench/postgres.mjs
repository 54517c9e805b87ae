// PostgreSQL as a warehouse, beside a program of libpq alone that reads the same rows and drops them: large answers, a large catalog, cached
// views, and a server that hangs.
import {execFileSync, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {get} from 'node:http';
import {createInterface} from 'node:readline';
import {DATA, expectStatus, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {startPostgres} from '../tests/integration/postgres_server.mjs';
import {median, pause, percentile, processorSeconds, spread} from './figures.mjs';

const ROUNDS = 7;
const TABLES = 10_000;
const COLUMNS = 30;
const VIEWERS = 100;
const SQL = 'SELECT id, day, at, region, product, amount, price, good FROM rows ORDER BY id';

const document = (slug, sql, connection = 'postgres') => `bridge: 1\nslug: ${slug}\ntitle: ${slug}\nconnection: ${connection}\nqueries:\n  q: {sql: ${JSON.stringify(sql)}}\ncharts:\n  t: {query: q, mark: table}\nlayout:\n  - row: [{chart: t}]\n`;
const save = (team, text) => expectStatus(team.call('POST', '/v1/dashboards?dry_run=false', {body: text, type: 'application/yaml'}), 201);

const pull = (url, headers) =>
  new Promise((done, fail) => {
    const started = performance.now();
    let bytes = 0;
    get(url, {headers}, (response) => {
      if (response.statusCode !== 200) fail(new Error(`status ${response.statusCode} of ${url}`));
      response.on('data', (chunk) => { bytes += chunk.length; });
      response.on('end', () => done({ms: performance.now() - started, bytes}));
    }).on('error', fail);
  });

async function makeConnection(server, team, credentials, name = 'postgres') {
  return (await expectStatus(team.call('POST', '/v1/onboarding/connections?test=true', {body: {name, connection_type: 'postgres', credentials}}), 201)).json.id;
}

async function largeAnswers(figure, postgres, server, team) {
  const bare = spawn('build/release/bench/postgres_bare', [`host=127.0.0.1 port=${postgres.port} dbname=bench user=postgres password=super`], {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: bare.stdout})[Symbol.asyncIterator]();
  const askBare = async () => {
    bare.stdin.write(`${SQL}\n`);
    const [ms, processor] = (await lines.next()).value.split(' ').map(Number);
    return {ms, processor};
  };
  await save(team, document('large', SQL));
  const headers = {authorization: `Bearer ${server.operatorKey}`, 'x-bridge-team': team.id};
  const memory = (what) => Number(readFileSync(`/proc/${server.child.pid}/status`, 'utf8').match(new RegExp(`${what}:\\s+(\\d+)`))[1]) / 1024;
  const url = (format) => `${server.url}/v1/dashboards/large/query/q/data?format=${format}`;
  await pull(url('json'), headers);
  await askBare();
  const before = memory('VmRSS');
  const times = {bare: [], bridge: [], bareProcessor: [], processor: [], csv: []};
  let bytes = 0;
  for (let i = 0; i < ROUNDS; ++i) {
    const peer = await askBare();
    const processor = processorSeconds([server.child.pid]);
    const got = await pull(url('json'), headers);
    times.processor.push((processorSeconds([server.child.pid]) - processor) * 1e3);
    times.bridge.push(got.ms);
    times.bare.push(peer.ms);
    times.bareProcessor.push(peer.processor);
    bytes = got.bytes;
    times.csv.push((await pull(url('csv'), headers)).ms);
  }
  bare.stdin.end();
  const ratio = median(times.bridge.map((ms, i) => ms / times.bare[i]));
  figure('1,000,000 × 8 rows of PostgreSQL as JSON', `${ratio.toFixed(2)} × bare libpq`, '1.25 × bare libpq',
    `${(bytes / 1e6).toFixed(0)} MB; Bridge ${median(times.bridge).toFixed(0)} ms (${spread(times.bridge)}), libpq in binary, dropped, ${median(times.bare).toFixed(0)} ms; as CSV ${median(times.csv).toFixed(0)} ms; ` +
    `processor time: libpq ${median(times.bareProcessor).toFixed(0)} ms, Bridge with decoding, encoding and socket ${median(times.processor).toFixed(0)} ms; ${(memory('VmHWM') - before).toFixed(0)} MiB at most above ${before.toFixed(0)}`);
}

async function largeCatalog(figure, postgres, server, team) {
  await postgres.sql('CREATE DATABASE large');
  const columns = Array.from({length: COLUMNS}, (_, i) => `column_${i} ${['int', 'text', 'numeric(10,2)', 'timestamptz', 'boolean'][i % 5]}`).join(', ');
  for (let from = 0; from < TABLES; from += 500) {
    await postgres.sql(Array.from({length: 500}, (_, i) => `CREATE TABLE table_${from + i} (${columns});`).join('\n'), 'large');
  }
  const id = await makeConnection(server, team, postgres.credentials('large'), 'large');
  const datasets = (await expectStatus(team.call('POST', `/v1/onboarding/catalog/discover?connection_id=${id}`), 200)).json;
  const dataset = (datasets.items ?? datasets).find(({name}) => name === 'public');
  const started = performance.now();
  const {job_id} = await (async () => {
    const answer = await team.call('POST', '/v1/onboarding/catalog/scan', {body: {dataset_id: dataset.id}});
    if (answer.status >= 300) throw new Error(answer.text);
    return {job_id: answer.json.job_id ?? answer.json.id};
  })();
  let job = null;
  const progress = new Set();
  do {
    await pause(50);
    job = (await expectStatus(team.call('GET', `/v1/jobs/${job_id}`), 200)).json;
    progress.add(job.progress);
  } while (!job.finished_at);
  const seconds = (performance.now() - started) / 1e3;
  if (job.status !== 'completed') throw new Error(JSON.stringify(job));
  const searches = [];
  for (let i = 0; i < 20; ++i) {
    const at = performance.now();
    await expectStatus(team.call('GET', `/v1/onboarding/catalog/search?connection_id=${id}&q=table_${400 * i}`), 200);
    searches.push(performance.now() - at);
  }
  figure(`${TABLES} tables × ${COLUMNS} columns, scanned`, `${seconds.toFixed(1)} s`, '10 s', `progress told ${progress.size} times; searched in ${median(searches).toFixed(0)} ms (${spread(searches)}), wanted 20 ms`);
}

async function cachedViews(figure, server, team) {
  const other = await makeTeam(server, 'DuckDB', `${DATA}/cars.json`);
  await save(team, document('cached', 'SELECT region, count(*) AS n FROM rows GROUP BY 1 ORDER BY 1'));
  await save(other, document('cached', 'SELECT Origin AS region, count(*) AS n FROM cars GROUP BY 1 ORDER BY 1', 'warehouse'));
  const targets = [];
  for (const owner of [team, other]) {
    const key = await owner.as('viewer');
    await expectStatus(owner.call('GET', '/v1/dashboards/cached/data', {key}), 200);
    targets.push({key, rates: []});
  }
  for (let i = 0; i < ROUNDS; ++i) {
    for (const target of targets) {
      const out = execFileSync('wrk', ['-t1', '-c64', '-d2s', '-H', `Authorization: Bearer ${target.key}`, `${server.url}/v1/dashboards/cached/data`], {encoding: 'utf8'});
      if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
      target.rates.push(Number(out.match(/Requests\/sec:\s+([\d.]+)/)[1]));
    }
  }
  const ratio = median(targets[0].rates.map((rate, i) => rate / targets[1].rates[i]));
  figure('a cached view of PostgreSQL', `${ratio.toFixed(2)} × DuckDB's`, '1.00 × DuckDB\'s', `${median(targets[0].rates).toFixed(0)}/s against ${median(targets[1].rates).toFixed(0)}/s`);
}

// Passes bytes on until it is told to hang.
async function startProxy(port) {
  let hangs = false;
  const sockets = new Set();
  const proxy = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const [a, b] of [[from, to], [to, from]]) {
      sockets.add(a);
      a.on('data', (bytes) => { if (!hangs) b.write(bytes); });
      a.on('close', () => b.destroy());
      a.on('error', () => b.destroy());
    }
  }).listen(0, '127.0.0.1');
  await new Promise((done) => proxy.on('listening', done));
  return {port: proxy.address().port, hang: () => { hangs = true; }, stop: () => { for (const socket of sockets) socket.destroy(); proxy.close(); }};
}

async function hangingServer(figure, postgres, server) {
  const proxy = await startProxy(postgres.port);
  const team = await makeTeam(server, 'Hangs', `${DATA}/cars.json`);
  await makeConnection(server, team, postgres.credentials('bench', {port: String(proxy.port)}));
  await save(team, document('stuck', 'SELECT count(*) AS n FROM rows'));
  const yaml = 'bridge: 1\nslug: well\ntitle: Well\nconnection: warehouse\nparams:\n  least: {type: number, default: 3}\nqueries:\n  q: {sql: "SELECT Origin, count(*) AS n FROM cars WHERE Cylinders > :least GROUP BY 1"}\ncharts:\n  t: {query: q, mark: table}\nlayout:\n  - row: [{chart: t}]\n';
  await save(team, yaml);
  await expectStatus(team.call('GET', '/v1/dashboards/stuck/data'), 200);
  const measure = async (from) => {
    const times = [];
    for (let i = 0; i < 200; ++i) {
      const at = performance.now();
      await expectStatus(team.call('GET', `/v1/dashboards/well/data?least=${from + i}`), 200);
      times.push(performance.now() - at);
    }
    return percentile(times, 0.99);
  };
  await measure(1_000);
  const before = await measure(2_000);
  proxy.hang();
  const started = performance.now();
  const ends = Array.from({length: VIEWERS}, () => team.call('GET', '/v1/dashboards/stuck/data', {headers: {'cache-control': 'no-cache'}}).then((answer) => ({ms: performance.now() - started, answer})));
  await pause(500);
  const during = await measure(3_000);
  const all = await Promise.all(ends);
  const sessions = Number((await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bridge' AND state = 'active'", 'bench')).trim());
  proxy.stop();
  figure(`${VIEWERS} viewers of a PostgreSQL that hangs`, `others' p99 ${(during / before).toFixed(2)} ×`, '1.50 × of normal',
    `fresh views of the same team's other connection; the viewers were answered within ${(Math.max(...all.map(({ms}) => ms)) / 1e3).toFixed(1)} s, ${sessions} queries left on the server`);
}

export async function postgres(figure) {
  execFileSync('./dev', ['_build', 'release', 'postgres_bare'], {stdio: ['ignore', 'ignore', 'inherit']});
  const warehouse = await startPostgres({settings: ['max_locks_per_transaction=1024']});
  const server = await startServer({env: {BRIDGE_MAX_BYTES_BILLED: '10GB'}});  // a table read by rows is larger than what is asked of it
  try {
    await warehouse.sql('CREATE DATABASE bench');
    await warehouse.sql(`CREATE TABLE rows AS SELECT n AS id, DATE '2020-01-01' + n % 1000 AS day, timestamptz '2020-01-01 00:00Z' + n * interval '1 minute' AS at, (ARRAY['north','south','east','west'])[n % 4 + 1] AS region, 'Product ' || n % 100 AS product, (n % 100000)::numeric / 100 AS amount, n * 0.5::float8 AS price, n % 3 = 0 AS good FROM generate_series(1, 1000000) n; ALTER TABLE rows ADD PRIMARY KEY (id); ANALYZE`, 'bench');
    const team = await makeTeam(server, 'PostgreSQL');
    await makeConnection(server, team, warehouse.credentials('bench'));
    await largeAnswers(figure, warehouse, server, team);
    await cachedViews(figure, server, team);
    await hangingServer(figure, warehouse, server);
    await largeCatalog(figure, warehouse, server, team);
  } finally {
    await server.stop();
    await warehouse.stop();
  }
}
