// The command line as people use it: connections from first to last, files that the shell did not find, and a real pseudo-terminal.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'node:test';
import {gunzipSync} from 'node:zlib';
import {BINARY, DATA, UPDATING, expectStatus, runBridge, startServer, temporaryFolder} from './harness.mjs';

const DOCUMENT = (title, connection) => `bridge: 1\nslug: trips\ntitle: ${title}\nconnection: ${connection}\nqueries:\n  q:\n    sql: SELECT count(*) AS n FROM weather\ncharts:\n  c: {query: q, mark: kpi, y: n}\nlayout:\n  - row: [{chart: c}]\n`;

// CREATE TABLE orders (id INTEGER PRIMARY KEY, day DATE, amount REAL), with one row.
const SQLITE_FILE = 'H4sIAAAAAAACAwsO9MksSVVIyy/KTSxRMGZgYmBkZHBQUGBgADIhGAYYgZgFjU8IMDHoJTPyghQzLmIAolFAMohhZBeXlGRsFC5JTMpJzS9KSS0qhpBMzkGujiGuCiGOTj6uChAxBY3MFAVPvxBXd9cghYAgT1/HoEgFb9dIHYWUxEoFF6ByHYXE3PzSvBIFoGYfTUjcvGAAolEwjIEYIwuDIruRgZGJroGhroGRgzIkTABqx4eeAAQAAA==';

/** Runs the binary on a pseudo-terminal until it ends, or until `until` is seen; what a person saw. */
function onTerminal(args, {until, env = {}} = {}) {
  const quoted = [BINARY, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BRIDGE_')));
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {env: {...clean, ...env}, stdio: ['ignore', 'pipe', 'pipe']});
  let seen = '';
  return new Promise((done, fail) => {
    const timer = setTimeout(() => { child.kill('SIGKILL'); fail(new Error(`no end: ${seen}`)); }, 20_000);
    child.stdout.on('data', (chunk) => {
      seen += chunk;
      if (until?.test(seen)) child.kill('SIGTERM');
    });
    child.on('exit', (code) => { clearTimeout(timer); done({code, seen: seen.replaceAll('\r\n', '\n').replace(/\x1b\[[0-9;]*[A-Za-z]/g, '')}); });
  });
}

test('the command line', async (t) => {
  const server = await startServer();
  const {folder} = server;
  const run = (...args) => runBridge(args, {folder});
  const json = async (...args) => JSON.parse((await run(...args, '--json')).stdout);
  try {
    assert.equal((await run('team', 'create', 'Acme')).code, 0);

    await t.test('a connection that does not work is not kept, and the way out is named', async () => {
      const failed = await run('connection', 'add', 'sales', 'path=/nowhere/at/all');
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /does not work.*\/nowhere\/at\/all.*--keep/s);
      assert.match((await run('connection', 'list')).stderr, /no connection yet/);
      assert.deepEqual(readdirSync(join(folder, 'lake')).filter((name) => name === 'credentials').flatMap((name) => readdirSync(join(folder, 'lake', name), {recursive: true}).filter((file) => file.endsWith('.enc'))), []);
      const kept = await run('connection', 'add', 'later', 'path=/nowhere/at/all', '--keep');
      assert.equal(kept.code, 1);
      assert.match(kept.stdout, /kept but does not work/);
      assert.equal((await json('connection', 'show', 'later')).status, 'failed');
      assert.equal((await run('connection', 'remove', 'later')).code, 0);
    });

    await t.test('a SQLite file is known as one without being called so', async () => {
      const file = join(folder, 'shop.db');
      writeFileSync(file, gunzipSync(Buffer.from(SQLITE_FILE, 'base64')));
      const added = await run('connection', 'add', 'shop', `path=${file}`);
      assert.equal(added.code, 0, added.stderr);
      assert.equal((await json('connection', 'show', 'shop')).connection_type, 'sqlite');
      const wrong = await run('connection', 'add', 'other', '--type', 'duckdb', `path=${file}`);
      assert.match(wrong.stderr, /is a SQLite file: choose the connection type sqlite/);
      assert.equal((await run('connection', 'remove', 'shop')).code, 0);
    });

    await t.test('one that works is listed, shown, changed, tested and removed', async () => {
      const added = await run('connection', 'add', 'sales', `path=${DATA}/weather.csv`);
      assert.equal(added.code, 0, added.stderr);
      assert.match(added.stdout, /works/);
      assert.equal((await json('connection', 'show', 'sales')).status, 'active');
      assert.match((await run('connection', 'show', 'sales')).stdout, /connection_type\s+duckdb/);
      const wrong = await run('connection', 'set', 'sales', 'path=/nowhere');
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /nothing was kept/);
      assert.equal((await json('connection', 'test', 'sales')).success, true, 'the old one still works');
      assert.equal((await run('connection', 'set', 'sales', `path=${DATA}/stocks.csv`, '--name', 'orders')).code, 0);
      assert.equal((await json('connection', 'list')).items[0].name, 'orders');
      assert.match((await run('connection', 'show', 'odrers')).stderr, /did you mean orders/);
      assert.match((await run('connection', 'set', 'orders')).stderr, /path=/);
      assert.match((await run('connection', 'set', 'orders', 'pth=/x')).stderr, /did you mean 'path'/);
      assert.match((await run('connection', 'set', 'orders', 'path=')).stderr, /'path' is missing/);
      assert.equal((await json('connection', 'remove', 'orders')).removed, true);
      assert.match((await run('connection', 'remove', 'orders')).stderr, /no connection/);
    });

    await t.test('answers of the old place are not given for the new one, and dashboards hold on to their connection', async () => {
      const team = (await server.call('GET', '/v1/onboarding/teams')).json.items[0].id;
      await run('connection', 'add', 'sales', `path=${DATA}/weather.csv`);
      const id = (await json('connection', 'show', 'sales')).id;
      await expectStatus(server.call('POST', '/v1/dashboards', {team, body: DOCUMENT('Trips', 'sales'), type: 'application/yaml'}), 201);
      const rows = async () => (await expectStatus(server.call('GET', '/v1/dashboards/trips/data', {team}), 200)).json.queries.q;
      assert.deepEqual((await rows()).data.rows, [[2922]]);
      const other = temporaryFolder();
      writeFileSync(join(other, 'weather.csv'), 'a,b\n1,2\n3,4\n');
      const patch = (body, headers = {}) => server.call('PATCH', `/v1/onboarding/connections/${id}`, {team, body, headers});
      const tag = (await server.call('GET', `/v1/onboarding/connections/${id}`, {team})).headers.get('etag');
      assert.equal((await patch({credentials: {path: '/nowhere'}})).status, 409);
      assert.deepEqual((await rows()).data.rows, [[2922]]);
      const moved = await patch({credentials: {path: other}}, {'if-match': tag});
      assert.equal(moved.status, 200, moved.text);
      assert.deepEqual((await rows()).data.rows, [[2]]);
      assert.equal((await patch({name: 'x'}, {'if-match': tag})).status, 412);
      assert.equal((await server.call('GET', `/v1/onboarding/catalog/datasets?connection_id=${id}`, {team})).json.items.length, 0, 'nothing of the old place is left');
      const used = await run('connection', 'remove', 'sales');
      assert.equal(used.code, 1);
      assert.match(used.stderr, /trips.*--force/);
      assert.match((await run('connection', 'set', 'sales', '--name', 'other')).stderr, /trips.*--force/);
      assert.equal((await run('connection', 'remove', 'sales', '--force')).code, 0);
      rmSync(other, {recursive: true});
    });

    await t.test('validate looks among the workspace\'s own where the shell found nothing, and says so', async () => {
      for (const args of [['dashboards/*.yaml'], ['trips'], ['trips.yaml'], ['./dashboards/t*.yaml'], []]) {
        const result = await run('validate', ...args);
        assert.equal(result.code, 0, `${args}: ${result.stderr}`);
        assert.match(result.stdout, /1 file: 0 errors/);
        assert.ok(result.stderr.includes(join(folder, 'lake', 'dashboards')), result.stderr);
      }
      const here = temporaryFolder();
      mkdirSync(join(here, 'dashboards'));
      const file = join(here, 'dashboards', 'mine.yaml');
      writeFileSync(file, 'bridge: 1\n');
      const mine = await run('validate', file);
      assert.equal(mine.code, 1);
      assert.equal(mine.stderr, '');
      const none = await run('validate', 'nothing/*.yaml');
      assert.equal(none.code, 1);
      assert.match(none.stderr, /no file or dashboard 'nothing\/\*\.yaml'.*there are trips/);
      rmSync(here, {recursive: true});
    });

    await t.test('limits name what they are of and count characters', async () => {
      assert.equal((await run('team', 'create', 'ش'.repeat(100))).code, 0, '100 characters of 200 bytes');
      assert.match((await run('team', 'create', 'x'.repeat(120))).stderr, /^bridge: A team's name may have at most 100 characters; this one has 120$/m);
      assert.match((await run('connection', 'add', 'ش'.repeat(101), 'path=/x', '--team', 'acme')).stderr, /^bridge: A connection's name may have at most 100 characters; this one has 101$/m);
      assert.match((await run('key', 'create', 'x'.repeat(101), '--team', 'acme')).stderr, /A key's name may have at most 100 characters; this one has 101/);
    });

    await t.test('a person at a terminal sees no JSON', async () => {
      const command = await onTerminal(['rebuild-index', '--data-dir', folder, '--team', 'acme']);
      assert.equal(command.code, 0, command.seen);
      assert.doesNotMatch(command.seen, /[{}]/);
      const own = temporaryFolder();
      const {seen} = await onTerminal(['serve', '--data-dir', own, '--listen', '127.0.0.1:0'], {until: /ready at/});
      assert.match(seen, /Bridge is ready at http:\/\/127\.0\.0\.1:\d+/);
      assert.doesNotMatch(seen, /\{"/);
      rmSync(own, {recursive: true, force: true});
    });
  } finally {
    await server.stop();
  }
});

test('.env.example is what the settings\' own table says', async () => {
  const {stdout} = await runBridge(['config', '--env-example']);
  if (UPDATING) writeFileSync('.env.example', stdout);
  assert.equal(stdout, readFileSync('.env.example', 'utf8'), './dev update writes it anew');
});

test('pages of listed origins, and of no others, may call the API from a browser', async () => {
  const origin = 'https://app.example';
  const server = await startServer({env: {BRIDGE_CORS_ORIGINS: `${origin}, http://localhost:5173`}});
  try {
    const preflight = (from, path = '/v1/dashboards/generate') => fetch(server.url + path, {method: 'OPTIONS', headers: {origin: from, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization'}});
    const asked = await preflight(origin);
    assert.equal(asked.status, 204);
    assert.equal(asked.headers.get('access-control-allow-origin'), origin);
    assert.match(asked.headers.get('access-control-allow-methods'), /POST/);
    assert.match(asked.headers.get('access-control-allow-headers'), /Authorization/);
    assert.match(asked.headers.get('vary'), /Origin/);
    for (const from of ['https://evil.example', 'null', 'https://app.example.evil.example']) {
      assert.equal((await preflight(from)).headers.get('access-control-allow-origin'), null, from);
      assert.equal((await server.call('GET', '/health', {headers: {origin: from}})).headers.get('access-control-allow-origin'), null, from);
    }
    const refused = await server.call('GET', '/v1/dashboards', {key: null, headers: {origin}});
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('access-control-allow-origin'), origin);
    assert.equal(refused.headers.get('access-control-allow-credentials'), 'true');
  } finally {
    await server.stop();
  }
  const folder = temporaryFolder();
  const bad = await runBridge(['serve', '--listen', '127.0.0.1:0'], {folder, env: {BRIDGE_CORS_ORIGINS: '*'}});
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /^bridge: BRIDGE_CORS_ORIGINS.*\n$/);
  rmSync(folder, {recursive: true});
});
