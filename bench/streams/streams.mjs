// Streams of models through Bridge: what it adds to the first token, what a thousand that wait cost, and a reader that does not read.
// The upstream and the clients are stream_load.cpp; BENCH_STREAM_LOAD names another build of it, BENCH_PAIRS, BENCH_STREAMS and BENCH_IDLE_STREAMS other numbers.
import {execFile, execFileSync, spawn} from 'node:child_process';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {createServer} from 'node:net';
import {join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {promisify} from 'node:util';
import {expectStatus, makeTeam, startServer} from '../../tests/integration/harness.mjs';

const PAIRS = Number(process.env.BENCH_PAIRS ?? 5);
const PORTKEY_PAIRS = 3;
const STREAMS = Number(process.env.BENCH_STREAMS ?? 100);
const TURNS = 5;  // of one session: its history grows with each
const IDLE_STREAMS = Number(process.env.BENCH_IDLE_STREAMS ?? 1000);
const PATIENCE_MS = 30_000;  // of a run that should end within a few seconds
const OTHERS = 20;           // beside the slow reader

const TALK = 'bench(first=200,gap=50,tokens=10)';
const ANTHROPIC = {first: '"type":"content_block_delta"', last: 'message_stop'};
const BRIDGE = {first: 'event: token', last: 'event: done'};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (us, digits = 2) => (us === undefined || us === null || Number.isNaN(us) ? 'none' : `${(us / 1000).toFixed(digits)} ms`);
const range = (values) => `${(Math.min(...values) / 1000).toFixed(2)} to ${(Math.max(...values) / 1000).toFixed(2)}`;
const pause = (time) => new Promise((done) => setTimeout(done, time));

function program() {
  if (process.env.BENCH_STREAM_LOAD) return process.env.BENCH_STREAM_LOAD;
  const built = resolve('build/release/bench/streams/stream_load');
  const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
  // Not asked for needlessly: it would wait for whatever else is being built there.
  if (changed(built) < changed('bench/streams/stream_load.cpp')) execFileSync('./dev', ['_build', 'release', 'stream_load'], {stdio: 'pipe'});
  return built;
}

async function startUpstream(binary) {
  const child = spawn(binary, ['upstream', '0'], {stdio: ['ignore', 'pipe', 'inherit']});
  const first = await createInterface({input: child.stdout})[Symbol.asyncIterator]().next();
  const {port} = JSON.parse(first.value);
  const url = `http://127.0.0.1:${port}`;
  return {
    port,
    url,
    stats: async () => (await fetch(`${url}/_stats`)).json(),
    release: async () => (await fetch(`${url}/_release`, {method: 'POST'})).json(),
    stop: () => child.kill(),
  };
}

/** Runs the clients; `result` is what they measured, `waiting` when each stream has its first token or none will come. */
function load(binary, mode, {port, path, paths = [path], headers = {}, body, first = '-', last, ...numbers}) {
  const args = [mode, '--port', port, '--body', JSON.stringify(body), '--first', first, '--last', last];
  for (const one of paths) args.push('--path', one);
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  for (const [name, value] of Object.entries({patience_ms: PATIENCE_MS, ...numbers})) {
    if (value === true) args.push(`--${name.replaceAll('_', '-')}`);
    else args.push(`--${name.replaceAll('_', '-')}`, value);
  }
  const child = spawn(binary, args.map(String), {stdio: ['ignore', 'pipe', 'inherit']});
  let waiting;
  const isWaiting = new Promise((done) => { waiting = done; });
  let result = null;
  createInterface({input: child.stdout}).on('line', (line) => {
    const said = JSON.parse(line);
    if (said.waiting !== undefined) waiting(said);
    else result = said;
  });
  const ended = new Promise((done, fail) => child.on('close', (code) => {
    waiting(null);
    if (result) done(result);
    else fail(new Error(`${mode} ended with ${code}`));
  }));
  return {waiting: isWaiting, result: ended};
}

const problems = ({asked, good, refused, broken, unfinished, sample}) => {
  const parts = Object.entries(refused).map(([status, count]) => `${count} refused with ${status}`);
  if (broken) parts.push(`${broken} broken`);
  if (unfinished) parts.push(`${unfinished} without an end`);
  return parts.length ? `${good} of ${asked} streams well, ${parts.join(', ')}; the first: ${sample.slice(0, 200)}` : '';
};

async function startBridge(upstream) {
  const server = await startServer({env: {
    ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: upstream.url, BRIDGE_TEAM_STREAMS: '0', BRIDGE_TEAM_TOKENS_PER_HOUR: '0', BRIDGE_TEAM_USD_PER_DAY: '0',
  }});
  const team = await makeTeam(server, 'Streams');
  const key = await team.as('editor');
  return {
    server,
    team,
    key,
    port: Number(new URL(server.url).port),
    headers: {authorization: `Bearer ${key}`},
    /** Paths of the streams of so many new sessions. */
    async sessions(count) {
      const paths = [];
      const make = async () => {
        while (paths.length < count) {
          const at = paths.push('') - 1;
          paths[at] = `/v1/chat/sessions/${(await expectStatus(server.call('POST', '/v1/chat/sessions', {key, body: {}}), 201)).json.session_id}/stream`;
        }
      };
      await Promise.all(Array.from({length: 4}, make));
      return paths;
    },
    /** Of the process, in KiB. */
    memory() {
      const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
      return Object.fromEntries(['VmRSS', 'RssAnon', 'Threads'].map((name) => [name, Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1])]));
    },
    cpuMs() {
      const fields = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
  };
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Another gateway, from npm, as a peer; or why there is none. */
async function startPortkey(upstream) {
  const folder = resolve('build/portkey');
  const packageFolder = join(folder, 'node_modules/@portkey-ai/gateway');
  try {
    if (!existsSync(join(packageFolder, 'build/start-server.js'))) {
      await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, '@portkey-ai/gateway'], {timeout: 60_000});
    }
    const {version} = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
    const port = await freePort();
    const child = spawn(process.execPath, ['--import', resolve('bench/streams/portkey_fetch.mjs'), join(packageFolder, 'build/start-server.js'), `--port=${port}`, '--headless'],
      {stdio: 'ignore', env: {...process.env, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: 'localhost,127.0.0.1'}});
    const headers = {'x-portkey-provider': 'anthropic', 'x-portkey-custom-host': `${upstream.url}/v1`, authorization: 'Bearer test'};
    const body = {model: 'bench', stream: true, max_tokens: 1000, messages: [{role: 'user', content: 'bench(first=0,gap=0,tokens=3)'}]};
    let answer = 'it does not answer';
    for (let i = 0; i < 50; ++i) {
      await pause(100);
      try {
        const response = await fetch(`http://127.0.0.1:${port}/v1/messages`, {method: 'POST', headers: {...headers, 'content-type': 'application/json'}, body: JSON.stringify(body)});
        answer = await response.text();
        if (response.ok && answer.includes(ANTHROPIC.last)) return {port, headers, version, stop: () => child.kill()};
        break;
      } catch { /* not yet listening */ }
    }
    child.kill();
    return {problem: `does not pass a stream on: ${answer.slice(0, 120)}`};
  } catch (error) {
    return {problem: String(error.message).split('\n')[0].slice(0, 120)};
  }
}

/** What is added to the time to the first token, in turns with the same upstream asked directly. */
export async function firstToken(figure) {
  const binary = program();
  const upstream = await startUpstream(binary);
  const bridge = await startBridge(upstream);
  const portkey = await startPortkey(upstream);
  try {
    const pace = {streams: STREAMS, spread_ms: 700, pause_ms: 10, turns_per_path: TURNS};
    const throughBridge = async (rounds) => load(binary, 'load', {...pace, ...BRIDGE, rounds, port: bridge.port, headers: bridge.headers, paths: await bridge.sessions(STREAMS), body: {message: `hello ${TALK}`}}).result;
    const measured = {direct: [], bridge: [], portkey: []};
    const warm = await throughBridge(2);
    // As long as what Bridge sends, with its own words before the person's.
    const wide = (bytes) => {
      const body = {model: 'bench', stream: true, max_tokens: 1000, messages: [{role: 'user', content: `hello ${TALK}`}]};
      body.messages[0].content = `${'x'.repeat(Math.max(0, bytes - JSON.stringify(body).length))} ${body.messages[0].content}`;
      return body;
    };
    const body = wide(Math.round(warm.upstream_request_bytes?.median ?? 0));
    const direct = (path, marks, rounds) => load(binary, 'load', {...pace, ...marks, rounds, port: upstream.port, path, body}).result;
    const throughPortkey = (rounds) => load(binary, 'load', {...pace, ...ANTHROPIC, rounds, port: portkey.port, headers: portkey.headers, path: '/v1/messages', body}).result;
    await direct('/v1/messages', ANTHROPIC, 1);
    if (!portkey.problem) await throughPortkey(2);
    let cpu = 0;
    for (let i = 0; i < PAIRS; ++i) {
      measured.direct.push(await direct('/v1/messages', ANTHROPIC, TURNS));
      const before = bridge.cpuMs();
      measured.bridge.push(await throughBridge(TURNS));
      cpu += bridge.cpuMs() - before;
      if (!portkey.problem && i < PORTKEY_PAIRS) measured.portkey.push(await throughPortkey(TURNS));
    }
    const difference = (name, which) => measured[name].map((one, i) => (one.first_us?.[which] ?? NaN) - measured.direct[i].first_us[which]);
    const middle = (name, part, which) => median(measured[name].map((one) => one[part]?.[which] ?? NaN));
    const trouble = measured.bridge.map(problems).find(Boolean);
    const said = trouble ? `; ${trouble}` : '';
    const asked = measured.bridge.reduce((sum, one) => sum + one.asked, 0);
    const medians = difference('bridge', 'median');
    const tails = difference('bridge', 'p99');
    figure('added to the first token, median', ms(median(medians), 3), '< 0.5 ms',
      `${STREAMS} streams at once, ${PAIRS} pairs of ${measured.bridge[0].asked}: ${range(medians)}; of it to the upstream ${ms(middle('bridge', 'to_upstream_us', 'median'))} ` +
      `(directly ${ms(middle('direct', 'to_upstream_us', 'median'))}), back ${ms(middle('bridge', 'from_upstream_us', 'median'))} (${ms(middle('direct', 'from_upstream_us', 'median'))}); ` +
      `${(cpu / asked).toFixed(1)} ms of processor time a turn of 10 tokens${said}`);
    figure('added to the first token, p99', ms(median(tails), 3), '< 3 ms',
      `${range(tails)}; p99 directly ${ms(middle('direct', 'outside_upstream_us', 'p99'))}, through Bridge ${ms(middle('bridge', 'outside_upstream_us', 'p99'))} outside the upstream; ` +
      `to it ${ms(middle('bridge', 'to_upstream_us', 'p99'))}, back ${ms(middle('bridge', 'from_upstream_us', 'p99'))}`);
    if (portkey.problem) figure('the same through @portkey-ai/gateway', 'not measured', 'Bridge adds less', portkey.problem);
    else {
      const trouble2 = measured.portkey.map(problems).find(Boolean);
      figure('the same through @portkey-ai/gateway', `${ms(median(difference('portkey', 'median')), 3)}, p99 ${ms(median(difference('portkey', 'p99')))}`, 'Bridge adds less',
        `version ${portkey.version}, which keeps neither accounts nor conversations: medians ${range(difference('portkey', 'median'))}, p99 ${range(difference('portkey', 'p99'))}${trouble2 ? `; ${trouble2}` : ''}`);
    }
  } finally {
    portkey.stop?.();
    await bridge.server.stop();
    upstream.stop();
  }
}

/** Memory of streams that wait for a silent upstream; what else is answered meanwhile; a reader that does not read. */
export async function idleStreams(figure) {
  const binary = program();
  const upstream = await startUpstream(binary);
  const bridge = await startBridge(upstream);
  try {
    await idle(figure, binary, upstream, bridge);
    await slowReader(figure, binary, upstream, bridge);
  } finally {
    await bridge.server.stop({force: true});
    upstream.stop();
  }
}

async function idle(figure, binary, upstream, bridge) {
  const through = {...BRIDGE, port: bridge.port, headers: bridge.headers};
  const quick = async (rounds) => load(binary, 'load', {...through, streams: 1, rounds, paths: await bridge.sessions(Math.ceil(rounds / TURNS)), body: {message: 'bench(first=0,gap=0,tokens=3)'}}).result;
  const paths = await bridge.sessions(IDLE_STREAMS);
  await load(binary, 'load', {...through, streams: 10, rounds: TURNS, paths: await bridge.sessions(10), body: {message: 'bench(first=10,gap=1,tokens=10)'}}).result;
  const alone = await quick(20);
  await pause(1500);
  const empty = bridge.memory();

  const run = load(binary, 'load', {...through, streams: IDLE_STREAMS, paths, spread_ms: 4000, patience_ms: 50_000, tell_when_waiting: true, body: {message: 'hello bench(first=20,tokens=2,hold=1)'}});
  const waiting = await Promise.race([run.waiting, pause(25_000).then(() => null)]);
  const count = (await upstream.stats()).under_way;
  await pause(2000);  // all have been silent for a second and more
  const full = bridge.memory();
  const health = [];
  for (let i = 0; i < 50; ++i) {
    const begun = performance.now();
    await expectStatus(bridge.server.call('GET', '/health', {key: null}), 200);
    health.push(1000 * (performance.now() - begun));
  }
  const cpuBefore = bridge.cpuMs();
  await pause(2000);
  const cpuIdle = bridge.cpuMs() - cpuBefore;
  const one = await quick(20);
  await upstream.release();
  const result = await run.result;
  await pause(500);
  const after = bridge.memory();

  const each = (full.VmRSS - empty.VmRSS) / Math.max(1, count);
  const all = count === IDLE_STREAMS ? '' : `; only ${count} of ${IDLE_STREAMS} streams were under way${waiting ? '' : ', and not all have begun'}`;
  figure('a stream that waits, resident', `${each.toFixed(1)} KiB`, '< 64 KiB',
    `${count} streams: ${(empty.VmRSS / 1024).toFixed(1)} MiB before, ${(full.VmRSS / 1024).toFixed(1)} MiB with them, ${(after.VmRSS / 1024).toFixed(1)} MiB after; ` +
    `threads ${empty.Threads}, ${full.Threads}, ${after.Threads}; their first tokens p99 ${ms(waiting?.first_us?.p99)}${all}`);
  figure('streams that ended well after the wait', `${result.good} of ${IDLE_STREAMS}`, `${IDLE_STREAMS}`, problems(result) || 'let go within 2 s');
  figure('GET /health meanwhile, median', ms(median(health)), 'prompt', `worst ${ms(Math.max(...health))}; ${(cpuIdle / 20).toFixed(1)} % of a processor while all wait`);
  figure('first token of one more stream, median', ms(one.first_us?.median), 'as without them',
    `p99 ${ms(one.first_us?.p99)}; without the ${count}: ${ms(alone.first_us?.median)}, p99 ${ms(alone.first_us?.p99)}${problems(one) ? `; ${problems(one)}` : ''}`);
}

async function slowReader(figure, binary, upstream, bridge) {
  const through = {...BRIDGE, port: bridge.port, headers: bridge.headers};
  const others = async () => load(binary, 'load', {...through, streams: OTHERS, rounds: TURNS, spread_ms: 700, pause_ms: 10, paths: await bridge.sessions(OTHERS), body: {message: `hello ${TALK}`}}).result;
  const before = await others();
  const [path] = await bridge.sessions(1);
  const slow = load(binary, 'slow', {...through, path, patience_ms: 20_000, body: {message: 'bench(first=0,gap=0,tokens=200000)'}});
  const during = await others();
  const dropped = await slow.result;
  const again = await bridge.server.call('GET', path.replace(/\/stream$/, ''), {key: bridge.key});
  const trouble = problems(during);
  figure('others\' first token beside a slow reader', `${ms(during.outside_upstream_us?.median)}, p99 ${ms(during.outside_upstream_us?.p99)}`, 'as without it',
    `outside the upstream, ${OTHERS} streams; without it ${ms(before.outside_upstream_us?.median)}, p99 ${ms(before.outside_upstream_us?.p99)}${trouble ? `; ${trouble}` : ''}`);
  figure('a reader that does not read is dropped', dropped.closed_ms === null ? 'never' : `${(dropped.closed_ms / 1000).toFixed(1)} s`, 'at its buffer\'s limit',
    `status ${dropped.status || 'unread'}; ${dropped.whole ? 'it got the whole answer all the same' : `${(dropped.received / 2 ** 20).toFixed(2)} MiB reached it, then the connection was ${dropped.reset ? 'reset' : 'closed'}`}; ` +
    `its conversation ${again.status === 200 ? (again.json.running ? 'is still running' : 'is not running any more') : `cannot be read: ${again.status} ${again.json?.code}`}`);
}
