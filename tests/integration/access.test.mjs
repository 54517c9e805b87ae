// Who may do what: every route of the OpenAPI document as nobody, as a viewer, as another team's admin, and as its owner.
import assert from 'node:assert/strict';
import test from 'node:test';
import {DATA, expectStatus, generate, makeTeam, startServer} from './harness.mjs';

const RANK = {viewer: 0, editor: 1, admin: 2};

// What a route takes, where it names a thing of a team in its path, its query or its body: without a body that the service takes, a request could end at
// validation, before anybody looks whose the thing is.
const GOOD_BODIES = {
  'POST /v1/onboarding/connections': ({team_id}) => ({team_id, name: 'second', connection_type: 'duckdb', credentials: {path: DATA + '/weather.csv'}}),
  'PATCH /v1/onboarding/connections/{id}': () => ({name: 'warehouse'}),
  'POST /v1/onboarding/catalog/scan': ({dataset_id}) => ({dataset_id}),
  'PUT /v1/dashboards/{slug}': ({slug, yaml}) => ({yaml: yaml.replace(/^slug: .*$/m, `slug: ${slug}`)}),
  'POST /v1/dashboards/{slug}/restore': () => ({version: 1}),
  'POST /v1/dashboards/{slug}/query/{query_id}/data': () => ({limit: 1}),
  'POST /v1/dashboards/generate': ({connection_id}) => ({connection_id, user_prompt: 'flights by airport'}),
  'POST /v1/charts/suggest': ({connection_id}) => ({connection_id, sentence: 'flights by airport'}),
  'POST /v1/chat/sessions': ({connection_id}) => ({connection_id}),
  'POST /v1/chat/sessions/{id}/stream': () => ({message: 'How many flights are there?'}),
};
const MISSING = '0190a000-0000-7000-8000-000000000000';
// The owner's own calls end with these, each after those that need what it removes.
const REMOVALS = ['/v1/chat/sessions/{id}', '/v1/keys/{id}', '/v1/dashboards/{slug}', '/v1/onboarding/connections/{id}'];

// One of each thing that a path can name, all of this team: the names of path parameters, where `id` depends on the path.
async function makeThings(team, key, slug) {
  const call = async (method, path, body, status = 200) => (await expectStatus(team.call(method, path, {key, body}), status)).json;
  await call('POST', `/v1/onboarding/catalog/discover?connection_id=${team.connectionId}`);
  const {items: [{id: dataset_id}]} = await call('GET', `/v1/onboarding/catalog/datasets?connection_id=${team.connectionId}`);
  const scan = await call('POST', '/v1/onboarding/catalog/scan', {dataset_id}, 202);
  while (!(await call('GET', `/v1/jobs/${scan.id}`)).finished_at) await new Promise((done) => setTimeout(done, 20));
  const {items: [{id: table_id}]} = await call('GET', `/v1/onboarding/catalog/datasets/${dataset_id}/tables`);
  const yaml = (await expectStatus(team.call('GET', `/v1/dashboards/${slug}/yaml`), 200)).text;
  await call('PUT', `/v1/dashboards/${slug}`, {yaml});  // a second version, so that there is one to go back to
  const ids = {
    '/v1/keys': (await call('POST', '/v1/keys', {name: 'to be revoked', role: 'viewer'}, 201)).id,
    '/v1/jobs': scan.id,
    '/v1/onboarding/connections': team.connectionId,
    '/v1/chat/sessions': (await call('POST', '/v1/chat/sessions', {connection_id: team.connectionId}, 201)).session_id,
  };
  // A conversation that has begun is remembered outside of the directory too.
  await expectStatus(team.call('POST', `/v1/chat/sessions/${ids['/v1/chat/sessions']}/stream`, {key, body: {message: 'How many flights are there?'}}), 200);
  return {ids, q: 'flights', force: 'true', team_id: team.id, slug, yaml, dataset_id, table_id, connection_id: team.connectionId, query_id: Object.keys((await call('GET', `/v1/dashboards/${slug}/document`)).queries)[0]};
}

test('every route, as nobody, as a viewer, as another team\'s admin, and as its owner', async (t) => {
  const server = await startServer({env: {BRIDGE_DATA_ROOTS: '/'}});  // else the operator alone names folders
  try {
    const team = await makeTeam(server, 'Ours', DATA + '/flights-3m.parquet');
    const other = await makeTeam(server, 'Theirs', DATA + '/weather.csv');
    const {done} = await generate(server, team, 'how did our flights go this year?');
    const [viewer, owner] = [await team.as('viewer'), await team.as('admin')];
    const stranger = await other.as('admin');
    const openapi = (await expectStatus(server.call('GET', '/openapi.json'), 200)).json;
    const things = await makeThings(team, owner, done.dashboard_slug);
    const missing = {...things, ids: Object.fromEntries(Object.keys(things.ids).map((kind) => [kind, MISSING])), team_id: MISSING, slug: 'no-such-slug', query_id: 'none', dataset_id: MISSING, table_id: MISSING, connection_id: MISSING};
    const missingWords = [MISSING, missing.slug, missing.query_id];
    const ourWords = [...Object.values(things.ids), things.slug, things.query_id, things.dataset_id, things.table_id, things.connection_id, things.team_id];
    const scrub = (text, words) => words.reduce((left, word) => left.replaceAll(word, '#'), text.replace(/"trace_id":"[^"]*"/, ''));

    // The request of a route about these things, and whether it names one at all.
    const requestOf = (method, path, operation, about) => {
      const idKind = Object.keys(things.ids).find((prefix) => path.startsWith(`${prefix}/{id}`));
      if (path.includes('{id}')) assert.ok(idKind, `makeThings makes one of what ${path} names`);
      const valueOf = (name) => name === 'id' ? about.ids[idKind] : about[name];
      const filled = path.replace(/\{(\w+)\}/g, (_, name) => valueOf(name) ?? assert.fail(`makeThings makes no ${name}, which ${path} names`));
      const asked = (operation.parameters ?? []).filter((one) => one.in === 'query' && (one.required || ['connection_id', 'force'].includes(one.name)));
      const query = asked.map(({name}) => `${name}=${encodeURIComponent(about[name] ?? 'x')}`).join('&');
      const schema = operation.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1);
      const inBody = Object.keys(openapi.components.schemas[schema]?.properties ?? {}).some((name) => name.endsWith('_id') && name in about);
      const namesAThing = /\{/.test(path) || asked.some(({name}) => name === 'connection_id') || inBody;
      const filters = !/\{/.test(path) && asked.some(({name, required}) => name === 'connection_id' && !required);  // a list of what matches, or of nothing
      const good = GOOD_BODIES[`${method} ${path}`];
      if (namesAThing && operation.requestBody) assert.ok(good, `GOOD_BODIES says what ${method} ${path} takes`);
      return {namesAThing, filters, target: filled + (query ? `?${query}` : ''), body: good ? good(about) : operation.requestBody ? {} : undefined};
    };

    const owned = [];
    let walked = 0;
    for (const [path, methods] of Object.entries(openapi.paths)) {
      for (const [lower, operation] of Object.entries(methods)) {
        const method = lower.toUpperCase();
        if (!['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method)) continue;
        const access = operation['x-bridge-access'];
        assert.ok(access, `${method} ${path} says who may call it`);
        if (access === 'anyone') continue;
        ++walked;
        const {namesAThing, filters, target, body} = requestOf(method, path, operation, things);
        const nobody = await server.call(method, target, {body, key: null});
        assert.equal(nobody.status, 401, `${method} ${target} as nobody`);
        assert.match(nobody.headers.get('content-type'), /problem\+json/);
        if (access === 'operator_only' || RANK[access] > 0) {
          assert.equal((await server.call(method, target, {body, key: viewer})).status, 403, `${method} ${target} as a viewer`);
        }
        if (!namesAThing || access === 'operator_only') continue;
        // Another team's admin: what is ours is to them what does not exist, to the byte.
        const theirs = await server.call(method, target, {body, key: stranger});
        assert.equal(theirs.status, filters ? 200 : 404, `${method} ${target} as another team's admin: ${theirs.text.slice(0, 400)}`);
        const unknown = requestOf(method, path, operation, missing);
        const absent = await server.call(method, unknown.target, {body: unknown.body, key: stranger});
        assert.equal(absent.status, theirs.status, `${method} ${unknown.target}: ${absent.text.slice(0, 400)}`);
        assert.equal(scrub(theirs.text, ourWords), scrub(absent.text, missingWords), `${method} ${target}: the same bytes`);
        owned.push({method, path, target, body, nothing: theirs.text});
      }
    }
    assert.ok(walked >= 45, `${walked} routes were walked`);
    assert.ok(owned.length >= 30, `${owned.length} routes name a thing of a team`);

    // The same requests by the owner are answered: each of them got as far as the question whose the thing is.
    const removals = owned.filter(({method}) => method === 'DELETE').sort((a, b) => REMOVALS.indexOf(a.path) - REMOVALS.indexOf(b.path));
    assert.deepEqual(removals.map(({path}) => path), REMOVALS, 'REMOVALS gives each its place');
    for (const {method, target, body, nothing} of [...owned.filter((one) => one.method !== 'DELETE'), ...removals]) {
      const answer = await server.call(method, target, {body, key: owner});
      assert.ok(answer.status < 400, `${method} ${target} by its owner: ${answer.status} ${answer.text.slice(0, 400)}`);
      assert.notEqual(answer.text, nothing, `${method} ${target} by its owner`);
    }

    await t.test('naming our team from another one is refused', async () => {
      for (const options of [{team: team.id}, {headers: {'x-bridge-team': team.id}}]) assert.equal((await server.call('GET', '/v1/dashboards', {key: stranger, ...options})).status, 404);
      assert.equal((await server.call('GET', `/v1/dashboards?team_id=${team.id}`, {key: stranger})).status, 404);
    });
  } finally {
    await server.stop();
  }
});

test('another team with the same slug reads its own data, and a revoked key stops', async (t) => {
  const server = await startServer();
  try {
    const [ours, theirs] = [await makeTeam(server, 'Ours', DATA + '/movies.json'), await makeTeam(server, 'Theirs', DATA + '/weather.csv')];
    const document = (table) => `bridge: 1\nslug: same\ntitle: Same\nconnection: warehouse\nqueries:\n  q:\n    sql: SELECT count(*) AS n FROM ${table}\ncharts:\n  c: {query: q, mark: kpi, y: n}\nlayout:\n  - row: [{chart: c}]\n`;
    for (const [team, table, rows] of [[ours, 'movies', 3201], [theirs, 'weather', 2922]]) {
      await expectStatus(team.call('POST', '/v1/dashboards', {body: document(table), type: 'application/yaml'}), 201);
      for (let view = 0; view < 2; ++view) assert.deepEqual((await team.call('GET', '/v1/dashboards/same/data')).json.queries.q.data.rows, [[rows]]);
    }
    assert.deepEqual((await ours.call('GET', '/v1/dashboards/same/data')).json.queries.q.data.rows, [[3201]]);

    await t.test('a revoked key stops within a second', async () => {
      const made = (await expectStatus(ours.call('POST', '/v1/keys', {body: {name: 'short', role: 'viewer'}}), 201)).json;
      assert.equal((await server.call('GET', '/v1/dashboards', {key: made.key})).status, 200);
      await ours.call('DELETE', `/v1/keys/${made.id}`);
      await new Promise((done) => setTimeout(done, 1100));
      assert.equal((await server.call('GET', '/v1/dashboards', {key: made.key})).status, 401);
      const list = (await ours.call('GET', '/v1/keys')).text;
      assert.ok(!list.includes(made.key), 'a key is never shown again');
    });
  } finally {
    await server.stop();
  }
});

test('cross-site requests with a session cookie are refused, whatever their body says', async () => {
  const server = await startServer();
  try {
    const token = server.errors.match(/token=([\w-]+)/)[1];
    const opened = await fetch(`${server.url}/v1/session`, {method: 'POST', headers: {'content-type': 'application/json', 'sec-fetch-site': 'same-origin'}, body: JSON.stringify({token})});
    const cookie = opened.headers.get('set-cookie').split(';')[0];
    const post = (headers) => fetch(`${server.url}/v1/onboarding/teams`, {method: 'POST', headers: {cookie, 'content-type': 'application/json', ...headers}, body: '{"name":"x"}'});
    assert.equal((await post({'sec-fetch-site': 'cross-site'})).status, 403);
    assert.equal((await post({origin: 'https://evil.example'})).status, 403);
    assert.equal((await post({})).status, 403, 'neither header: not a browser, so a key is needed');
    assert.equal((await post({'sec-fetch-site': 'same-origin'})).status, 201);
    assert.equal((await fetch(`${server.url}/v1/me`, {headers: {cookie}})).status, 200);
    await fetch(`${server.url}/v1/session`, {method: 'DELETE', headers: {cookie, 'sec-fetch-site': 'same-origin'}});
    assert.equal((await fetch(`${server.url}/v1/me`, {headers: {cookie}})).status, 401);
  } finally {
    await server.stop();
  }
});

test('guessing keys is slowed down, and a wrong checksum never reaches the database', async () => {
  const server = await startServer();
  try {
    const statuses = [];
    for (let i = 0; i < 200; ++i) statuses.push((await server.call('GET', '/v1/dashboards', {key: 'brg_' + String(i).padStart(36, 'a')})).status);
    assert.ok(statuses.every((status) => [401, 429].includes(status)));
    assert.ok(statuses.includes(429));
    assert.equal((await server.call('GET', '/v1/me')).status, 200, 'a good key still works');
  } finally {
    await server.stop();
  }
});
