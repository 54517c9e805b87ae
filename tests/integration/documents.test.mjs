// The document's life: saved, listed, conflicting, restored; and everything bad that may be sent in its place.
import assert from 'node:assert/strict';
import test from 'node:test';
import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import {BINARY, BINARY_WITH_CRASH_POINTS, DATA, expectStatus, makeTeam, runBridge, startServer, temporaryFolder} from './harness.mjs';

const yaml = (slug, {sql = 'SELECT location, count(*) AS days FROM weather GROUP BY 1 ORDER BY 1', title = 'Weather', extra = ''} = {}) =>
  `# a comment that stays\nbridge: 1\nslug: ${slug}\ntitle: ${title}   # and this one\nconnection: warehouse\n${extra}queries:\n  q:\n    sql: ${JSON.stringify(sql)}\ncharts:\n  days: {query: q, mark: bar, x: location, y: days}\nlayout:\n  - row: [{chart: days, w: 6}]\n`;
const save = (team, text, options = {}) => team.call('POST', '/v1/dashboards', {body: text, type: 'application/yaml', ...options});

async function withTeam(work, path = DATA + '/weather.csv') {
  const server = await startServer();
  try {
    await work(await makeTeam(server, 'Documents', path), server);
  } finally {
    await server.stop();
  }
}

test('save, read, list, replace, restore and delete', () => withTeam(async (team) => {
  const made = (await expectStatus(save(team, yaml('rain')), 201)).json;
  assert.equal(made.version, 1);
  assert.equal((await save(team, yaml('rain'))).json.code, 'slug_conflict');
  const read = await team.call('GET', '/v1/dashboards/rain/yaml');
  assert.equal(read.headers.get('etag'), '"1"');
  assert.match(read.text, /# a comment that stays/);
  assert.match(read.text, /title: Weather   # and this one/);
  assert.match(read.text, /^meta:/m);
  assert.equal((await team.call('GET', '/v1/dashboards/rain/yaml', {headers: {'if-none-match': '"1"'}})).status, 304);

  const put = (text, headers) => team.call('PUT', '/v1/dashboards/rain', {body: text, type: 'application/yaml', headers});
  assert.equal((await put(yaml('rain', {title: 'Rain'}), {'if-match': '"1"'})).json.version, 2);
  const stale = await put(yaml('rain', {title: 'Lost'}), {'if-match': '"1"'});
  assert.equal(stale.status, 412);
  assert.match(stale.json.detail, /changed since/);
  const history = (await team.call('GET', '/v1/dashboards/rain/history')).json.items;
  assert.deepEqual(history.map(({version}) => version).sort(), [1, 2]);
  assert.match(JSON.stringify(history), /-title: Weather/);
  const restored = (await expectStatus(team.call('POST', '/v1/dashboards/rain/restore', {body: {version: 1}}), 200)).json;
  assert.equal(restored.version, 3);
  assert.match((await team.call('GET', '/v1/dashboards/rain/yaml')).text, /title: Weather/);
  const list = (await team.call('GET', '/v1/dashboards?q=weath')).json.items;
  assert.deepEqual(list.map(({slug, version}) => [slug, version]), [['rain', 3]]);
  assert.equal((await team.call('DELETE', '/v1/dashboards/rain')).status, 204);
  assert.equal((await team.call('GET', '/v1/dashboards/rain')).status, 404);
  assert.equal((await team.call('GET', '/v1/dashboards/rain/data')).status, 404);
  assert.deepEqual((await team.call('GET', '/v1/dashboards')).json.items, []);
}));

test('a period of the data ends on its newest day, also of a file that is replaced', async () => {
  const folder = temporaryFolder();
  const lines = (days) => 'day,amount\n' + days.map((day) => `2001-03-0${day},${10 ** day}\n`).join('');
  writeFileSync(join(folder, 'sales.csv'), lines([1, 2, 3]));
  await withTeam(async (team) => {
    const text = 'bridge: 1\nslug: s\ntitle: S\nconnection: warehouse\nparams:\n  period: {type: date_range, default: last_2_days_of_data}\nqueries:\n' +
      '  total: {sql: "SELECT sum(amount) AS amount FROM sales WHERE filter(:period, day)"}\ncharts:\n  k: {query: total, mark: kpi, y: amount}\n';
    await expectStatus(save(team, text), 201);
    const total = async () => (await expectStatus(team.call('GET', '/v1/dashboards/s/data'), 200)).json.queries.total;
    const first = await total();
    assert.deepEqual(first.data.rows, [[1100]]);
    assert.deepEqual(first.metadata.periods, {period: {from: '2001-03-02', to: '2001-03-03', newest_day: '2001-03-03'}});
    writeFileSync(join(folder, 'sales.csv'), lines([1, 2, 3, 4]));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const next = await total();
    assert.equal(next.metadata.cache, 'miss');
    assert.deepEqual(next.data.rows, [[11000]]);
  }, folder);
  rmSync(folder, {recursive: true});
});

test('the data: formats, parameters, conditional requests, errors in their place', () => withTeam(async (team) => {
  const text = `bridge: 1
slug: w
title: W
connection: warehouse
params:
  period: {type: date_range, default: all}
  place: {type: enum, multiple: true, values_from: places.location, default: all}
queries:
  q:
    sql: SELECT location, count(*) AS days, sum(precipitation) AS rain FROM weather WHERE filter(:period, date) AND filter(:place, location) GROUP BY 1 ORDER BY 1
  places: {sql: SELECT DISTINCT location FROM weather ORDER BY 1}
  wettest: {from: [q], sql: SELECT location FROM q ORDER BY rain DESC LIMIT 1}
charts:
  days: {query: q, mark: bar, x: location, y: days}
  top: {query: wettest, mark: table}
layout:
  - row: [{chart: days}, {chart: top}]
`;
  await expectStatus(save(team, text), 201);
  const all = await team.call('GET', '/v1/dashboards/w/data');
  assert.deepEqual(all.json.queries.q.data.rows.map((row) => row.slice(0, 2)), [['New York', 1461], ['Seattle', 1461]]);
  assert.equal(all.json.queries.wettest.data.rows.length, 1);
  assert.equal(all.json.queries.q.metadata.cache, 'miss');
  assert.equal((await team.call('GET', '/v1/dashboards/w/data')).json.queries.q.metadata.cache, 'hit');
  assert.equal((await team.call('GET', '/v1/dashboards/w/data', {headers: {'if-none-match': all.headers.get('etag')}})).status, 304);

  const june = (await team.call('GET', '/v1/dashboards/w/data?period=2012-06-01..2012-06-30&place=Seattle')).json;
  assert.deepEqual(june.queries.q.data.rows.map((row) => row.slice(0, 2)), [['Seattle', 30]], 'both ends of a range count');
  assert.deepEqual(june.queries.wettest.data.rows, [['Seattle']]);
  const hostile = (await team.call('GET', `/v1/dashboards/w/data?place=${encodeURIComponent("Seattle' OR '1'='1")}`)).json;
  assert.deepEqual(hostile.queries.q.data.rows, []);

  for (const [query, about] of [['place=all&plcae=x', /place/], ['period=yesterday-ish', /period/], ['period=2012-13-01..2012-01-01', /period|date/]]) {
    const wrong = await team.call('GET', `/v1/dashboards/w/data?${query}`);
    assert.equal(wrong.status, 422, query);
    assert.match(JSON.stringify(wrong.json), about);
  }
  const csv = await team.call('GET', '/v1/dashboards/w/query/q/data?format=csv&place=Seattle');
  assert.match(csv.headers.get('content-type'), /text\/csv/);
  assert.match(csv.text, /^location,days,rain\r?\nSeattle,1461,/);
  const one = (await team.call('GET', '/v1/dashboards/w/query/q/data?format=json')).json;
  assert.equal(one.data.rows.length, 2);
  assert.equal((await team.call('GET', '/v1/dashboards/w/query/nope/data')).status, 404);
  const plan = (await team.call('GET', '/v1/dashboards/w/explain')).json;
  assert.ok(JSON.stringify(plan).includes('wettest'));
  const warm = (await expectStatus(team.call('POST', '/v1/dashboards/w/precompute'), 200)).json;
  assert.equal(warm.queries_executed + warm.cache_hits, 3);
  assert.deepEqual(warm.errors, []);
  for (const encoding of ['gzip', 'br', 'zstd', 'identity']) {
    assert.equal((await team.call('GET', '/v1/dashboards/w/data', {headers: {'accept-encoding': encoding}})).status, 200, encoding);
  }
}));

test('a failing query fails alone, with its error in its place', () => withTeam(async (team, server) => {
  await expectStatus(save(team, yaml('broken')), 201);
  const two = yaml('two').replace('charts:', `  bad:\n    sql: SELECT location, 1 AS x FROM weather WHERE CAST(location AS INTEGER) > 0\ncharts:`)
    .replace('layout:', `  sad: {query: bad, mark: table}\nlayout:`).replace('w: 6}]', 'w: 6}, {chart: sad}]');
  const saved = await save(team, two);
  assert.equal(saved.status, 201, saved.text);
  const {queries} = (await team.call('GET', '/v1/dashboards/two/data')).json;
  assert.equal(queries.q.data.rows.length, 2);
  assert.ok(queries.bad.error.detail);
  assert.doesNotMatch(JSON.stringify(queries.bad.error), new RegExp(server.folder));
}));

const refused = async (team, text, pattern, what) => {
  const started = performance.now();
  const response = await team.call('POST', '/v1/dashboards/validate?dry_run=true', {body: text, type: 'application/yaml'});
  const ms = performance.now() - started;
  assert.equal(response.status, 200, `${what}: ${response.text.slice(0, 300)}`);
  assert.equal(response.json.valid, false, what);
  assert.match(JSON.stringify(response.json.errors), pattern, what);
  assert.ok(ms < 3_000, `${what} took ${ms} ms`);
  const saved = await save(team, text);
  assert.ok([400, 413, 422].includes(saved.status), `${what}: ${saved.status}`);
  return response.json.errors;
};

test('bad documents: each problem with its place, what was got, what is allowed, and the nearest name', () => withTeam(async (team) => {
  const unknownKey = (await refused(team, yaml('a').replace('title:', 'titel:'), /title/, 'a misspelt key')).find(({got}) => got === 'titel');
  assert.equal(unknownKey.line, 4);
  assert.equal(unknownKey.suggestion, 'title');
  await refused(team, yaml('a').replace('mark: bar', 'mark: barr'), /"suggestion":"bar"/, 'a misspelt mark');
  await refused(team, yaml('a').replace('y: days', 'y: dayz'), /"suggestion":"days"/, 'a misspelt column');
  await refused(team, yaml('a').replace('query: q,', 'query: p,'), /"allowed":\["q"\]/, 'an unknown query');
  await refused(team, yaml('a').replace('w: 6', 'w: 13'), /12/, 'too wide');
  await refused(team, yaml('a').replace('connection: warehouse', 'connection: warehose'), /warehouse/, 'an unknown connection');
  await refused(team, yaml('a') + 'title: again\n', /twice|duplicate/i, 'a duplicate key');
  await refused(team, yaml('a').replace('queries:\n', 'queries:\n  a: {from: [b], sql: SELECT 1 AS x FROM b}\n  b: {from: [a], sql: SELECT 1 AS x FROM a}\n'), /a.*→.*b|b.*→.*a/, 'a cycle');
  await refused(team, 'a: [', /line/, 'broken syntax');
  await refused(team, '', /empty|bridge|missing/i, 'nothing');
}));

test('YAML bombs and other hostile text are refused quickly', () => withTeam(async (team, server) => {
  const laughs = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill('*' + 'abcdefgh'[i]).join(',')}]`)].join('\n');
  await refused(team, laughs, /alias|large|unknown/i, 'a billion laughs');
  await refused(team, 'a: &a [*a]', /alias|unknown/i, 'a recursive alias');
  await refused(team, 'a: ' + '['.repeat(10_000), /deep|nest|depth|bad_key/i, 'deep nesting');
  await refused(team, 'a: ' + '{b: '.repeat(5_000), /deep|nest|depth|bad_key/i, 'deep maps');
  await refused(team, yaml('a') + '---\n' + yaml('b'), /one document|second|several/i, 'two documents');
  await refused(team, 'a: !!python/object:os.system x', /tag|unknown/i, 'a tag');
  await refused(team, yaml('a', {title: '"\\0"'}), /character|NUL/i, 'a NUL');
  const large = await save(team, yaml('a') + `# ${'x'.repeat(300_000)}\n`);
  assert.ok([413, 422].includes(large.status));
  assert.equal((await save(team, 'x'.repeat(11 << 20))).status, 413);
  const memory = Number(readFileSync(`/proc/${server.child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
  assert.ok(memory < 400_000, `${memory} kB`);
}));

test('SQL that writes, reads files, stacks statements or changes the engine is refused, and the engine lives on', () => withTeam(async (team, server) => {
  const evil = join(server.folder, 'evil');
  const statements = [
    `DROP TABLE weather`, `CREATE TABLE t AS SELECT 1`, `INSERT INTO weather SELECT * FROM weather`, `COPY weather TO '${evil}'`, `ATTACH '${evil}'`, `INSTALL httpfs`, `SET memory_limit='1GB'`,
    `PRAGMA database_list`, `SELECT 1; SELECT 2`, `SELECT 1; DROP TABLE weather`, `SELECT * FROM read_csv('/etc/passwd')`, `SELECT * FROM read_text('/etc/passwd')`, `SELECT * FROM '/etc/passwd'`,
    `SELECT * FROM glob('/etc/*')`, `SELECT * FROM read_parquet('${DATA}/flights-3m.parquet')`, `SELECT * FROM enable_logging('QueryLog', storage='file', storage_config={'path':'${evil}'})`,
    `SELECT * FROM duckdb_settings()`, `SELECT * FROM duckdb_secrets()`, `SELECT getenv('HOME')`, `SELECT * FROM query('DROP TABLE weather')`, `EXPLAIN ANALYZE SELECT 1`, `CALL checkpoint()`,
    `SELECT * FROM information_schema.tables`, `SELECT * FROM pg_catalog.pg_class`, `WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT * FROM t`, `VALUES (1)`.replace('VALUES (1)', 'DESCRIBE weather'),
    `SELECT current_setting('home_directory')`, `SELECT nextval('x')`, `FROM weather; --`.replace(';', '; DELETE FROM weather;'),
  ];
  for (const sql of statements) {
    const response = await team.call('POST', '/v1/dashboards/validate?dry_run=true', {body: yaml('evil', {sql}), type: 'application/yaml'});
    assert.equal(response.json?.valid, false, `${sql}: ${response.text.slice(0, 200)}`);
    assert.ok([400, 422].includes((await save(team, yaml('evil', {sql}))).status), sql);
    assert.doesNotMatch(response.text, /root:x/);
  }
  assert.ok(!existsSync(evil));
  await expectStatus(save(team, yaml('good')), 201);
  assert.equal((await team.call('GET', '/v1/dashboards/good/data')).json.queries.q.data.rows.length, 2);
}));

test('every body field, wrong in type, missing, unknown and too long, is named in one clear problem', () => withTeam(async (team, server) => {
  const openapi = (await server.call('GET', '/openapi.json')).json;
  const resolve = (schema) => (schema?.$ref ? openapi.components.schemas[schema.$ref.split('/').pop()] : schema);
  let fields = 0;
  for (const [path, methods] of Object.entries(openapi.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const schema = resolve(operation.requestBody?.content?.['application/json']?.schema);
      if (!schema?.properties) continue;
      const target = path.replace('{team_id}', team.id).replace(/\{\w+\}/g, '0190a000-0000-7000-8000-000000000000');
      const send = (body) => server.call(method.toUpperCase(), target, {body, team: operation['x-bridge-access'] === 'operator_only' ? undefined : team.id});
      const check = async (body, what) => {
        const response = await send(body);
        assert.ok([400, 401, 404, 413, 422].includes(response.status), `${method} ${target} with ${what}: ${response.status} ${response.text.slice(0, 200)}`);
        assert.match(response.headers.get('content-type'), /problem\+json/, what);
        assert.doesNotMatch(response.text, /exception|std::|\.cpp/i);
      };
      for (const bad of ['[]', 'null', '7', '"x"', '{', '{"a":1,"a":2}', '['.repeat(100_000)]) await check(bad, bad.slice(0, 20));
      await check({nonsense: 1}, 'an unknown field');
      for (const [name, property] of Object.entries(schema.properties)) {
        ++fields;
        for (const value of [{select: 1}, [[]], 7.5, true]) {
          const types = [property.type].flat();
          if (types.includes('object') && !Array.isArray(value) && typeof value === 'object') continue;
          if (types.includes('boolean') && value === true) continue;
          await check({[name]: value}, `${name}: ${JSON.stringify(value)}`);
        }
        if ([property.type].flat().includes('string') && property.maxLength) await check({[name]: 'x'.repeat(property.maxLength + 1)}, `${name} too long`);
      }
    }
  }
  assert.ok(fields >= 8, `${fields} fields`);
  assert.equal((await server.call('GET', '/health')).status, 200);
}));

test('kill -9 during saves leaves the old or the new document, and index and pointer agree after restart', async () => {
  const folder = temporaryFolder();
  let server = await startServer({folder, keep: true});
  const team = await makeTeam(server, 'Crash', DATA + '/weather.csv');
  await expectStatus(save(team, yaml('crash', {title: 'v1'})), 201);
  let acknowledged = 1;
  for (let round = 0; round < 8; ++round) {
    let running = true;
    const current = server;
    const loop = (async () => {
      while (running) {
        try {
          const next = acknowledged + 1;
          const response = await current.call('PUT', '/v1/dashboards/crash', {team: team.id, body: yaml('crash', {title: `v${next}`}), type: 'application/yaml'});
          if (response.status === 200) acknowledged = response.json.version;
        } catch { return; }
      }
    })();
    await new Promise((done) => setTimeout(done, 15 + Math.random() * 80));
    await server.stop({force: true});
    running = false;
    await loop;
    server = await startServer({folder, keep: true});
    const text = (await server.call('GET', '/v1/dashboards/crash/yaml', {team: team.id})).text;
    const meta = (await server.call('GET', '/v1/dashboards/crash', {team: team.id})).json;
    const [listed] = (await server.call('GET', '/v1/dashboards', {team: team.id})).json.items;
    const version = Number(text.match(/version: (\d+)/)[1]);
    const title = text.match(/title: (v\d+)/)[1];
    assert.ok(version === acknowledged || version === acknowledged + 1, `round ${round}: ${version} after ${acknowledged} was acknowledged`);
    assert.equal(meta.version, version, 'the pointer agrees');
    assert.equal(listed.version, version, 'the index agrees');
    assert.equal(meta.title, title);
    assert.equal(listed.title, title);
    acknowledged = version;
  }
  await server.stop();
  rmSync(folder, {recursive: true, force: true});
});

// The real program stops exactly there, with all of its threads: the one before is whole, or the new one is, and all agree about which.
const CRASH_POINTS = {
  after_history_put: {saved: false, call: 'PUT'},
  after_yaml_put: {saved: true, call: 'PUT'},
  before_index_put: {saved: true, call: 'PUT'},
  after_index_put: {saved: true, call: 'PUT'},
  after_pointer_write: {saved: true, call: 'PUT'},
  after_yaml_remove: {saved: true, call: 'DELETE'},
};

test('killed between any two writes of a save, the next start has the old document or the new one, whole', async (t) => {
  const folder = 'src/features/dashboards';
  const source = readdirSync(folder).filter((name) => name.endsWith('.cpp') && !name.endsWith('_test.cpp')).map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('');
  assert.deepEqual(Object.keys(CRASH_POINTS).sort(), [...new Set([...source.matchAll(/crash_point\("(\w+)"\)/g)].map(([, name]) => name))].sort(), 'every point has its case');
  for (const [point, {saved, call}] of Object.entries(CRASH_POINTS)) {
    await t.test(point, async () => {
      const folder = temporaryFolder();
      let server = await startServer({folder, keep: true});
      const team = await makeTeam(server, 'Points', DATA + '/weather.csv');
      await expectStatus(save(team, yaml('crash', {title: 'v1'})), 201);
      await server.stop();

      server = await startServer({folder, keep: true, binary: BINARY_WITH_CRASH_POINTS, env: {BRIDGE_CRASH_AT: point}});
      const body = call === 'PUT' ? yaml('crash', {title: 'v2'}) : undefined;
      await assert.rejects(server.call(call, '/v1/dashboards/crash', {team: team.id, body, type: 'application/yaml'}), 'the server dies before it answers');
      assert.equal((await server.exited).signal, 'SIGKILL');

      server = await startServer({folder, keep: true});
      try {
        const ask = (path) => server.call('GET', path, {team: team.id});
        // What a crash left behind is mended while the server already answers.
        const wanted = call === 'DELETE' ? [] : [saved ? [2, 'v2'] : [1, 'v1']];
        const list = async () => (await ask('/v1/dashboards')).json.items.map(({version, title}) => [version, title]);
        for (const until = Date.now() + 5000; Date.now() < until && !isDeepStrictEqual(await list(), wanted);) await new Promise((done) => setTimeout(done, 20));
        assert.deepEqual(await list(), wanted, 'the index');
        if (call === 'DELETE') {
          assert.equal((await ask('/v1/dashboards/crash')).status, 404);
          assert.equal((await ask('/v1/dashboards/crash/yaml')).status, 404);
        } else {
          const [[wantedVersion, wantedTitle]] = wanted;
          const {version, title} = (await ask('/v1/dashboards/crash')).json;
          assert.deepEqual([version, title], [wantedVersion, wantedTitle], 'the pointer');
          assert.match((await ask('/v1/dashboards/crash/yaml')).text, new RegExp(`title: ${wantedTitle} `), 'the file');
          const next = await server.call('PUT', '/v1/dashboards/crash', {team: team.id, body: yaml('crash', {title: 'next'}), type: 'application/yaml'});
          assert.equal(next.status, 200, next.text);
          assert.equal(next.json.version, wantedVersion + 1);
        }
      } finally {
        await server.stop();
        rmSync(folder, {recursive: true, force: true});
      }
    });
  }
});

test('a full disk: the save is refused with one clear error, nothing is lost, and it goes on when there is space', async (t) => {
  const folder = temporaryFolder();
  const child = spawn('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', `mount -t tmpfs -o size=4m tmpfs ${folder} && exec ${BINARY} serve --data-dir ${folder} --listen 127.0.0.1:0`], {stdio: ['ignore', 'pipe', 'pipe']});
  let errors = '';
  child.stderr.on('data', (chunk) => { errors += chunk; });
  const url = await new Promise((done) => {
    child.stdout.on('data', (chunk) => done(JSON.parse(String(chunk)).url));
    child.on('exit', () => done(null));
  });
  if (!url) return t.skip(`this machine allows no mount of its own: ${errors.trim()}`);
  const inside = `/proc/${child.pid}/root${folder}`;
  const key = readFileSync(join(inside, 'operator.key'), 'utf8').trim();
  const call = async (method, path, {body, team, type = 'application/json'} = {}) => {
    const response = await fetch(url + path, {method, headers: {authorization: `Bearer ${key}`, ...(team && {'x-bridge-team': team}), ...(body && {'content-type': type})}, body: typeof body === 'object' ? JSON.stringify(body) : body});
    const text = await response.text();
    return {status: response.status, text, json: /^[{[]/.test(text) ? JSON.parse(text) : null, headers: response.headers};
  };
  const team = await makeTeam({call}, 'Full', DATA + '/weather.csv');
  assert.equal((await save(team, yaml('kept'))).status, 201);
  mkdirSync(join(inside, 'filler'), {recursive: true});
  try {
    for (let size = 1 << 20; size >= 512; size >>= 1) for (let i = 0; i < 64; ++i) writeFileSync(join(inside, 'filler', `${size}-${i}`), Buffer.alloc(size));
  } catch {}
  try { for (let i = 0; i < 10_000; ++i) writeFileSync(join(inside, 'filler', `last-${i}`), Buffer.alloc(4096)); } catch {}
  const refusedSave = await save(team, yaml('lost'));
  assert.ok([429, 503, 507].includes(refusedSave.status), `${refusedSave.status} ${refusedSave.text}`);
  assert.match(refusedSave.text, /disk|space/i);
  assert.equal((await team.call('GET', '/v1/dashboards/kept/yaml')).status, 200, 'reads go on');
  assert.equal((await team.call('GET', '/v1/dashboards/kept/data')).status, 200);
  for (const name of readdirSync(join(inside, 'filler'))) rmSync(join(inside, 'filler', name));
  assert.equal((await save(team, yaml('later'))).status, 201, 'and writes go on when there is space again');
  const slugs = (await team.call('GET', '/v1/dashboards')).json.items.map(({slug}) => slug).sort();
  assert.deepEqual(slugs, ['kept', 'later']);
  child.kill('SIGTERM');
  await new Promise((done) => child.on('exit', done));
  rmSync(folder, {recursive: true, force: true});
});

test('a warehouse that is missing, corrupt, locked or empty says which and what to do', async () => {
  const server = await startServer();
  const folder = temporaryFolder();
  try {
    const team = await makeTeam(server, 'Bad warehouses');
    writeFileSync(join(folder, 'corrupt.duckdb'), 'this is no database'.repeat(1000));
    writeFileSync(join(folder, 'corrupt.parquet'), 'PAR1 this is no parquet PAR1');
    mkdirSync(join(folder, 'empty'));
    mkdirSync(join(folder, 'only-corrupt'));
    writeFileSync(join(folder, 'only-corrupt', 'x.parquet'), 'nonsense');
    const cases = [['missing.duckdb', /nothing at .*check the path/i], ['corrupt.duckdb', /not a (valid )?DuckDB|corrupt/i], ['corrupt.parquet', /parquet/i], ['empty', /no table|no file|empty/i], ['only-corrupt', /x\.parquet/]];
    for (const [name, pattern] of cases) {
      const connection = (await expectStatus(team.call('POST', '/v1/onboarding/connections', {body: {team_id: team.id, name, connection_type: 'duckdb', credentials: {path: join(folder, name)}}}), 201)).json;
      const tested = (await expectStatus(team.call('POST', `/v1/onboarding/connections/${connection.id}/test`), 200)).json;
      assert.equal(tested.success, false, name);
      assert.equal(tested.status, 'failed');
      assert.match(tested.error, pattern, name);
      assert.equal(tested.error.split('\n').length, 1);
    }
    for (const credentials of [{}, {pth: 'x'}, {path: 7}, {path: 'x', more: 'y'}, 'path', []]) {
      const response = await team.call('POST', '/v1/onboarding/connections', {body: {team_id: team.id, name: 'n', connection_type: 'duckdb', credentials}});
      assert.equal(response.status, 422, JSON.stringify(credentials));
    }
    assert.equal((await team.call('POST', '/v1/onboarding/connections', {body: {team_id: team.id, name: 'n', connection_type: 'oracle', credentials: {}}})).status, 422);
  } finally {
    rmSync(folder, {recursive: true, force: true});
    await server.stop();
  }
});

test('rebuild-index restores every dashboard from the lake alone', async () => {
  const folder = temporaryFolder();
  let server = await startServer({folder, keep: true});
  const team = await makeTeam(server, 'Rebuild', DATA + '/weather.csv');
  for (const slug of ['one', 'two', 'three']) await expectStatus(save(team, yaml(slug)), 201);
  const index = join(folder, 'lake', 'dashboards', team.id, '.index.json');
  assert.ok(existsSync(index), index);
  rmSync(index);
  const counts = (await expectStatus(team.call('POST', '/v1/dashboards/rebuild-index'), 200)).json;
  assert.match(JSON.stringify(counts), /3/);
  assert.equal((await team.call('GET', '/v1/dashboards')).json.items.length, 3);
  await server.stop();
  const cli = await runBridge(['rebuild-index'], {folder});
  assert.equal(cli.code, 0, cli.stderr);
  server = await startServer({folder});
  assert.equal((await server.call('GET', '/v1/dashboards', {team: team.id})).json.items.length, 3);
  await server.stop();
});
