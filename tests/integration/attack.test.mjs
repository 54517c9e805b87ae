// What a hostile or unlucky user does to a running server: each gets one clear answer, and the server goes on for everyone else.
import assert from 'node:assert/strict';
import test from 'node:test';
import {copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {startFakeAnthropic} from '../fakes/anthropic.mjs';
import {DATA, expectStatus, generate, makeTeam, parseEvents, runBridge, startServer, temporaryFolder} from './harness.mjs';

const document = (slug, queries, parameters = '') => `bridge: 1\nslug: ${slug}\ntitle: T\nconnection: warehouse\n${parameters}queries:\n` +
  Object.entries(queries).map(([id, query]) => `  ${id}: ${JSON.stringify(typeof query === 'string' ? {sql: query} : query)}\n`).join('') + 'charts:\n' +
  Object.keys(queries).map((id) => `  chart_${id}: {query: ${id}, mark: table}\n`).join('') + 'layout:\n' + Object.keys(queries).map((id) => `  - row: [{chart: chart_${id}}]\n`).join('');
const save = (team, text) => team.call('POST', '/v1/dashboards', {body: text, type: 'application/yaml'});
const preview = async (team, queries) => (await expectStatus(team.call('POST', '/v1/dashboards/preview', {body: document('x', queries), type: 'application/yaml'}), 200)).json.queries;
const residentMb = (server) => Number(readFileSync(`/proc/${server.child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function withServer(work) {
  const server = await startServer();
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

test('SQL that asks for more memory than there is fails alone, at once, and the server goes on', () => withServer(async (server) => {
  const team = await makeTeam(server, 'Greedy', DATA + '/weather.csv');
  const started = performance.now();
  for (const sql of ["SELECT repeat('x', 4000000000) AS s", "SELECT length(lpad('a', 2000000000, 'b')) AS n", 'SELECT unnest(range(1000000000)) AS n',
    "SELECT length(printf('%1000000000d', 1)) AS n", 'SELECT len(list_resize([1], 2000000000)) AS n']) {
    const {q} = await preview(team, {q: sql});
    assert.equal(q.error?.code, 'sql_not_allowed', sql);
  }
  // Lengths that are not written but come from elsewhere: the process has a limit of its own.
  for (const sql of ['SELECT len(range(n * 40000000000)) AS n FROM (SELECT 1 AS n)', 'SELECT len(list_resize([1], n * 100000000000)) AS n FROM (SELECT 1 AS n)']) {
    const {q} = await preview(team, {q: sql});
    assert.ok(q.error, sql);
  }
  const {b} = await preview(team, {a: 'SELECT 1 AS n', b: {from: ['a'], sql: 'SELECT len(range(n * 40000000000)) AS n FROM a'}});
  assert.ok(b.error, 'a query over answers');
  assert.ok(performance.now() - started < 15_000);
  assert.ok(residentMb(server) < 2_000, `${residentMb(server)} MB`);
  assert.equal((await preview(team, {q: 'SELECT count(*) AS n FROM weather'})).q.data.rows.length, 1);
}));

test('"never", the last of all days, is a day', () => withServer(async (server) => {
  const folder = temporaryFolder();
  const rows = Array.from({length: 30}, (_, i) => `c${i % 3},${i},${['9999-12-31', '0001-01-01', '2020-01-01'][i % 3]}`);
  writeFileSync(join(folder, 'contracts.csv'), ['city,amount,ends', ...rows].join('\n') + '\n');
  const team = await makeTeam(server, 'Never', folder);
  const made = await generate(server, team, 'total amount in contracts by month and city');
  assert.ok(made.done, JSON.stringify(made.error));
  const data = (await expectStatus(team.call('GET', `/v1/dashboards/${made.done.dashboard_slug}/data`), 200)).json.queries;
  for (const [id, query] of Object.entries(data)) assert.ok(query.data, `${id}: ${JSON.stringify(query.error)}`);
  await expectStatus(save(team, document('n', {q: 'SELECT count(*) AS n FROM contracts WHERE filter(:period, ends)'}, 'params:\n  period: {type: date_range, default: all}\n')), 201);
  const count = async (period) => (await expectStatus(team.call('GET', `/v1/dashboards/n/data?period=${period}`), 200)).json.queries.q.data.rows[0][0];
  assert.equal(await count('2020-01-01..9999-12-31'), 20);
  assert.equal(await count('9999-12-31..9999-12-31'), 10);
  assert.equal(await count('..2020-01-01'), 20);
  for (const bad of ['0000-00-00..', '2020-02-30..', '2020-01-02..2020-01-01', '10000-01-01..']) {
    assert.equal((await team.call('GET', `/v1/dashboards/n/data?period=${bad}`)).status, 422, bad);
  }
  rmSync(folder, {recursive: true});
}));

test('the server\'s own folder is nobody\'s warehouse: it holds what other teams asked', () => withServer(async (server) => {
  const victim = await makeTeam(server, 'Victim', DATA + '/weather.csv');
  assert.ok((await generate(server, victim, 'average wind by month')).done);
  const thief = await makeTeam(server, 'Thief');
  for (const place of ['lake', `lake/sessions/${victim.id}`, `lake/dashboards/${victim.id}`, 'keys', 'lake/../lake/sessions/' + victim.id]) {
    const connection = (await expectStatus(thief.call('POST', '/v1/onboarding/connections', {body: {team_id: thief.id, name: place, connection_type: 'duckdb', credentials: {path: join(server.folder, place)}}}), 201)).json;
    const tested = (await expectStatus(thief.call('POST', `/v1/onboarding/connections/${connection.id}/test`), 200)).json;
    assert.equal(tested.success, false, place);
    assert.match(tested.error, /data folder of a Bridge server/);
  }
}));

test('folders with hostile names and odd files get dashboards whose data answers', () => withServer(async (server) => {
  const folder = temporaryFolder();
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  const rows = (count, row) => Array.from({length: count}, (_, i) => row(i)).join('\n') + '\n';
  const files = {
    'quotes.csv': [quoted('a"b'), quoted("x'; DROP TABLE t; --"), quoted('line\nbreak'), quoted('<script>alert(1)</script>'), 'amount', 'date'].join(',') + '\n' +
      rows(50, (i) => `k${i % 5},v${i % 3},n${i % 4},h${i % 2},${i * 3},2020-01-${String((i % 28) + 1).padStart(2, '0')}`),
    'colon.csv': '"a: b","#c","- d","{e}","[f]","&g","*h","!i","%j","@k","`l"\n' + rows(30, (i) => `x${i % 3},${i},${i},${i},${i},${i},${i},${i},${i},${i},2020-01-0${(i % 9) + 1}`),
    'norway.csv': 'no,yes,null,"~","1e3"\n' + rows(30, (i) => `a${i % 3},${i},b${i % 2},${i * 2},${i}`),
    'reserved.csv': 'select,from,group,order,count,sum\n' + rows(30, (i) => `${i % 3},${i},g${i % 4},2020-01-0${(i % 9) + 1},${i},${i}`),
    'control.csv': '"tab\there","nul\u0001x","esc\u001b[31m","rtl\u202eabc",amount\n' + rows(30, (i) => `a${i % 3},b${i % 2},c${i % 4},d${i % 5},${i}`),
    'emptyfile.csv': '', 'headings.csv': 'a,b,c\n', 'onecolumn.csv': 'name\n' + rows(30, (i) => `n${i % 7}`), 'nothing.csv': 'a,b,amount\n' + rows(30, () => ',,'),
    'marked.csv': '\ufeffcity,amount,date\n' + rows(30, (i) => `c${i % 4},${i},2022-02-0${(i % 9) + 1}`), 'doubled.csv': 'a,a,a,b,B\n' + rows(30, (i) => `${i},x${i % 3},${i * 2},${i},${i}`),
    'onerow.csv': 'city,amount,date\nParis,5,2020-01-01\n', 'infinite.csv': 'city,amount,date\n' + rows(30, (i) => `c${i % 3},${['NaN', 'inf', '-inf', '1.5'][i % 4]},2020-03-0${(i % 9) + 1}`),
    'enormous.csv': 'city,amount\n' + rows(30, (i) => `c${i % 3},${'9'.repeat(38)}`), 'lengthy.csv': 'n'.repeat(3000) + ',amount\n' + rows(30, (i) => `x${i % 3},${i}`),
    'broken.json': '{"a":1,,}', 'pretended.parquet': 'hello',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const team = await makeTeam(server, 'Odd', folder);
  for (const name of Object.keys(files).filter((file) => !/broken|pretended/.test(file))) {
    const made = await generate(server, team, `${name.split('.')[0]} at a glance`);
    assert.ok(made.done, `${name}: ${JSON.stringify(made.error)}`);
    const yaml = (await expectStatus(team.call('GET', `/v1/dashboards/${made.done.dashboard_slug}/yaml`), 200)).text;
    assert.equal((await expectStatus(team.call('POST', '/v1/dashboards/validate?dry_run=true', {body: yaml, type: 'application/yaml'}), 200)).json.valid, true, name);
    const data = (await expectStatus(team.call('GET', `/v1/dashboards/${made.done.dashboard_slug}/data`), 200)).json.queries;
    for (const [id, query] of Object.entries(data)) assert.ok(query.data, `${name} ${id}: ${JSON.stringify(query.error)}`);
  }
  rmSync(folder, {recursive: true});
}));

test('sixteen people who save one dashboard at once make whole versions, one after another', () => withServer(async (server) => {
  const team = await makeTeam(server, 'Crowd', DATA + '/weather.csv');
  const text = document('crowd', {q: 'SELECT count(*) AS n FROM weather'});
  const made = await Promise.all(Array.from({length: 16}, () => save(team, text)));
  assert.equal(made.filter(({status}) => status === 201).length, 1);
  assert.ok(made.every(({status}) => status === 201 || status === 409));
  const put = await Promise.all(Array.from({length: 16}, (_, i) => team.call('PUT', '/v1/dashboards/crowd', {body: text.replace('title: T', `title: T${i}`), type: 'application/yaml'})));
  assert.ok(put.every(({status}) => status === 200 || status === 412));
  const versions = put.filter(({status}) => status === 200).map(({json}) => json.version).sort((a, b) => a - b);
  assert.deepEqual(versions, versions.map((_, i) => i + 2));
  const last = put.find(({json}) => json.version === versions.at(-1)).json;
  const [listed] = (await team.call('GET', '/v1/dashboards')).json.items;
  assert.deepEqual([listed.version, listed.title], [last.version, last.title]);
  const together = await Promise.all([...Array.from({length: 20}, () => team.call('GET', '/v1/dashboards/crowd/data')), team.call('DELETE', '/v1/dashboards/crowd'),
    ...Array.from({length: 20}, () => team.call('GET', '/v1/dashboards/crowd/yaml'))]);
  assert.ok(together.every(({status}) => [200, 204, 404].includes(status)));
}));

test('files that are replaced, spoiled and removed under a running server show in the next fresh answer', () => withServer(async (server) => {
  const folder = temporaryFolder();
  copyFileSync(DATA + '/weather.csv', join(folder, 'weather.csv'));
  const team = await makeTeam(server, 'Moving', folder);
  await expectStatus(save(team, document('m', {q: 'SELECT count(*) AS n FROM weather'})), 201);
  const fresh = async () => (await expectStatus(team.call('GET', '/v1/dashboards/m/data', {headers: {'cache-control': 'no-cache'}}), 200)).json.queries.q;
  assert.equal((await fresh()).data.rows[0][0], 2922);
  writeFileSync(join(folder, 'weather.csv'), readFileSync(DATA + '/weather.csv', 'utf8').split('\n').slice(0, 101).join('\n'));
  await sleep(250);
  assert.equal((await fresh()).data.rows[0][0], 100);
  rmSync(folder, {recursive: true});
  await sleep(250);
  assert.equal((await fresh()).error.code, 'path_missing');
  const seen = await team.call('GET', '/v1/dashboards/m/query/q/data', {key: await team.as('viewer')});
  assert.ok(!seen.text.includes(folder), 'a viewer does not learn where the data lies');
  mkdirSync(folder);
  copyFileSync(DATA + '/weather.csv', join(folder, 'weather.csv'));
  await sleep(250);
  assert.equal((await fresh()).data.rows[0][0], 2922);
  rmSync(folder, {recursive: true});
}));

test('a dashboard and an index spoiled by hand harm nobody else, and the next save mends them', () => withServer(async (server) => {
  const team = await makeTeam(server, 'Spoiled', DATA + '/weather.csv');
  for (const slug of ['one', 'two']) await expectStatus(save(team, document(slug, {q: 'SELECT count(*) AS n FROM weather'})), 201);
  const place = join(server.folder, 'lake/dashboards', team.id);
  assert.ok(readdirSync(place).includes('one.yaml'));
  writeFileSync(join(place, 'one.yaml'), '}{ nonsense: [\x00');
  assert.equal((await team.call('GET', '/v1/dashboards/one/data')).json.code, 'invalid_yaml');
  assert.equal((await team.call('GET', '/v1/dashboards/two/data')).status, 200);
  writeFileSync(join(place, '.index.json'), '{"broken');
  const listed = async () => (await expectStatus(team.call('GET', '/v1/dashboards'), 200)).json.items.map(({slug}) => slug).sort();
  assert.ok((await listed()).includes('two'));
  await expectStatus(team.call('PUT', '/v1/dashboards/one', {body: document('one', {q: 'SELECT 1 AS n'}), type: 'application/yaml'}), 200);
  assert.deepEqual((await team.call('GET', '/v1/dashboards/one/data')).json.queries.q.data.rows, [[1]]);
  assert.deepEqual(await listed(), ['one', 'two']);
}));

test('a server that is told to stop during generations says so, keeps what is whole and starts again', async () => {
  let server = await startServer({keep: true});
  try {
    const team = await makeTeam(server, 'Stopping', DATA + '/weather.csv');
    const running = Array.from({length: 8}, () => server.call('POST', '/v1/dashboards/generate', {team: team.id, body: {connection_id: team.connectionId, user_prompt: 'average wind by month'}})
      .then(({text}) => text, (error) => String(error.cause ?? error)));
    await sleep(30);
    assert.equal((await server.stop()).code, 0);
    for (const text of await Promise.all(running)) assert.doesNotMatch(text, /client is gone/);
    server = await startServer({folder: server.folder, keep: true});
    for (const {slug, version} of (await server.call('GET', '/v1/dashboards?limit=200', {team: team.id})).json.items) {
      assert.equal((await expectStatus(server.call('GET', `/v1/dashboards/${slug}/document`, {team: team.id}), 200)).json.version, version);
    }
  } finally {
    await server.stop();
    rmSync(server.folder, {recursive: true, force: true});
  }
});

test('a damaged directory, and a folder in place of the settings, are one clear line', async () => {
  const folder = temporaryFolder();
  const server = await startServer({folder, keep: true});
  await server.stop();
  for (const name of readdirSync(folder).filter((file) => file.startsWith('bridge.db'))) rmSync(join(folder, name));
  writeFileSync(join(folder, 'bridge.db'), 'not a database');
  const damaged = await runBridge(['serve', '--listen', '127.0.0.1:0'], {folder, timeout: 10_000});
  assert.notEqual(damaged.code, 0);
  assert.match(damaged.stderr, /damaged: restore it from a backup/);
  const settings = await runBridge(['config', '--config', folder]);
  assert.equal(settings.code, 1);
  assert.match(settings.stderr, /is a folder/);
  rmSync(folder, {recursive: true});
});

test('hostile SQL and texts in the tools of a conversation are refused one by one, and the conversation goes on', async () => {
  const hostile = [
    `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, `SELECT ${Array(3000).fill('1').join('+')}`, `SELECT ${'NOT '.repeat(5000)}true`,
    `SELECT * FROM ${'(SELECT * FROM '.repeat(300)}flights_3m${') x'.repeat(300)}`, 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t',
    'SELECT unnest(range(10000000))', "SELECT repeat('x', 1000000000)", 'SELECT 1; DROP TABLE x', "SELECT * FROM read_csv('/etc/passwd')", '', '\u0000',
  ].map((sql, i) => i % 2 ? {name: 'run_query', input: {sql}} : {name: 'show_chart', input: {title: 't', sql, mark: 'table'}});
  hostile.push(
    {name: 'show_chart', input: {title: '<img src=x onerror=alert(1)>', sql: 'SELECT 1 AS a', mark: 'kpi', y: 'a'}},
    {name: 'show_chart', input: {title: 'One', sql: 'SELECT 1 AS a', mark: 'kpi', y: {field: 'a', title: '[here](http://elsewhere.example)'}}},
    {name: 'show_chart', input: {title: 5, sql: [], mark: {}}},
    {name: 'run_query', input: {sql: 'SELECT 1', team_id: 'another'}},
  );
  const good = {name: 'run_query', input: {sql: 'SELECT * FROM flights_3m'}};
  const fake = await startFakeAnthropic({script: [...hostile, good].map((call) => ({content: [{type: 'tool_use', ...call}]})).concat([{content: [{type: 'text', text: 'Done.'}]}])});
  const server = await startServer({env: {ANTHROPIC_API_KEY: 'test-key', ANTHROPIC_BASE_URL: fake.url}});
  try {
    const team = await makeTeam(server, 'Attacked', `${DATA}/flights-3m.parquet`);
    const {session_id: id} = (await expectStatus(team.call('POST', '/v1/chat/sessions', {body: {}}), 201)).json;
    const events = parseEvents((await expectStatus(team.call('POST', `/v1/chat/sessions/${id}/stream`, {body: {message: 'go'}}), 200)).text);
    const results = events.filter(({event}) => event === 'tool_result').map(({data}) => data);
    assert.equal(results.length, hostile.length + 1);
    for (const [i, result] of results.slice(0, -1).entries()) assert.equal(result.ok, false, JSON.stringify([hostile[i], result]).slice(0, 500));
    assert.equal(results.at(-1).ok, true, JSON.stringify(results.at(-1)).slice(0, 500));
    assert.equal(results.at(-1).result.rows.length, 200, 'a small answer');
    assert.equal(results.at(-1).result.truncated, true);
    assert.equal(events.at(-1).event, 'done');
    assert.equal((await server.call('GET', '/health')).status, 200);
  } finally {
    await server.stop();
    await fake.stop();
  }
});
