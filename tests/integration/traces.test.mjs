// Traces: a turn as a tree of spans at a collector that speaks OTLP over HTTP; and a collector that is not there.
import assert from 'node:assert/strict';
import test from 'node:test';
import {rmSync} from 'node:fs';
import {createServer} from 'node:http';
import {DATA, expectStatus, runBridge, temporaryFolder} from './harness.mjs';
import {eventually, modelCalls, openChat, say, startServerFor, tokensOfCall, withModels} from './model_harness.mjs';

const WEATHER = DATA + '/weather.csv';
const LISTS = {content: [{type: 'text', text: 'Which tables? '}, {type: 'tool_use', name: 'list_tables', input: {dataset: 'main'}}]};
const ENDS = {content: [{type: 'text', text: 'Two tables.'}]};

/** A collector: {url, spans(), requests, stop()}; `statuses` are what it answers first. */
async function startCollector(statuses = []) {
  const requests = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => { body += part; }).on('end', () => {
      const status = statuses.shift() ?? 200;
      requests.push({path: request.url, headers: request.headers, body: JSON.parse(body), status});
      response.writeHead(status, {'content-type': 'application/json'}).end('{"partialSuccess":{}}');
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const value = ({stringValue, intValue, doubleValue, boolValue}) => stringValue ?? (intValue === undefined ? doubleValue ?? boolValue : Number(intValue));
  const attributes = (list) => Object.fromEntries(list.map(({key, value: typed}) => [key, value(typed)]));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    spans: () => requests.filter(({status}) => status === 200).flatMap(({body}) => body.resourceSpans).flatMap(({resource, scopeSpans}) =>
      scopeSpans.flatMap(({spans}) => spans).map((span) => ({...span, attributes: attributes(span.attributes), resource: attributes(resource.attributes)}))),
    stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
  };
}
const settings = (collector) => ({OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20secret', OTEL_SERVICE_NAME: 'bridge-test', OTEL_BSP_SCHEDULE_DELAY: '50'});

test('a turn is one trace: the request, the agent in it, each request to the model, each tool, and what the tool asked', async () => {
  const collector = await startCollector([503]);
  try {
    await withModels({fake: {script: [LISTS, 'status:529', ENDS]}, table: WEATHER, env: settings(collector)}, async ({server, team}) => {
      const session = await openChat(server, team);
      const turn = await say(server, team, session, 'Which secretive tables are there?');
      assert.ok(turn.done, JSON.stringify(turn.error));
      const calls = await modelCalls(server, team, session, {count: 3});
      const find = (name) => collector.spans().filter((span) => span.name.startsWith(name));
      await eventually(() => find('POST /v1/chat/sessions/{id}/stream').length === 1, 'the last span has come');
      const [request] = find('POST /v1/chat/sessions/{id}/stream');
      const [agent] = find('invoke_agent');
      const chats = find('chat ').sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
      const [tool] = find('execute_tool list_tables');
      assert.equal(request.kind, 2);
      assert.equal(request.attributes['http.response.status_code'], 200);
      assert.equal(request.parentSpanId, undefined);
      assert.equal(agent.parentSpanId, request.spanId);
      assert.equal(chats.length, 3);
      for (const span of [...chats, tool]) assert.equal(span.parentSpanId, agent.spanId, span.name);
      for (const span of [agent, tool, ...chats]) {
        assert.equal(span.traceId, request.traceId);
        assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(request.startTimeUnixNano) && BigInt(span.endTimeUnixNano) <= BigInt(request.endTimeUnixNano), span.name);
      }
      assert.equal(agent.attributes['gen_ai.conversation.id'], session);
      assert.deepEqual(chats.map(({attributes: {'bridge.step': step, 'bridge.retry.attempt': attempt}}) => [step, attempt]), [[1, 1], [2, 1], [2, 2]]);
      assert.deepEqual(chats.map(({status}) => status?.code), [undefined, 2, undefined]);
      assert.equal(chats[1].attributes['error.type'], calls[1].error_code);
      for (const [i, {attributes}] of chats.entries()) {
        const tokens = (attributes['gen_ai.usage.input_tokens'] ?? 0) + (attributes['gen_ai.usage.output_tokens'] ?? 0);
        assert.equal(tokens, tokensOfCall(calls[i]), 'the account and the trace say the same, cached tokens included');
        assert.equal(attributes['gen_ai.provider.name'], 'anthropic');
      }
      assert.equal(request.resource['service.name'], 'bridge-test');
      assert.equal(collector.requests[0].headers['api-key'], 'a secret');
      assert.equal(collector.requests[0].path, '/v1/traces');
      assert.doesNotMatch(JSON.stringify(collector.spans()), /secretive|Two tables|Seattle/, 'counts, names and ids, never words');
    });
  } finally {
    await collector.stop();
  }
});

test('who sends a traceparent is the parent; who asks for no record gets none; a dashboard\'s queries are spans', async () => {
  const collector = await startCollector();
  try {
    await withModels({table: WEATHER, env: settings(collector)}, async ({server, team}) => {
      const list = (traceparent) => expectStatus(team.call('GET', '/v1/dashboards', {headers: {traceparent}}), 200);
      await list('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
      await list('00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00');
      await list('nonsense');
      const yaml = 'bridge: 1\nslug: w\ntitle: W\nconnection: warehouse\nqueries:\n  q:\n    sql: SELECT location, count(*) AS days FROM weather GROUP BY 1\ncharts:\n  c: {query: q, mark: bar, x: location, y: days}\nlayout:\n  - row: [{chart: c}]\n';
      await expectStatus(team.call('POST', '/v1/dashboards', {body: yaml, type: 'application/yaml'}), 201);
      const traceparent = '00-2af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await expectStatus(team.call('GET', '/v1/dashboards/w/data', {headers: {traceparent}}), 200);
      const of = (trace) => collector.spans().filter(({traceId}) => traceId === trace);
      await eventually(() => of('2af7651916cd43dd8448eb211c80319c').some(({name}) => name.startsWith('GET')), 'the spans have come');
      const [told] = of('0af7651916cd43dd8448eb211c80319c');
      assert.equal(told.parentSpanId, 'b7ad6b7169203331');
      assert.equal(told.attributes['http.response.status_code'], 200);
      assert.deepEqual(of('1af7651916cd43dd8448eb211c80319c'), []);
      const query = of('2af7651916cd43dd8448eb211c80319c').find(({name}) => name === 'query');
      assert.ok(query, JSON.stringify(of('2af7651916cd43dd8448eb211c80319c').map(({name}) => name)));
      assert.equal(query.attributes['bridge.query.id'], 'q');
      assert.equal(query.attributes['db.response.returned_rows'], 2);
    });
  } finally {
    await collector.stop();
  }
});

test('a collector that is not there costs spans and nothing else', () =>
  withModels({fake: {script: [ENDS]}, table: WEATHER, env: {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '20'}}, async ({server, team}) => {
    const turn = await say(server, team, await openChat(server, team), 'Hello');
    assert.ok(turn.done, JSON.stringify(turn.error));
    await eventually(async () => /bridge_spans_dropped_total [1-9]/.test((await server.call('GET', '/metrics')).text), 'they are counted', 10_000);
  }));

test('a collector that never answers holds up neither the answers nor the end', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((done) => mute.once('listening', done));
  try {
    const server = await startServerFor({}, {env: {OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${mute.address().port}`, OTEL_BSP_SCHEDULE_DELAY: '10'}});
    const started = performance.now();
    for (let i = 0; i < 20; ++i) await expectStatus(server.call('GET', '/v1/onboarding/teams'), 200);
    await server.stop();
    assert.ok(performance.now() - started < 8_000, `${performance.now() - started} ms`);
  } finally {
    mute.closeAllConnections();
    mute.close();
  }
});

test('settings that mean nothing are refused with one line, and headers are never shown', async () => {
  for (const [name, value, expected] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', /begins with http/], ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key', /name=value/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a b=c', /name=value/], ['OTEL_BSP_SCHEDULE_DELAY', '0', /1 to 600000/]]) {
    const {code, stderr} = await runBridge(['config'], {env: {[name]: value}});
    assert.notEqual(code, 0, name);
    assert.match(stderr, expected);
  }
  const {stdout} = await runBridge(['config'], {env: {OTEL_EXPORTER_OTLP_HEADERS: 'api-key=hush'}});
  assert.doesNotMatch(stdout, /hush/);
});

test('doctor asks the collector, and says what to do when it does not answer', async () => {
  const collector = await startCollector();
  const folder = temporaryFolder();
  const traces = async (env) => {
    const {code, stdout} = await runBridge(['doctor', '--json'], {folder, env});
    return {code, check: JSON.parse(stdout).find(({name}) => name === 'traces')};
  };
  try {
    assert.deepEqual(await traces(settings(collector)), {code: 0, check: {name: 'traces', ok: true, detail: `taken by ${collector.url}/v1/traces`, help: ''}});
    assert.equal(collector.requests[0].headers['api-key'], 'a secret');
    const gone = await traces({OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9'});
    assert.equal(gone.code, 3);
    assert.match(gone.check.help, /OTEL_EXPORTER_OTLP_ENDPOINT/);
    assert.equal((await traces({})).check, undefined);
  } finally {
    rmSync(folder, {recursive: true, force: true});
    await collector.stop();
  }
});
