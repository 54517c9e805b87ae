// Starts the real binary on a temporary data folder and a free port, and talks to it as its operator.
import {spawn, execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {createInterface} from 'node:readline';

export const BINARY = resolve(process.env.BRIDGE_BINARY ?? 'build/release/src/app/bridge');
/** The same objects, with the points at which BRIDGE_CRASH_AT kills it (src/features/dashboards/crash_point.h). */
export const BINARY_WITH_CRASH_POINTS = join(dirname(BINARY), 'bridge_with_crash_points');
/** UPDATE=1: what a test compares with is written anew first; `./dev update` does it. */
export const UPDATING = isUpdating();
export const DATA = resolve('node_modules/vega-datasets/data');
const READY_MS_MAX = 20_000;

function isUpdating() {
  if (process.env.UPDATE && !['', '0', 'false'].includes(process.env.CI ?? '')) throw new Error('UPDATE is refused where CI is set: what CI compares with must be what was committed');
  return Boolean(process.env.UPDATE);
}

const cleanEnvironment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BRIDGE_')));

export function temporaryFolder() {
  return mkdtempSync(join(tmpdir(), 'bridge-test-'));
}

/** A running server; `stop()` ends it and, unless `keep`, removes its folder. `binary`: another program than `bridge`. `dataBytesMax`: the limit of memory that it is started under. */
export async function startServer({folder = temporaryFolder(), env = {}, args = ['serve'], keep = false, binary = BINARY, dataBytesMax = null} = {}) {
  const started = performance.now();
  const limited = dataBytesMax ? ['sh', '-c', `ulimit -d ${Math.floor(dataBytesMax / 1024)} && exec "$@"`, 'sh'] : [];
  const [program, ...programArgs] = [...limited, binary, ...args, '--data-dir', folder, '--listen', '127.0.0.1:0'];
  const child = spawn(program, programArgs, {env: {...cleanEnvironment(), ...env}, stdio: ['ignore', 'pipe', 'pipe']});
  let errors = '';
  child.stderr.on('data', (chunk) => { errors += chunk; });
  const exited = new Promise((done) => child.on('exit', (code, signal) => done({code, signal})));
  const ready = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready after ${READY_MS_MAX} ms: ${errors}`)), READY_MS_MAX);
    createInterface({input: child.stdout}).on('line', (line) => {
      if (!line.includes('"ready"')) return;
      clearTimeout(timer);
      done(JSON.parse(line));
    });
    exited.then(({code, signal}) => { clearTimeout(timer); fail(new Error(`ended with ${code ?? signal}: ${errors}`)); });
  });
  const operatorKey = readFileSync(join(folder, 'operator.key'), 'utf8').trim();
  const server = {
    url: ready.url,
    folder,
    child,
    operatorKey,
    readyMs: performance.now() - started,
    exited,
    get errors() { return errors; },
    /** A request; `team` and `key` default to the operator without a team. The answer has `json` when it is JSON. */
    async call(method, path, {body, key = operatorKey, team, headers = {}, type = 'application/json', signal} = {}) {
      const all = {...headers};
      if (key) all.authorization = `Bearer ${key}`;
      if (team) all['x-bridge-team'] = team;
      if (body !== undefined) all['content-type'] = type;
      const response = await fetch(ready.url + path, {method, headers: all, signal, body: body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)});
      const text = await response.text();
      let json = null;
      const packed = response.headers.get('content-encoding') === 'zstd';  // which fetch does not unpack
      if (/json(;|$)/.test((response.headers.get('content-type') ?? '').replace('x-ndjson', '')) && !packed) json = JSON.parse(text);
      return {status: response.status, headers: response.headers, text, json};
    },
    async stop({force = false} = {}) {
      child.kill(force ? 'SIGKILL' : 'SIGTERM');
      const result = await exited;
      if (!keep) rmSync(folder, {recursive: true, force: true});
      return result;
    },
  };
  return server;
}

/** A team with a DuckDB connection on `path`; `as(role)` makes a key of that role. */
export async function makeTeam(server, name, path = null) {
  const team = (await expectStatus(server.call('POST', '/v1/onboarding/teams', {body: {name}}), 201)).json;
  const out = {
    id: team.id,
    slug: team.slug,
    call: (method, target, options = {}) => server.call(method, target, {team: team.id, ...options}),
    async as(role) {
      return (await expectStatus(server.call('POST', '/v1/keys', {team: team.id, body: {name: `${role} of ${name}`, role}}), 201)).json.key;
    },
  };
  if (path) {
    const connection = (await expectStatus(out.call('POST', '/v1/onboarding/connections', {body: {team_id: team.id, name: 'warehouse', connection_type: 'duckdb', credentials: {path}}}), 201)).json;
    out.connectionId = connection.id;
    const tested = (await expectStatus(out.call('POST', `/v1/onboarding/connections/${connection.id}/test`), 200)).json;
    if (!tested.success) throw new Error(`the connection does not work: ${tested.error}`);
  }
  return out;
}

export async function expectStatus(promise, status) {
  const response = await promise;
  if (response.status !== status) throw new Error(`expected ${status}, got ${response.status}: ${response.text.slice(0, 2000)}`);
  return response;
}

/** Runs the agent; all its events in order, and the data of the last one. */
export async function generate(server, team, sentence) {
  const response = await server.call('POST', '/v1/dashboards/generate', {team: team.id, body: {connection_id: team.connectionId, user_prompt: sentence}});
  if (response.status !== 200) throw new Error(`generate answered ${response.status}: ${response.text}`);
  const events = parseEvents(response.text);
  return {events, last: events.at(-1), done: events.find(({event}) => event === 'done')?.data, error: events.find(({event}) => event === 'error')?.data};
}

export function parseEvents(text) {
  return text.split('\n\n').map((block) => {
    const event = block.match(/^event: ?(.*)$/m)?.[1];
    const data = [...block.matchAll(/^data: ?(.*)$/gm)].map((match) => match[1]).join('\n');
    return event ? {event, data: data ? JSON.parse(data) : null} : null;
  }).filter(Boolean);
}

/** Runs the binary to its end. */
export function runBridge(args, {folder, env = {}, timeout = 60_000} = {}) {
  return new Promise((done) => {
    execFile(BINARY, folder ? [...args, '--data-dir', folder] : args, {env: {...cleanEnvironment(), ...env}, timeout, maxBuffer: 64 << 20}, (error, stdout, stderr) => {
      done({code: error ? (error.code ?? 'killed') : 0, stdout, stderr});
    });
  });
}

/** The rows of a statement run by DuckDB's own C API, apart from everything of Bridge. */
export function independentRows(sql) {
  return new Promise((done, fail) => {
    execFile(resolve('build/release/tests/integration/duckdb_rows'), [sql], {maxBuffer: 64 << 20}, (error, stdout, stderr) => {
      if (error) fail(new Error(stderr || error.message));
      else done(stdout.trim().split('\n').map((line) => JSON.parse(line)));
    });
  });
}
