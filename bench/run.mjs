// The figures of docs/benchmarks.md, each beside its peer in one run: node bench/run.mjs [--against PROGRAM] [NAME …]
// With --against, another build of Bridge is measured in turn with this one: start, memory, cold and cached then print both, as pairs.
import {spawn, execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {get} from 'node:http';
import {createServer} from 'node:net';
import {cpus, tmpdir, totalmem} from 'node:os';
import {join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {median, processorSeconds, residentMiB, spread} from './figures.mjs';
import {BINARY, DATA, expectStatus, generate, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {hanging} from './hanging.mjs';
import {postgres} from './postgres.mjs';
import {scale} from './scale.mjs';
import {traffic} from './traffic.mjs';
import {walls} from './walls.mjs';
import {firstToken, idleStreams} from './streams/streams.mjs';

const wanted = process.argv.slice(2);
const against = wanted.indexOf('--against') < 0 ? null : resolve(wanted.splice(wanted.indexOf('--against'), 2)[1] ?? '');
const programs = [BINARY, ...(against ? [against] : [])];
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

// `work` with a server and a team of each program.
async function withDashboards(work) {
  const all = [];
  try {
    for (const binary of programs) {
      const server = await startServer({binary});
      all.push({server});
      all.at(-1).team = await makeTeam(server, 'Bench', `${DATA}/flights-3m.parquet`);
      await expectStatus(all.at(-1).team.call('POST', '/v1/dashboards', {body: dashboard(0), type: 'application/yaml'}), 201);
    }
    await work(all);
  } finally {
    for (const {server} of all) await server.stop();
  }
}

const benches = {
  async start() {
    const fresh = programs.map(() => []);
    for (let i = 0; i < 15; ++i) {
      for (const [at, binary] of programs.entries()) {
        const server = await startServer({binary});
        fresh[at].push(server.readyMs);
        await server.stop();
      }
    }
    pairs('start, new data folder, to ready', fresh, '100 ms', (ms) => `${ms.toFixed(0)} ms`);
    const again = programs.map(() => []);
    const folders = programs.map(() => mkdtempSync(join(tmpdir(), 'bridge-bench-')));
    for (let i = 0; i < 15; ++i) {
      for (const [at, binary] of programs.entries()) {
        const server = await startServer({binary, folder: folders[at], keep: true});
        again[at].push(server.readyMs);
        await server.stop();
      }
    }
    for (const folder of folders) rmSync(folder, {recursive: true});
    pairs('start, same data folder, to ready', again, '100 ms', (ms) => `${ms.toFixed(0)} ms`);
  },

  async memory() {
    const resident = programs.map(() => []);
    for (let i = 0; i < (against ? 5 : 1); ++i) {
      for (const [at, binary] of programs.entries()) {
        const server = await startServer({binary});
        await new Promise((done) => setTimeout(done, 1000));
        resident[at].push(residentMiB(server));
        await server.stop();
      }
    }
    pairs('resident when idle', resident, '60 MB', (size) => `${size.toFixed(0)} MiB`);
  },

  // Each round asks the bare engine and Bridge in turn for the same three statements, which neither has seen before.
  async cold() {
    execFileSync('./dev', ['_build', 'release', 'duckdb_bare'], {stdio: ['ignore', 'ignore', 'inherit']});
    const bare = spawn('build/release/bench/duckdb_bare', [`flights_3m=${DATA}/flights-3m.parquet`], {stdio: ['pipe', 'pipe', 'inherit']});
    const lines = createInterface({input: bare.stdout})[Symbol.asyncIterator]();
    const askBare = async (round) => { bare.stdin.write(Object.values(queries(round)).join('\t') + '\n'); return Number((await lines.next()).value); };
    await withDashboards(async (all) => {
      // A document that it has never seen: parsed, validated, compiled, dry-run, run, encoded.
      const askBridge = async ({team}, round) => {
        const started = performance.now();
        const answer = await team.call('POST', '/v1/dashboards/preview', {body: dashboard(round), type: 'application/yaml'});
        const ms = performance.now() - started;
        for (const query of Object.values(answer.json.queries)) if (query.metadata?.cache !== 'miss') throw new Error(`not cold: ${answer.text.slice(0, 500)}`);
        return ms;
      };
      const times = {bare: [], bridge: all.map(() => [])};
      for (let i = 0; i < 33; ++i) {
        const bareMs = await askBare(i);
        const bridgeMs = [];
        for (const each of all) bridgeMs.push(await askBridge(each, i));
        if (i < 3) continue;
        times.bare.push(bareMs);
        bridgeMs.forEach((ms, at) => times.bridge[at].push(ms));
      }
      const ratios = times.bridge.map((ms) => ms.map((each, i) => each / times.bare[i]));
      pairs('three charts over 3 million rows, cold', ratios, '1.05 × DuckDB', (ratio) => `${ratio.toFixed(2)} × DuckDB`, `Bridge ${median(times.bridge[0]).toFixed(1)} ms (${spread(times.bridge[0])}), DuckDB's C API ${median(times.bare).toFixed(1)} ms (${spread(times.bare)})`);
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
    await withDashboards(async ([{server, team}]) => {
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

  // wrk against Bridge (key checked at each request) and nginx (the same bytes as a static file), in turn; processor time beside it.
  async cached() {
    await withDashboards(async (all) => {
      const targets = [];
      let body = '';
      for (const {server, team} of all) {
        const key = await team.as('viewer');
        body = (await server.call('GET', '/v1/dashboards/bench/data', {key, headers: {'accept-encoding': 'identity'}})).text;
        targets.push({url: `${server.url}/v1/dashboards/bench/data`, headers: [`Authorization: Bearer ${key}`], pids: [server.child.pid], rates: [], us: []});
      }
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
      const workers = execFileSync('pgrep', ['-P', String(nginx.pid)], {encoding: 'utf8'}).trim().split('\n').map(Number);
      const peer = {url: `http://127.0.0.1:${port}/data.json`, headers: [], pids: workers, rates: [], us: []};
      const load = (target) => {
        const before = processorSeconds(target.pids);
        const out = execFileSync('wrk', ['-t1', '-c64', '-d3s', ...target.headers.flatMap((header) => ['-H', header]), target.url], {encoding: 'utf8'});
        if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
        const requests = Number(out.match(/(\d+) requests in/)[1]);
        target.rates.push(Number(out.match(/Requests\/sec:\s+([\d.]+)/)[1]));
        target.us.push((processorSeconds(target.pids) - before) / requests * 1e6);
      };
      for (let i = 0; i < 8; ++i) for (const target of [...targets, peer]) load(target);
      for (const target of [...targets, peer]) { target.rates.shift(); target.us.shift(); }
      nginx.kill();
      rmSync(folder, {recursive: true, force: true});
      const ratios = (of) => targets.map((target) => target[of].map((value, i) => value / peer[of][i]));
      pairs('cached dashboard, key checked', ratios('rates'), '1.00 × nginx', (ratio) => `${ratio.toFixed(2)} × nginx`, `${body.length} bytes; Bridge ${median(targets[0].rates).toFixed(0)}/s, nginx ${median(peer.rates).toFixed(0)}/s`);
      pairs('the same, processor time a request', ratios('us'), '1.00 × nginx', (ratio) => `${ratio.toFixed(2)} × nginx`, `Bridge ${median(targets[0].us).toFixed(1)} µs, nginx ${median(peer.us).toFixed(1)} µs`);
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
  scale: () => scale(figure),
  hanging: () => hanging(figure),
  walls: () => walls(figure, programs),
  postgres: () => postgres(figure),
};
// Takes half an hour, so it is run only when it is named.
const longBenches = {traffic: () => traffic(figure)};

// `values`: one list for each program. Beside another program, the median of the pairs' ratios tells.
function pairs(name, values, goal, format, detail = null) {
  const own = detail ?? spread(values[0]);
  if (!against) return figure(name, format(median(values[0])), goal, own);
  figure(name, format(median(values[0])), goal, `${own}; before ${format(median(values[1]))}, ${median(values[0].map((value, i) => value / values[1][i])).toFixed(2)} × it`);
}

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

for (const name of wanted) {
  if (!benches[name] && !longBenches[name]) {
    console.error(`There is no benchmark '${name}': ${[...Object.keys(benches), ...Object.keys(longBenches)].join(', ')}`);
    process.exit(2);
  }
}
console.log(`${cpus().length} × ${cpus()[0].model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB\n`);
console.log(`${'figure'.padEnd(46)} ${'measured'.padEnd(20)} ${'wanted'.padEnd(24)} detail`);
for (const name of wanted.length ? wanted : Object.keys(benches)) await (benches[name] ?? longBenches[name])();
console.log(`\n| figure | measured | wanted | detail |\n| --- | --- | --- | --- |\n${rows.map(({name, value, wanted: goal, detail}) => `| ${name} | ${value} | ${goal} | ${detail} |`).join('\n')}`);
