// Who may do what: every route of the OpenAPI document as nobody, as a viewer, and as another team's admin.
import assert from 'node:assert/strict';
import test from 'node:test';
import {DATA, expectStatus, generate, makeTeam, startServer} from './harness.mjs';

const RANK = {viewer: 0, editor: 1, admin: 2};

test('every route, as nobody, as a viewer, and as another team\'s admin', async (t) => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Ours', DATA + '/flights-3m.parquet');
    const other = await makeTeam(server, 'Theirs');
    const {done} = await generate(server, team, 'how did our flights go this year?');
    const viewer = await team.as('viewer');
    const stranger = await other.as('admin');
    const datasets = (await team.call('GET', `/v1/onboarding/catalog/datasets?connection_id=${team.connectionId}`)).json.items;
    const openapi = (await expectStatus(server.call('GET', '/openapi.json'), 200)).json;
    const document = (await team.call('GET', `/v1/dashboards/${done.dashboard_slug}/document`)).json;
    const values = {
      team_id: team.id, slug: done.dashboard_slug, query_id: Object.keys(document.queries)[0], connection_id: team.connectionId,
      dataset_id: datasets[0]?.id, id: team.connectionId,
    };
    const unknown = {team_id: '0190a000-0000-7000-8000-000000000000', slug: 'no-such-slug', query_id: 'none', connection_id: '0190a000-0000-7000-8000-000000000000',
      dataset_id: '0190a000-0000-7000-8000-000000000000', table_id: '0190a000-0000-7000-8000-000000000000', id: '0190a000-0000-7000-8000-000000000000'};
    const fill = (path, from) => path.replace(/\{(\w+)\}/g, (_, name) => from[name] ?? unknown[name] ?? 'x');
    let walked = 0;
    for (const [path, methods] of Object.entries(openapi.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (!['get', 'post', 'put', 'patch', 'delete'].includes(method)) continue;
        const access = operation['x-bridge-access'];
        assert.ok(access, `${method} ${path} says who may call it`);
        const query = (operation.parameters ?? []).filter((p) => p.in === 'query' && p.required).map((p) => `${p.name}=${encodeURIComponent(values[p.name] ?? 'x')}`).join('&');
        const target = fill(path, values) + (query ? `?${query}` : '');
        const body = ['post', 'put', 'patch'].includes(method) ? {} : undefined;
        const call = (options) => server.call(method.toUpperCase(), target, {body, ...options});
        if (access === 'anyone') continue;
        ++walked;
        const nobody = await call({key: null});
        assert.equal(nobody.status, 401, `${method} ${target} as nobody`);
        assert.match(nobody.headers.get('content-type'), /problem\+json/);
        const asViewer = access === 'signed_in' ? null : await call({key: viewer});
        if (asViewer && (access === 'operator_only' || RANK[access] > 0)) assert.equal(asViewer.status, 403, `${method} ${target} as a viewer`);
        // Another team's admin: what is ours is to them what does not exist, to the byte.
        if (/\{/.test(path) || /connection_id=/.test(target)) {
          if (access === 'operator_only') continue;
          const theirs = await call({key: stranger});
          const missing = await server.call(method.toUpperCase(), fill(path, unknown) + (query ? `?${query.replaceAll(team.connectionId, unknown.connection_id)}` : ''), {body, key: stranger});
          assert.ok([404, 422].includes(theirs.status), `${method} ${target} as another team's admin: ${theirs.status} ${theirs.text.slice(0, 200)}`);
          assert.equal(theirs.status, missing.status, `${method} ${target}: theirs and missing look the same`);
          const scrub = (text) => text.replace(/"trace_id":"[^"]*"/, '').replaceAll(fill(path, values), '').replaceAll(fill(path, unknown), '')
            .replaceAll(/no-such-slug|none|0190a000-0000-7000-8000-000000000000/g, '#').replaceAll(done.dashboard_slug, '#').replaceAll(team.connectionId, '#').replaceAll(team.id, '#')
            .replaceAll(values.query_id, '#').replaceAll(values.dataset_id ?? '-', '#');
          assert.equal(scrub(theirs.text), scrub(missing.text), `${method} ${target}: the same bytes`);
        }
      }
    }
    assert.ok(walked >= 25, `${walked} routes were walked`);
    assert.ok((await team.call('GET', `/v1/dashboards/${done.dashboard_slug}`)).status === 200, 'and nothing of ours was touched');

    await t.test('naming our team from another one is refused', async () => {
      for (const options of [{team: team.id}, {headers: {'x-bridge-team': team.id}}]) assert.equal((await server.call('GET', '/v1/dashboards', {key: stranger, ...options})).status, 404);
      assert.equal((await server.call('GET', `/v1/dashboards?team_id=${team.id}`, {key: stranger})).status, 404);
    });

    await t.test('a connection of another team cannot be used to generate', async () => {
      const response = await server.call('POST', '/v1/dashboards/generate', {key: stranger, body: {connection_id: team.connectionId, user_prompt: 'flights'}});
      assert.equal(response.status, 404);
    });

    await t.test('another team with the same slug reads its own data', async () => {
      const theirPath = DATA + '/weather.csv';
      const connection = (await expectStatus(server.call('POST', '/v1/onboarding/connections', {team: other.id, body: {team_id: other.id, name: 'warehouse', connection_type: 'duckdb', credentials: {path: theirPath}}}), 201)).json;
      assert.notEqual(connection.id, team.connectionId);
      const yaml = `bridge: 1\nslug: ${done.dashboard_slug}\ntitle: Other\nconnection: warehouse\nqueries:\n  q:\n    sql: SELECT count(*) AS n FROM weather\ncharts:\n  c: {query: q, mark: kpi, y: n}\nlayout:\n  - row: [{chart: c}]\n`;
      await expectStatus(server.call('POST', '/v1/dashboards', {team: other.id, body: yaml, type: 'application/yaml'}), 201);
      const theirs = (await server.call('GET', `/v1/dashboards/${done.dashboard_slug}/data`, {key: stranger})).json;
      assert.deepEqual(theirs.queries.q.data.rows, [[2922]]);
      const ours = (await team.call('GET', `/v1/dashboards/${done.dashboard_slug}/data`)).json;
      assert.ok(!ours.queries.q);
    });

    await t.test('a revoked key stops within a second', async () => {
      const made = (await expectStatus(team.call('POST', '/v1/keys', {body: {name: 'short', role: 'viewer'}}), 201)).json;
      assert.equal((await server.call('GET', '/v1/dashboards', {key: made.key})).status, 200);
      await team.call('DELETE', `/v1/keys/${made.id}`);
      await new Promise((done) => setTimeout(done, 1100));
      assert.equal((await server.call('GET', '/v1/dashboards', {key: made.key})).status, 401);
      const list = (await team.call('GET', '/v1/keys')).text;
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
