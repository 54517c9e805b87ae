// The figures of docs/benchmarks.md, each beside its peer in one run: node bench/run.mjs [start|memory|cold|export|cached|generate|first_token|idle_streams …]
import {spawn, execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {get} from 'node:http';
import {createServer} from 'node:net';
import {cpus, tmpdir, totalmem} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {DATA, expectStatus, generate, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {firstToken, idleStreams} from './streams/streams.mjs';

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values) => `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
const rows = [];
function figure(name, value, wanted, detail) {
  rows.push({name, value, wanted, detail});
  console.log(`${name.padEnd(46)} ${value.padEnd(20)} ${wanted.padEnd(24)} ${detail}`);
}

// No two rounds ask the same, so that nothing is kept from one to the next: neither answers, nor plans, nor estimates.
const queries = (round) => ({
  days: `SELECT date_trunc('day', date) AS day, count(*) AS flights, avg(delay) AS delay FROM flights_3m WHERE delay > -${2000 + round} GROUP BY 1 ORDER BY 1`,
  airports: `SELECT origin, count(*) AS flights, avg(delay) AS delay FROM flights_3m WHERE delay > -${2000 + round} GROUP BY 1 HAVING count(*) > 1000 ORDER BY 3 DESC LIMIT 15`,
  distances: `SELECT distance // 250 * 250 AS miles, count(*) AS flights, avg(delay) AS delay FROM flights_3m WHERE delay > -${2000 + round} GROUP BY 1 ORDER BY 1`,
});
const dashboard = (round) => `bridge: 1
slug: bench
title: Bench
connection: warehouse
queries:
${Object.entries(queries(round)).map(([id, sql]) => `  ${id}: {sql: ${JSON.stringify(sql)}}`).join('\n')}
charts:
  trend: {query: days, mark: line, x: day, y: delay}
  worst: {query: airports, mark: bar, x: origin, y: delay}
  far: {query: distances, mark: bar, x: miles, y: delay}
layout:
  - row: [{chart: trend}, {chart: worst}, {chart: far}]
`;

async function withDashboard(work) {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Bench', `${DATA}/flights-3m.parquet`);
    await expectStatus(team.call('POST', '/v1/dashboards', {body: dashboard(0), type: 'application/yaml'}), 201);
    await work(server, team);
  } finally {
    await server.stop();
  }
}

const benches = {
  async start() {
    const times = [];
    for (let i = 0; i < 15; ++i) {
      const server = await startServer();
      times.push(server.readyMs);
      await server.stop();
    }
    figure('start, new data folder, to ready', `${median(times).toFixed(0)} ms`, '100 ms', spread(times));
    const again = [];
    const folder = mkdtempSync(join(tmpdir(), 'bridge-bench-'));
    for (let i = 0; i < 15; ++i) {
      const server = await startServer({folder, keep: true});
      again.push(server.readyMs);
      await server.stop();
    }
    rmSync(folder, {recursive: true});
    figure('start, same data folder, to ready', `${median(again).toFixed(0)} ms`, '100 ms', spread(again));
  },

  async memory() {
    const server = await startServer();
    await new Promise((done) => setTimeout(done, 1000));
    const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
    const field = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
    figure('resident when idle', `${field('VmRSS').toFixed(0)} MiB`, '60 MB', `own ${field('RssAnon').toFixed(0)} MiB, files ${field('RssFile').toFixed(0)} MiB`);
    await server.stop();
  },

  // Each round asks the bare engine and Bridge in turn for the same three statements, which neither has seen before.
  async cold() {
    execFileSync('./dev', ['_build', 'release', 'duckdb_bare'], {stdio: ['ignore', 'ignore', 'inherit']});
    const bare = spawn('build/release/bench/duckdb_bare', [`flights_3m=${DATA}/flights-3m.parquet`], {stdio: ['pipe', 'pipe', 'inherit']});
    const lines = createInterface({input: bare.stdout})[Symbol.asyncIterator]();
    const askBare = async (round) => { bare.stdin.write(Object.values(queries(round)).join('\t') + '\n'); return Number((await lines.next()).value); };
    await withDashboard(async (server, team) => {
      // A document that it has never seen: parsed, validated, compiled, dry-run, run, encoded.
      const askBridge = async (round) => {
        const started = performance.now();
        const answer = await team.call('POST', '/v1/dashboards/preview', {body: dashboard(round), type: 'application/yaml'});
        const ms = performance.now() - started;
        for (const query of Object.values(answer.json.queries)) if (query.metadata?.cache !== 'miss') throw new Error(`not cold: ${answer.text.slice(0, 500)}`);
        return ms;
      };
      for (let i = 0; i < 3; ++i) { await askBare(i); await askBridge(i); }
      const times = {bare: [], bridge: []};
      for (let i = 0; i < 30; ++i) { times.bare.push(await askBare(10 + i)); times.bridge.push(await askBridge(10 + i)); }
      const ratio = median(times.bridge.map((ms, i) => ms / times.bare[i]));
      figure('three charts over 3 million rows, cold', `${ratio.toFixed(2)} × DuckDB`, '1.40 × DuckDB', `Bridge ${median(times.bridge).toFixed(1)} ms (${spread(times.bridge)}), DuckDB's C API ${median(times.bare).toFixed(1)} ms (${spread(times.bare)})`);
    });
    bare.stdin.end();
  },

  // A million rows of eight columns as JSON through the door for exports, against the engine's own COPY to nowhere and the same bytes from a
  // file over the same kind of socket.
  async export() {
    execFileSync('./dev', ['_build', 'release', 'duckdb_bare'], {stdio: ['ignore', 'ignore', 'inherit']});
    const bare = spawn('build/release/bench/duckdb_bare', [`flights_3m=${DATA}/flights-3m.parquet`], {stdio: ['pipe', 'pipe', 'inherit']});
    const lines = createInterface({input: bare.stdout})[Symbol.asyncIterator]();
    const sql = (round) => `SELECT date, delay, distance, origin, destination, delay * 2 AS twice, distance + ${round} AS more, origin || destination AS way FROM flights_3m LIMIT 1000000`;
    const askBare = async (round) => { bare.stdin.write(`COPY (${sql(round)}) TO '/dev/null' (FORMAT json)\n`); return Number((await lines.next()).value); };
    const folder = mkdtempSync(join(tmpdir(), 'bridge-export-'));
    const document = (round) => `bridge: 1\nslug: export${round}\ntitle: Export\nconnection: warehouse\nqueries:\n  q: {sql: ${JSON.stringify(sql(round))}}\ncharts:\n  t: {query: q, mark: table}\n`;
    await withDashboard(async (server, team) => {
      const rounds = 7;
      for (let i = 0; i <= rounds; ++i) await expectStatus(team.call('POST', '/v1/dashboards?dry_run=false', {body: document(i), type: 'application/yaml'}), 201);
      const headers = {authorization: `Bearer ${server.operatorKey}`, 'x-bridge-team': team.id};
      const file = await open(join(folder, 'answer.json'), 'w');
      await pull(`${server.url}/v1/dashboards/export0/query/q/data?format=json`, headers, (chunk) => file.write(chunk));
      await file.close();
      const port = await freePort();
      writeFileSync(join(folder, 'nginx.conf'), `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log; user root;
events { worker_connections 64; }
http { access_log off; sendfile on; types { application/json json; } server { listen 127.0.0.1:${port}; root ${folder}; } }`);
      const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], {stdio: ['ignore', 'ignore', 'ignore']});
      await new Promise((done) => setTimeout(done, 500));
      const peak = () => Number(readFileSync(`/proc/${server.child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024;
      const before = peak();
      const times = {bare: [], socket: [], bridge: []};
      let bytes = 0;
      for (let i = 1; i <= rounds; ++i) {
        times.bare.push(await askBare(i));
        times.socket.push((await pull(`http://127.0.0.1:${port}/answer.json`, {})).ms);
        const got = await pull(`${server.url}/v1/dashboards/export${i}/query/q/data?format=json`, headers);
        times.bridge.push(got.ms);
        bytes = got.bytes;
      }
      nginx.kill();
      const ratio = median(times.bridge.map((ms, i) => ms / (times.bare[i] + times.socket[i])));
      figure('1,000,000 × 8 rows as JSON, exported', `${ratio.toFixed(2)} × COPY`, '1.00 × COPY and socket', `${(bytes / 1e6).toFixed(0)} MB; Bridge ${median(times.bridge).toFixed(0)} ms (${spread(times.bridge)}), COPY ${median(times.bare).toFixed(0)} ms, socket ${median(times.socket).toFixed(0)} ms; ${(peak() - before).toFixed(0)} MiB more than after the first`);
    });
    bare.stdin.end();
    rmSync(folder, {recursive: true, force: true});
  },

  // wrk against Bridge (key checked at each request) and nginx (the same bytes as a static file), in turn.
  async cached() {
    await withDashboard(async (server, team) => {
      const key = await team.as('viewer');
      const url = `${server.url}/v1/dashboards/bench/data`;
      const body = (await server.call('GET', '/v1/dashboards/bench/data', {key, headers: {'accept-encoding': 'identity'}})).text;
      const folder = mkdtempSync(join(tmpdir(), 'bridge-nginx-'));
      writeFileSync(join(folder, 'data.json'), body);
      const port = await freePort();
      writeFileSync(join(folder, 'nginx.conf'), `worker_processes 2; daemon off; pid ${folder}/pid; error_log ${folder}/error.log; user root;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 100000000; types { application/json json; }
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3; uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  server { listen 127.0.0.1:${port} reuseport; root ${folder}; } }`);
      const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], {stdio: ['ignore', 'ignore', 'ignore']});
      await new Promise((done) => setTimeout(done, 500));
      const wrk = (target, headers = []) => {
        const out = execFileSync('wrk', ['-t1', '-c64', '-d3s', ...headers.flatMap((header) => ['-H', header]), target], {encoding: 'utf8'});
        if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
        return Number(out.match(/Requests\/sec:\s+([\d.]+)/)[1]);
      };
      const rates = {bridge: [], nginx: []};
      wrk(url, [`Authorization: Bearer ${key}`]);
      wrk(`http://127.0.0.1:${port}/data.json`);
      for (let i = 0; i < 7; ++i) {
        rates.bridge.push(wrk(url, [`Authorization: Bearer ${key}`]));
        rates.nginx.push(wrk(`http://127.0.0.1:${port}/data.json`));
      }
      nginx.kill();
      rmSync(folder, {recursive: true, force: true});
      const ratio = median(rates.bridge.map((rate, i) => rate / rates.nginx[i]));
      figure('cached dashboard, key checked', `${ratio.toFixed(2)} × nginx`, '1.00 × nginx', `${body.length} bytes; Bridge ${median(rates.bridge).toFixed(0)}/s, nginx ${median(rates.nginx).toFixed(0)}/s`);
    });
  },

  async generate() {
    const server = await startServer();
    try {
      const team = await makeTeam(server, 'Generate', `${DATA}/flights-3m.parquet`);
      const times = [];
      for (const sentence of ['Which airports have the longest delays, and when?', 'how did our flights go this year?', 'average delay by distance', 'busiest routes by month', 'flights per day from ATL']) {
        const started = performance.now();
        const {done, last} = await generate(server, team, sentence);
        if (!done) throw new Error(JSON.stringify(last));
        times.push(performance.now() - started);
      }
      figure('a sentence to a saved dashboard, 3 million rows', `${median(times).toFixed(0)} ms`, '2000 ms', `first (statistics not yet read) ${times[0].toFixed(0)} ms, ${spread(times)}`);
    } finally {
      await server.stop();
    }
  },

  first_token: () => firstToken(figure),
  idle_streams: () => idleStreams(figure),
};

// A whole answer, read and thrown away.
function pull(url, headers, take = null) {
  return new Promise((done, fail) => {
    const started = performance.now();
    get(url, {headers}, (response) => {
      let bytes = 0;
      const writes = [];
      response.on('data', (chunk) => { bytes += chunk.length; if (take) writes.push(take(chunk)); });
      response.on('error', fail);
      response.on('end', async () => { await Promise.all(writes); done({ms: performance.now() - started, bytes, status: response.statusCode}); });
    }).on('error', fail);
  });
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => done(port));
    });
  });
}

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!benches[name]) {
    console.error(`There is no benchmark '${name}': ${Object.keys(benches).join(', ')}`);
    process.exit(2);
  }
}
console.log(`${cpus().length} × ${cpus()[0].model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB\n`);
console.log(`${'figure'.padEnd(46)} ${'measured'.padEnd(20)} ${'wanted'.padEnd(24)} detail`);
for (const name of wanted.length ? wanted : Object.keys(benches)) await benches[name]();
console.log(`\n| figure | measured | wanted | detail |\n| --- | --- | --- | --- |\n${rows.map(({name, value, wanted: goal, detail}) => `| ${name} | ${value} | ${goal} | ${detail} |`).join('\n')}`);
