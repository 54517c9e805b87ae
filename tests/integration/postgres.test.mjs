// PostgreSQL as a warehouse, on a real server: from a connection string to a page whose numbers are psql's, and what happens when it goes away.
import assert from 'node:assert/strict';
import {createServer} from 'node:net';
import test from 'node:test';
import {readFileSync, readdirSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {BINARY, expectStatus, generate, makeTeam, parseEvents, runBridge, startServer, temporaryFolder} from './harness.mjs';
import {READER_PASSWORD, startPostgres} from './postgres_server.mjs';

const SHOP = `
CREATE TABLE customer (id int PRIMARY KEY, name text, country text, segment text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int REFERENCES customer, ordered_at timestamptz, shipped date, quantity int, amount numeric(12,2), status text, notes text);
INSERT INTO customer SELECT n, 'Customer '||n, (ARRAY['Germany','France','Poland','Spain','Italy'])[n%5+1], (ARRAY['Consumer','Corporate'])[n%2+1] FROM generate_series(1,200) n;
INSERT INTO orders SELECT n, n*31%200+1, timestamptz '2022-01-01 00:00Z' + (n*37%1000)*interval '1 day' + (n%24)*interval '1 hour', date '2022-01-03' + (n*37%1000), n%5+1, ((n*7919)%50000)/100.0, (ARRAY['shipped','returned','open'])[n%3+1], CASE WHEN n%7=0 THEN 'note '||n END FROM generate_series(1,20000) n;
CREATE VIEW big_orders AS SELECT * FROM orders WHERE amount > 400;
COMMENT ON TABLE orders IS 'One row an order';
ANALYZE;`;

const postgres = await startPostgres();
await postgres.sql('CREATE DATABASE shop');
await postgres.sql(SHOP, 'shop');
const server = await startServer();
test.after(async () => {
  await server.stop();
  await postgres.stop();
});

async function connect(team, name, credentials, {test: tested = true} = {}) {
  return team.call('POST', `/v1/onboarding/connections${tested ? '?test=true' : ''}`, {body: {name, connection_type: 'postgres', credentials}});
}
async function teamOnShop(name) {
  const team = await makeTeam(server, name);
  team.connectionId = (await expectStatus(connect(team, 'shop', postgres.credentials('shop')), 201)).json.id;
  return team;
}
const FRESH = {'cache-control': 'no-cache'};
const psql = async (sql) => (await postgres.sql(sql, 'shop')).trim().split('\n').map((line) => line.split('|'));

test('a connection string is all that the command line needs', async () => {
  const folder = temporaryFolder();
  const env = {};
  for (const args of [['team', 'create', 'Shop'], ['connection', 'add', 'shop', postgres.url('shop')]]) {
    const {code, stdout, stderr} = await runBridge(args, {folder, env});
    assert.equal(code, 0, stderr);
    assert.ok(!`${stdout}${stderr}`.includes('c4n4ry'));
  }
  const tested = await runBridge(['connection', 'test', 'shop'], {folder, env});
  assert.equal(tested.code, 0, tested.stderr);
  assert.match(tested.stdout, /✓ resolve.*\n✓ connect.*\n✓ sign in.*\n✓ rights.*\n✓ list.*\n✓ dry run.*\n✓ read row.*\nworks/);
  const made = await runBridge(['generate', 'monthly amount by status', '--connection', 'shop', '--json'], {folder, env});
  assert.equal(made.code, 0, made.stderr);
  const bad = await runBridge(['connection', 'add', 'other', postgres.url('shop', 'no')], {folder, env});
  assert.equal(bad.code, 1, bad.stderr);
  assert.match(bad.stderr, /Sign in: the user 'reader' or the password is wrong .*: give the role's password anew/);
  const doctor = await runBridge(['doctor'], {folder, env});
  assert.match(doctor.stdout, /connection shop\/shop: works \(resolve \d+ ms, connect/);
  rmSync(folder, {recursive: true, force: true});
});

test('pages made from sentences have the numbers of psql', async (t) => {
  const team = await teamOnShop('Numbers');
  const answersOf = async (slug) => (await expectStatus(team.call('GET', `/v1/dashboards/${slug}/data`), 200)).json.queries;
  await t.test('sums by month and by status', async () => {
    const {done, error} = await generate(server, team, 'monthly amount by status');
    assert.ok(done, JSON.stringify(error));
    const queries = Object.values(await answersOf(done.dashboard_slug));
    for (const query of queries) assert.ok(!query.error, JSON.stringify(query.error));
    const trend = queries.find(({data}) => data.columns.length === 3 && data.columns.some(({name}) => name === 'status') && data.columns[0].type === 'date');
    assert.ok(trend, JSON.stringify(queries.map(({data}) => data.columns)));
    const byHand = new Map((await psql(`SELECT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date || ' ' || status, sum(amount) FROM orders GROUP BY 1`)));
    assert.ok(trend.data.rows.length > 20);
    for (const [month, status, amount] of trend.data.rows) assert.equal(Number(amount), Number(byHand.get(`${month} ${status}`)), `${month} ${status}`);
  });
  await t.test('sums by what stands in another table, along its key, and each row once', async () => {
    for (const [sentence, sql] of [
      ['amount by country', 'SELECT country, sum(amount) FROM orders JOIN customer ON customer.id = customer_id GROUP BY 1'],
      ['number of orders by segment', 'SELECT segment, count(*) FROM orders JOIN customer ON customer.id = customer_id GROUP BY 1'],
      ['average quantity by country for corporate', "SELECT country, avg(quantity) FROM orders JOIN customer ON customer.id = customer_id WHERE segment = 'Corporate' GROUP BY 1"],
    ]) {
      const {done, error} = await generate(server, team, sentence);
      assert.ok(done, `${sentence}: ${JSON.stringify(error)}`);
      const queries = Object.values(await answersOf(done.dashboard_slug));
      for (const query of queries) assert.ok(!query.error, JSON.stringify(query.error));
      const byHand = await psql(sql);
      const right = queries.some(({data}) => data.rows.length === byHand.length && byHand.every(([name, number]) => data.rows.some((row) => row[0] === name && row.slice(1).some((cell) => Math.abs(Number(cell) - Number(number)) < 1e-6 * Math.abs(Number(number))))));
      assert.ok(right, `${sentence}: ${JSON.stringify(queries.map(({data}) => data.rows.slice(0, 3)))} has not ${JSON.stringify(byHand)}`);
    }
  });
  await t.test('a chat asks it, and reads what was asked', async () => {
    const session = (await expectStatus(team.call('POST', '/v1/chat/sessions', {body: {connection_id: team.connectionId}}), 201)).json;
    const turn = await expectStatus(team.call('POST', `/v1/chat/sessions/${session.session_id}/stream`, {body: {message: 'orders by status'}}), 200);
    const events = parseEvents(turn.text);
    assert.ok(!events.some(({event}) => event === 'error'), turn.text.slice(-1500));
  });
});

test('exports stream past the row limit, and every digit of them is the server\'s', async () => {
  const team = await teamOnShop('Exports');
  await postgres.sql(`CREATE TABLE exact (a bigint, b numeric, c timestamptz, d text, e int[], f interval, g jsonb, h uuid);
    INSERT INTO exact VALUES (9223372036854775807, 12345678901234567890.123456789012345678901, '2024-02-29 23:59:59.123456+02', E'a"b\\nc', '{1,NULL,3}', '1 day 2 hours', '{"x": 1.10}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (NULL, 'NaN', 'infinity', '', '{}', NULL, 'null', NULL)`, 'shop');
  const yaml = `bridge: 1\ntitle: Rows\nconnection: shop\nqueries:\n  exact: {sql: "SELECT * FROM exact ORDER BY a NULLS LAST"}\n  many: {sql: "SELECT id, amount FROM orders ORDER BY id"}\ncharts:\n  t: {query: exact, mark: table}\n  m: {query: many, mark: table}\nlayout:\n  - row: [{chart: t}]\n  - row: [{chart: m}]\n`;
  const saved = (await expectStatus(team.call('POST', '/v1/dashboards', {body: yaml, type: 'application/yaml'}), 201)).json;
  const exact = (await expectStatus(team.call('GET', `/v1/dashboards/${saved.slug}/query/exact/data?format=json`), 200)).json;
  assert.deepEqual((exact.rows ?? exact.data?.rows)[0].slice(0, 4), ['9223372036854775807', '12345678901234567890.123456789012345678901', '2024-02-29T21:59:59.123456Z', 'a"b\nc']);
  const csv = (await expectStatus(team.call('GET', `/v1/dashboards/${saved.slug}/query/many/data?format=csv`), 200)).text.trim().split('\n');
  assert.equal(csv.length, 20_001);
});

test('a key that leads to another table is told, and a column\'s own numbers', async () => {
  const team = await teamOnShop('Catalog');
  await expectStatus(team.call('POST', `/v1/onboarding/catalog/discover?connection_id=${team.connectionId}`), 200);
  const {events} = await generate(server, team, 'orders by status');
  const schema = events.filter(({event}) => event === 'tool_result').map(({data}) => data.output ?? data.content ?? data.result).find((output) => output?.table === 'orders');
  if (schema) assert.deepEqual(schema.keys.map(({columns, references}) => [columns.join(), references]), [['id', ''], ['customer_id', 'customer']]);
});

test('each bad place, password and name fails at its step with its mend, and nothing is kept', async (t) => {
  const team = await makeTeam(server, 'Bad');
  const http = createServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).on('error', () => {})).listen(0, '127.0.0.1');
  await new Promise((done) => http.on('listening', done));
  for (const [fields, step, mend] of [
    [{password: 'no'}, 'sign_in', /password anew/],
    [{user: "o'b \"x\""}, 'sign_in', /password anew|check its name/],
    [{database: 'nothing'}, 'sign_in', /check its name/],
    [{host: 'no-such-host.invalid'}, 'resolve', /check its name/],
    [{port: '1'}, 'connect', /check host and port/],
    [{port: String(http.address().port)}, 'connect', /check host and port/],
    [{ssl_mode: 'require'}, 'tls', /switch it on there/],
    [{host: '169.254.169.254'}, 'resolve', /BRIDGE_ALLOWED_NETWORKS/],
  ]) {
    await t.test(`${JSON.stringify(fields)} fails at ${step}`, async () => {
      const refused = await connect(team, 'bad', postgres.credentials('shop', fields));
      assert.ok(refused.status >= 400, refused.text);
      assert.ok(!refused.text.includes('c4n4ry'));
      const kept = (await expectStatus(connect(team, 'bad', postgres.credentials('shop', fields), {test: false}), 201)).json;
      const tested = (await expectStatus(team.call('POST', `/v1/onboarding/connections/${kept.id}/test`), 200)).json;
      assert.equal(tested.success, false);
      const last = tested.steps.at(-1);
      assert.equal(last.name, step, JSON.stringify(tested.steps));
      assert.equal(last.ok, false);
      assert.match(last.mend, mend);
      assert.ok(tested.steps.slice(0, -1).every(({ok}) => ok));
      await team.call('DELETE', `/v1/onboarding/connections/${kept.id}`);
    });
  }
  for (const fields of [{host: '/var/run/postgresql'}, {host: 'a/b'}, {service: 'x'}, {options: '-c a=b'}, {sslrootcert: '/etc/passwd'}, {url: 'postgresql://a:b@c/d?sslcert=/etc/passwd'}]) {
    await t.test(`${JSON.stringify(fields)} is no field`, async () => {
      const {host, ...rest} = postgres.credentials('shop');
      const body = fields.url ? fields : {host, ...rest, ...fields};
      const refused = await connect(team, 'bad', body);
      assert.equal(refused.status, 422, refused.text);
    });
  }
  http.close();
  assert.equal((await team.call('GET', '/v1/onboarding/connections')).json.items.length, 0);
});

test('only the operator names places near the server', async () => {
  const team = await makeTeam(server, 'Near');
  const key = await team.as('editor');
  const refused = await team.call('POST', '/v1/onboarding/connections?test=true', {key, body: {name: 'near', connection_type: 'postgres', credentials: postgres.credentials('shop')}});
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /BRIDGE_ALLOWED_NETWORKS/);
  // An editor who moves the operator's connection names its new place.
  const mine = (await expectStatus(connect(team, 'mine', postgres.credentials('shop')), 201)).json;
  const moved = await team.call('PATCH', `/v1/onboarding/connections/${mine.id}`, {key, body: {credentials: {database: 'postgres', password: READER_PASSWORD}}});
  assert.equal(moved.status, 409, moved.text);
  const opened = await startServer({env: {BRIDGE_ALLOWED_NETWORKS: '127.0.0.0/8'}});
  try {
    const there = await makeTeam(opened, 'Near');
    await expectStatus(there.call('POST', '/v1/onboarding/connections?test=true', {key: await there.as('editor'), body: {name: 'near', connection_type: 'postgres', credentials: postgres.credentials('shop')}}), 201);
  } finally {
    await opened.stop();
  }
});

test('a new password is proven before the old one goes', async () => {
  await postgres.sql(`CREATE ROLE turning LOGIN PASSWORD 'old-one'; GRANT pg_read_all_data TO turning`);
  const team = await makeTeam(server, 'Turning');
  const id = (await expectStatus(connect(team, 'shop', postgres.credentials('shop', {user: 'turning', password: 'old-one'})), 201)).json.id;
  const change = (password) => team.call('PATCH', `/v1/onboarding/connections/${id}`, {body: {credentials: {password}}});
  assert.equal((await change('not-yet')).status, 409);
  assert.equal((await team.call('POST', `/v1/onboarding/connections/${id}/test`)).json.success, true, 'the old one still works');
  await postgres.sql(`ALTER ROLE turning PASSWORD 'new-one'`);
  await expectStatus(change('new-one'), 200);
  assert.equal((await team.call('POST', `/v1/onboarding/connections/${id}/test`)).json.success, true);
});

test('a server that restarts is asked again, and one that hangs takes nobody else along', async () => {
  const team = await teamOnShop('Restart');
  const yaml = `bridge: 1\ntitle: Count\nconnection: shop\nqueries:\n  n: {sql: "SELECT count(*) AS n FROM orders"}\ncharts:\n  n: {query: n, mark: table}\nlayout:\n  - row: [{chart: n}]\n`;
  const {slug} = (await expectStatus(team.call('POST', '/v1/dashboards', {body: yaml, type: 'application/yaml'}), 201)).json;
  const view = () => team.call('GET', `/v1/dashboards/${slug}/data`, {headers: FRESH});
  assert.equal(Number((await expectStatus(view(), 200)).json.queries.n.data.rows[0][0]), 20_000);
  await postgres.halt('immediate');
  const gone = (await view()).json;
  assert.ok(!gone.queries || gone.queries.n.error || gone.queries.n.metadata?.cache !== 'miss', JSON.stringify(gone));
  await postgres.start();
  assert.equal(Number((await expectStatus(view(), 200)).json.queries.n.data.rows[0][0]), 20_000);
});

test('a day has an end: what is over its cap is refused, and cached answers are not', async () => {
  const capped = await startServer({env: {BRIDGE_TEAM_QUERIES_PER_DAY: '3'}});
  try {
    const team = await makeTeam(capped, 'Capped');
    const id = (await expectStatus(team.call('POST', '/v1/onboarding/connections?test=true', {body: {name: 'shop', connection_type: 'postgres', credentials: postgres.credentials('shop')}}), 201)).json.id;
    const yaml = `bridge: 1\ntitle: Count\nconnection: shop\nqueries:\n  n: {sql: "SELECT count(*) AS n FROM orders"}\ncharts:\n  n: {query: n, mark: table}\nlayout:\n  - row: [{chart: n}]\n`;
    const {slug} = (await expectStatus(team.call('POST', '/v1/dashboards', {body: yaml, type: 'application/yaml'}), 201)).json;
    let refused = null;
    for (let i = 0; i < 5 && !refused; ++i) {
      const answer = (await team.call('GET', `/v1/dashboards/${slug}/data`, {headers: FRESH})).json.queries.n;
      if (answer.error) refused = answer.error;
    }
    assert.match(JSON.stringify(refused), /left of 3 queries a day/);
    const report = (await expectStatus(team.call('GET', '/v1/warehouse-use'), 200)).json;
    assert.equal(report.team.queries, 3);
    assert.equal(report.team.is_nearly_spent, true);
    assert.ok(report.team.bytes > 0);
    for (let i = 0; i < 3; ++i) {
      const answer = (await expectStatus(team.call('GET', `/v1/dashboards/${slug}/data`), 200)).json.queries.n;
      assert.equal(Number(answer.data.rows[0][0]), 20_000, 'what is kept is shown');
    }
    await expectStatus(team.call('PATCH', `/v1/onboarding/connections/${id}`, {body: {bytes_per_day: 1}}), 200);
    assert.equal((await team.call('GET', `/v1/onboarding/connections/${id}`)).json.bytes_per_day, 1);
  } finally {
    await capped.stop();
  }
});

test('the password is in nothing that the server keeps or says', async () => {
  const found = [];
  const walk = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (statSync(path).isFile() && readFileSync(path).includes('c4n4ry')) found.push(path);
    }
  };
  walk(server.folder);
  assert.deepEqual(found, []);
  assert.ok(!server.errors.includes('c4n4ry'));
  assert.ok(BINARY);
});
