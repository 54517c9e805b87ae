import assert from 'node:assert/strict';
import {existsSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'node:test';
import {runBridge, startServer, temporaryFolder} from './harness.mjs';

test('the first start writes the key, prints one link, and listens on this machine alone', async () => {
  const server = await startServer();
  try {
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(statSync(join(server.folder, 'operator.key')).mode & 0o777, 0o600);
    assert.match(server.operatorKey, /^brg_[0-9A-Za-z]{36}$/);
    const links = server.errors.match(/http:\/\/127\.0\.0\.1:\d+\/open#token=[\w-]+/g);
    assert.equal(links?.length, 1, server.errors);
    const token = links[0].split('token=')[1];
    const exchange = () => fetch(`${server.url}/v1/session`, {method: 'POST', headers: {'content-type': 'application/json', 'sec-fetch-site': 'same-origin'}, body: JSON.stringify({token})});
    const first = await exchange();
    assert.equal(first.status, 200);
    assert.match(first.headers.get('set-cookie'), /bridge_session=.*HttpOnly/i);
    assert.equal((await exchange()).status, 401, 'the link works once');
  } finally {
    await server.stop();
  }
});

test('a second start keeps the key and prints no link', async () => {
  const folder = temporaryFolder();
  const first = await startServer({folder, keep: true});
  await first.stop();
  const second = await startServer({folder});
  assert.equal(second.operatorKey, first.operatorKey);
  assert.doesNotMatch(second.errors, /token=/);
  await second.stop();
});

test('SIGTERM ends the server with status 0', async () => {
  const server = await startServer();
  assert.deepEqual(await server.stop(), {code: 0, signal: null});
});

test('two servers on one data folder: the second says who has it and leaves it alone', async () => {
  const server = await startServer();
  try {
    const second = await runBridge(['serve', '--listen', '127.0.0.1:0'], {folder: server.folder});
    assert.equal(second.code, 1);
    assert.match(second.stderr, /in use/);
    assert.match(second.stderr, new RegExp(server.url.replaceAll('.', '\\.')));
    assert.equal((await server.call('GET', '/health')).status, 200);
  } finally {
    await server.stop();
  }
});

test('a port that is taken is one clear line', async () => {
  const server = await startServer();
  try {
    const other = temporaryFolder();
    const taken = await runBridge(['serve', '--listen', server.url.replace('http://', '')], {folder: other});
    assert.equal(taken.code, 3, taken.stderr);
    assert.match(taken.stderr, /taken|in use/);
    assert.match(taken.stderr, /--listen/);
    assert.equal(taken.stderr.split('\n').filter((line) => line.startsWith('bridge:')).length, 1);
    rmSync(other, {recursive: true});
  } finally {
    await server.stop();
  }
});

test('wrong settings, commands and flags stop with one line and the right status', async () => {
  const folder = temporaryFolder();
  const cases = [
    [['serve'], {BRIDGE_LISTN: 'x'}, 1, /BRIDGE_LISTN.*did you mean BRIDGE_LISTEN/],
    [['serve'], {BRIDGE_LISTEN: '0.0.0.0:0'}, 1, /TLS/],
    [['serve'], {DATABASE_URL: 'postgresql://u:secret@h/d'}, 1, /not part of this build/],
    [['serve'], {BRIDGE_MAX_BYTES_BILLED: 'lots'}, 1, /50MB/],
    [['serv'], {}, 2, /serv/],
    [['connection', 'ad', 'x'], {}, 2, /no command 'connection ad': did you mean connection add\?/],
    [[], {}, 2, /subcommand/],
    [['serve', '--nope'], {}, 2, /nope/],
    [['migrate', 'sideways'], {}, 2, /up/],
  ];
  for (const [args, env, code, pattern] of cases) {
    const result = await runBridge(args, {folder, env});
    assert.equal(result.code, code, `${args} ${JSON.stringify(env)}: ${result.stderr}`);
    assert.match(result.stderr + result.stdout, pattern);
    assert.doesNotMatch(result.stderr, /secret/);
  }
  rmSync(folder, {recursive: true});
});

test('config, version, schema and doctor answer without a server', async () => {
  const folder = temporaryFolder();
  const config = JSON.parse((await runBridge(['config', '--json'], {folder})).stdout);
  assert.equal(config.find(({name}) => name === 'BRIDGE_DATA_DIR').source, 'flag');
  assert.match((await runBridge(['version'])).stdout, /^bridge \d+\.\d+\.\d+/);
  const schema = JSON.parse((await runBridge(['schema'])).stdout);
  assert.match(schema.$schema, /draft-07/);
  const doctor = await runBridge(['doctor', '--json'], {folder});
  assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
  for (const check of JSON.parse(doctor.stdout)) assert.equal(check.ok, true, JSON.stringify(check));
  rmSync(folder, {recursive: true});
});

test('a data folder that cannot be written says so', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'not-a-folder');
  writeFileSync(file, '');
  const result = await runBridge(['serve', '--listen', '127.0.0.1:0'], {folder: join(file, 'data')});
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /not-a-folder/);
  rmSync(folder, {recursive: true});
});

test('credentials without their key: the server refuses to start and makes no new key', async () => {
  const folder = temporaryFolder();
  const server = await startServer({folder, keep: true});
  await server.stop();
  const keys = join(folder, 'keys');
  assert.ok(existsSync(keys));
  rmSync(keys, {recursive: true});
  const result = await runBridge(['serve', '--listen', '127.0.0.1:0'], {folder});
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /key/);
  rmSync(folder, {recursive: true});
});

test('migrate goes down and up again, and a newer schema is refused', async () => {
  const folder = temporaryFolder();
  assert.match((await runBridge(['migrate', 'up'], {folder})).stdout, /^Applied 1 core: kept 0 rows; made .*teams.*\nApplied 2 /);
  assert.equal((await runBridge(['migrate', 'up'], {folder})).stdout, 'Nothing to do.\n');
  const status = JSON.parse((await runBridge(['migrate', 'status', '--json'], {folder})).stdout);
  assert.ok(status.version >= 1);
  assert.match((await runBridge(['migrate', 'down'], {folder})).stdout, new RegExp(`^Took back ${status.version} \\w+: kept 0 rows`));
  assert.equal(JSON.parse((await runBridge(['migrate', 'status', '--json'], {folder})).stdout).version, status.version - 1);
  const again = JSON.parse((await runBridge(['migrate', 'up', '--json'], {folder})).stdout);
  assert.equal(again.applied, 1);
  assert.equal(again.steps[0].version, status.version);
  assert.equal(again.steps[0].kept.find(({table}) => table === 'connections').rows, 0);
  rmSync(folder, {recursive: true});
});
