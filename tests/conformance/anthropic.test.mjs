// The false Anthropic is true to its vendor's own client: what that client reads of it, and what it makes of its failures.
import assert from 'node:assert/strict';
import test from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {startFakeAnthropic} from '../fakes/anthropic.mjs';

const MODEL = 'claude-opus-5-5';
const WEATHER = {name: 'get_weather', description: 'Weather of a city', input_schema: {type: 'object', properties: {city: {type: 'string'}}, required: ['city']}};
const ask = (text = 'Hello?') => [{role: 'user', content: text}];
const says = (text) => ({content: [{type: 'text', text}]});

async function withFake(t, options, clientOptions = {}) {
  const fake = await startFakeAnthropic(options);
  t.after(() => fake.stop());
  const client = new Anthropic({apiKey: 'test-key', baseURL: fake.url, maxRetries: 0, logLevel: 'off', defaultHeaders: {'anthropic-version': '2023-06-01'}, ...clientOptions});
  return {fake, client, send: (body, more) => client.messages.create({model: MODEL, max_tokens: 1000, messages: ask(), ...body}, more)};
}

async function raised(promise) {
  try { await promise; } catch (error) { return error; }
  throw new Error('expected an error');
}

test('text streams as it was scripted, with its usage and its end', async (t) => {
  const text = 'Newark waits longest — 17.2 minutes ✈️, and 金曜日 is worst.';
  const {fake, client} = await withFake(t, {script: says(text)});
  const stream = client.messages.stream({model: MODEL, max_tokens: 1000, messages: ask()});
  let seen = '';
  stream.on('text', (delta) => { seen += delta; });
  const message = await stream.finalMessage();
  assert.equal(seen, text);
  assert.deepEqual(message.content, [{type: 'text', text}]);
  assert.equal(message.stop_reason, 'end_turn');
  assert.equal(message.usage.output_tokens, Math.ceil(Buffer.byteLength(text) / 4));
  assert.ok(message.usage.input_tokens > 0);
  assert.match((await stream.withResponse()).request_id, /^req_/);
  assert.equal(fake.requests[0].headers['x-stainless-retry-count'], '0');
});

test('the same message comes whole when it is not streamed', async (t) => {
  const {send} = await withFake(t, {script: says('Hello there.')});
  const message = await send({});
  assert.deepEqual(message.content, [{type: 'text', text: 'Hello there.'}]);
  assert.equal(message.usage.service_tier, 'standard');
  assert.equal(message.type, 'message');
});

test('parallel tool calls come with whole arguments, however their JSON is cut', async (t) => {
  const inputs = [{city: 'Zürich "Altstadt"', days: [1, 2, 3]}, {city: '東京'}, {}];
  const script = {content: [{type: 'text', text: 'Let me see.'}, ...inputs.map((input) => ({type: 'tool_use', name: 'get_weather', input}))]};
  for (const pace of [{}, {split: 1}, {split: 2}, {chunkBytes: 1}]) {
    const {client} = await withFake(t, {script: {...script, ...pace}});
    const message = await client.messages.stream({model: MODEL, max_tokens: 1000, tools: [WEATHER], messages: ask()}).finalMessage();
    assert.equal(message.stop_reason, 'tool_use');
    const calls = message.content.filter(({type}) => type === 'tool_use');
    assert.deepEqual(calls.map(({input}) => input), inputs);
    assert.equal(new Set(calls.map(({id}) => id)).size, 3);
  }
});

test('the first fragment of a tool call is empty, and prescribed fragments are sent as they are', async (t) => {
  const {send} = await withFake(t, {script: {content: [{type: 'tool_use', name: 'get_weather', input: {n: 10}, fragments: ['', '{"n":1', '0}']}]}});
  const fragments = [];
  for await (const event of await send({tools: [WEATHER], stream: true})) if (event.type === 'content_block_delta') fragments.push(event.delta.partial_json);
  assert.deepEqual(fragments, ['', '{"n":1', '0}']);
});

test('thinking blocks go round with their signatures, and a conversation goes on', async (t) => {
  const script = [
    {content: [{type: 'thinking', text: 'I need the weather.'}, {type: 'redacted_thinking'}, {type: 'tool_use', name: 'get_weather', input: {city: 'Rome'}}]},
    {content: [{type: 'thinking', text: 'Sunny, then.'}, {type: 'text', text: 'It is sunny.'}]},
    says('Still sunny.'),
  ];
  const {client} = await withFake(t, {script});
  const body = {model: MODEL, max_tokens: 1000, system: 'Be brief.', tools: [WEATHER], thinking: {type: 'adaptive', display: 'summarized'}};
  const messages = ask('How is Rome?');
  const first = await client.messages.stream({...body, messages}).finalMessage();
  assert.deepEqual(first.content.map(({type}) => type), ['thinking', 'redacted_thinking', 'tool_use']);
  assert.equal(first.usage.output_tokens_details.thinking_tokens > 0, true);
  messages.push({role: 'assistant', content: first.content}, {role: 'user', content: [{type: 'tool_result', tool_use_id: first.content[2].id, content: 'sunny'}]});
  const second = await client.messages.stream({...body, messages}).finalMessage();
  messages.push({role: 'assistant', content: second.content}, {role: 'user', content: 'And now?'});
  const third = await client.messages.create({...body, messages});
  assert.equal(third.content[0].text, 'Still sunny.');

  const refusal = async (change) => {
    const request = structuredClone({...body, messages});
    change(request);
    const error = await raised(client.messages.create(request));
    assert.ok(error instanceof Anthropic.BadRequestError, String(error));
    return error.apiMessage;
  };
  const wrong = 'messages.1.content.0: Invalid `signature` in `thinking` block';
  assert.equal(await refusal((r) => { r.messages[1].content[0].thinking += ' '; }), wrong);
  assert.equal(await refusal((r) => { r.messages[1].content[0].signature = 'x' + r.messages[1].content[0].signature; }), wrong);
  assert.equal(await refusal((r) => { delete r.messages[1].content[0].signature; }), 'messages.1.content.0.thinking.signature: Field required');
  const bound = (sentence) => new RegExp(`^${wrong.replaceAll('.', '\\.')}\\. The block is bound to a different conversation\\. .*${sentence}$`);
  assert.match(await refusal((r) => { r.system = 'Be long.'; }), bound('The `system` prompt differs from the one this block was created with\\.'));
  assert.match(await refusal((r) => { r.tools.push({...WEATHER, name: 'other'}); }), bound('The `tools` differ .*'));
  assert.match(await refusal((r) => { r.model = 'claude-opus-5'; }), bound('The `model` differs .*'));
  assert.match(await refusal((r) => { r.messages[0].content = 'How is Paris?'; }), bound('The `messages` .*'));
  assert.match(await refusal((r) => { r.messages[1].content.splice(0, 2); }), /^messages\.3\.content\.0: .*The `thinking` block that preceded this one when it was created is missing from this request\.$/);

  const request = structuredClone({...body, messages, system: 'Be long.'});
  request.thinking.block_binding = {prefix_mismatch_behavior: 'drop_block'};
  await assert.rejects(client.messages.create(request, {headers: {'anthropic-beta': 'thinking-binding-controls-2026-08-01'}}), /no answer to request 3/);
});

test('a moved cache marker breaks no signature', async (t) => {
  const {send} = await withFake(t, {script: [{content: [{type: 'thinking', text: 'Hm.'}, {type: 'text', text: 'One.'}]}, says('Two.')]});
  const first = await send({system: [{type: 'text', text: 'Be brief.', cache_control: {type: 'ephemeral'}}]});
  const second = await send({system: 'Be brief.', messages: [{role: 'user', content: [{type: 'text', text: 'Hello?'}]}, {role: 'assistant', content: first.content}, {role: 'user', content: 'More.'}]});
  assert.equal(second.content[0].text, 'Two.');
});

test('with display omitted only the signature of a thought is sent; Opus 5.5 omits unless it is asked', async (t) => {
  const {send} = await withFake(t, {script: {content: [{type: 'thinking', text: 'Secret.'}, {type: 'text', text: 'Open.'}]}});
  const firstDelta = async (body) => { for await (const {delta} of await send({stream: true, ...body})) if (delta) return delta.type; };
  assert.equal(await firstDelta({thinking: {type: 'adaptive', display: 'omitted'}}), 'signature_delta');
  assert.equal(await firstDelta({thinking: {type: 'adaptive', display: 'summarized'}}), 'thinking_delta');
  assert.equal(await firstDelta({}), 'signature_delta');
  assert.equal(await firstDelta({model: 'claude-opus-5', thinking: {type: 'adaptive'}}), 'thinking_delta');
});

test('usage tells what was written into the cache and what was read from it', async (t) => {
  let now = 0;
  const {send} = await withFake(t, {script: says('Yes.'), now: () => now});
  const system = [{type: 'text', text: 'x'.repeat(8000), cache_control: {type: 'ephemeral', ttl: '1h'}}];
  const talk = (...texts) => texts.flatMap((text, i) => [...(i ? [{role: 'assistant', content: 'Yes.'}] : []), {role: 'user', content: [{type: 'text', text}]}]);
  const marked = (messages) => { messages.at(-1).content[0].cache_control = {type: 'ephemeral'}; return messages; };
  const first = (await send({system, messages: marked(talk('y'.repeat(4000)))})).usage;
  assert.equal(first.cache_read_input_tokens, 0);
  assert.ok(first.cache_creation.ephemeral_1h_input_tokens > 2000 && first.cache_creation.ephemeral_5m_input_tokens > 1000);
  assert.equal(first.cache_creation_input_tokens, first.cache_creation.ephemeral_1h_input_tokens + first.cache_creation.ephemeral_5m_input_tokens);
  assert.equal(first.input_tokens, 0);
  const second = (await send({system, messages: marked(talk('y'.repeat(4000), 'z'.repeat(400)))})).usage;
  assert.equal(second.cache_read_input_tokens, first.cache_creation_input_tokens);
  assert.ok(second.cache_creation_input_tokens > 0 && second.cache_creation_input_tokens < 200);
  now += 6 * 60_000;
  const third = (await send({system, messages: marked(talk('y'.repeat(4000), 'z'.repeat(400)))})).usage;
  assert.equal(third.cache_read_input_tokens, first.cache_creation.ephemeral_1h_input_tokens, 'after six minutes only the hour is left');
  const other = (await send({system: [{...system[0], text: 'X' + system[0].text.slice(1)}], messages: marked(talk('y'.repeat(4000)))})).usage;
  assert.equal(other.cache_read_input_tokens, 0, 'one other byte at the beginning and nothing is read');
  const short = (await send({system: [{type: 'text', text: 'short', cache_control: {type: 'ephemeral'}}]})).usage;
  assert.equal(short.cache_creation_input_tokens, 0, 'too short to be cached');
});

test('the lookback is twenty positions, and a run of tool calls is one', async (t) => {
  const {send} = await withFake(t, {script: says('Yes.')});
  const system = 'x'.repeat(4000);
  const mark = {type: 'ephemeral'};
  const users = (n, from = 0) => Array.from({length: n}, (_, i) => ({type: 'text', text: `block ${from + i}`}));
  const at = (blocks) => ({system, messages: [{role: 'user', content: [...blocks.slice(0, -1), {...blocks.at(-1), cache_control: mark}]}]});
  const start = (await send(at(users(1)))).usage.cache_creation_input_tokens;
  assert.ok(start > 1000);
  assert.equal((await send(at(users(21)))).usage.cache_read_input_tokens, 0, 'twenty blocks later it is out of sight');
  assert.equal((await send(at(users(20)))).usage.cache_read_input_tokens, start);

  const call = (n) => [{role: 'assistant', content: Array.from({length: n}, (_, i) => ({type: 'tool_use', id: `t${i}`, name: 'get_weather', input: {}}))},
    {role: 'user', content: Array.from({length: n}, (_, i) => ({type: 'tool_result', tool_use_id: `t${i}`, content: 'sunny', ...(i === n - 1 ? {cache_control: mark} : {})}))}];
  const tools = (await send({system, tools: [WEATHER], messages: [{role: 'user', content: [{type: 'text', text: 'Go.', cache_control: mark}]}]})).usage;
  const after = (await send({system, tools: [WEATHER], messages: [{role: 'user', content: [{type: 'text', text: 'Go.'}]}, ...call(15)]})).usage;
  assert.equal(after.cache_read_input_tokens, tools.cache_creation_input_tokens);
});

test('in a loop of twenty steps with a marker that moves, each step reads all that the one before wrote', async (t) => {
  const {client} = await withFake(t, {script: (request, n) => ({content: [{type: 'thinking', text: `step ${n}`}, ...[1, 2, 3].map((i) => ({type: 'tool_use', name: 'get_weather', input: {city: `${n}.${i}`}}))]})});
  const messages = [{role: 'user', content: [{type: 'text', text: 'Go. ' + 'x'.repeat(4000)}]}];
  let before = {cache_read_input_tokens: 0, cache_creation_input_tokens: 0};
  for (let step = 0; step < 20; ++step) {
    messages.at(-1).content.at(-1).cache_control = {type: 'ephemeral'};
    const {content, usage} = await client.messages.create({model: MODEL, max_tokens: 1000, system: 'Be brief.', tools: [WEATHER], messages});
    assert.equal(usage.cache_read_input_tokens, before.cache_read_input_tokens + before.cache_creation_input_tokens, `step ${step}`);
    assert.ok(usage.cache_creation_input_tokens > 0 && usage.input_tokens === 0);
    before = usage;
    delete messages.at(-1).content.at(-1).cache_control;
    messages.push({role: 'assistant', content}, {role: 'user', content: content.filter(({type}) => type === 'tool_use').map(({id}) => ({type: 'tool_result', tool_use_id: id, content: 'sunny'}))});
  }
});

test('what the API refuses is refused, in its words and with a request id', async (t) => {
  const {send, fake} = await withFake(t, {script: says('Yes.')});
  const schema = {type: 'object', properties: {}};
  const tool = (more) => ({tools: [{name: 'a', input_schema: schema, ...more}]});
  const use = {type: 'tool_use', id: 'toolu_1', name: 'a', input: {}};
  const result = {type: 'tool_result', tool_use_id: 'toolu_1', content: 'x'};
  const after = (...messages) => ({...tool({}), messages: [...ask(), ...messages]});
  const mark = {cache_control: {type: 'ephemeral'}};
  const cases = [
    [{max_tokens: undefined}, 'max_tokens: Field required'],
    [{messages: [{role: 'assistant', content: 'Hi'}]}, 'messages: first message must use the "user" role'],
    [{messages: [{role: 'system', content: 'Hi'}, ...ask()]}, 'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.'],
    [{temperature: 0.2}, '`temperature` is deprecated for this model.'],
    [{top_p: 0.2, model: 'claude-opus-4-7'}, '`top_p` is deprecated for this model.'],
    [{thinking: {type: 'enabled', budget_tokens: 2000}, max_tokens: 4000}, /^"thinking.type.enabled" is not supported for this model/],
    [{thinking: {type: 'disabled'}}, /^"thinking.type.disabled" is not supported for this model/],
    [{...tool({}), tool_choice: {type: 'any'}}, 'tool_choice: type "tool" and "any" are not supported for this model.'],
    [{...tool({}), tool_choice: {type: 'tool', name: 'a'}, model: 'claude-fable-5-1'}, 'tool_choice: type "tool" and "any" are not supported for this model.'],
    [{messages: [...ask(), {role: 'assistant', content: 'I say:'}]}, 'This model does not support assistant message prefill. The conversation must end with a user message.'],
    [after({role: 'assistant', content: [use]}, {role: 'user', content: 'So?'}), /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1\. /],
    [after({role: 'assistant', content: [use]}, {role: 'user', content: [{type: 'text', text: 'Here:'}, result]}), /without `tool_result` blocks immediately after/],
    [after({role: 'assistant', content: [use]}, {role: 'user', content: [result, result]}), /^messages\.2: each tool_use must have a single result/],
    [after({role: 'assistant', content: 'Hm.'}, {role: 'user', content: [result]}), /^messages\.2\.content\.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1\. /],
    [{system: Array(5).fill({type: 'text', text: 'a', ...mark})}, 'A maximum of 4 blocks with cache_control may be provided. Found 5.'],
    [{system: [{type: 'text', text: 'a', ...mark}, {type: 'text', text: 'a', cache_control: {type: 'ephemeral', ttl: '1h'}}]}, /must not come after a ttl='5m'/],
    [tool({input_schema: {type: 'string'}}), "tools.0.custom.input_schema.type: Input should be 'object'"],
    [tool({input_schema: []}), 'tools.0.custom.input_schema: Input should be a valid dictionary'],
    [tool({name: 'a b'}), "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"],
    [{tools: [{name: 'a', input_schema: schema}, {name: 'a', input_schema: schema}]}, 'tools: Tool names must be unique.'],
    [tool({strict: true}), /'additionalProperties' must be explicitly set to false/],
    [{novelty: 1}, 'novelty: Extra inputs are not permitted'],
    [{messages: ask('x'.repeat(4_100_000))}, /^prompt is too long: \d+ tokens > 1000000 maximum$/],
  ];
  for (const [body, words] of cases) {
    const error = await raised(send(body));
    assert.ok(error instanceof Anthropic.BadRequestError, `${words}: ${error}`);
    assert.equal(error.type, 'invalid_request_error');
    assert.match(error.requestID, /^req_/);
    if (typeof words === 'string') assert.equal(error.apiMessage, words);
    else assert.match(error.apiMessage, words);
  }
  assert.equal(fake.requests.length, cases.length);
});

test('what older models accept is accepted', async (t) => {
  const {send} = await withFake(t, {script: says('Yes.')});
  for (const body of [
    {model: 'claude-opus-4-6', temperature: 0.2}, {model: 'claude-haiku-4-5-20251001', thinking: {type: 'enabled', budget_tokens: 1024}, max_tokens: 2000},
    {model: 'claude-sonnet-4-5', messages: [...ask(), {role: 'assistant', content: 'I say:'}]}, {model: 'claude-opus-5', tools: [WEATHER], tool_choice: {type: 'any'}},
    {model: 'claude-opus-5', messages: [...ask(), {role: 'system', content: 'Be brief.'}]},
  ]) assert.equal((await send(body)).content[0].text, 'Yes.');
});

test('keys, versions and names of models are checked before anything else', async (t) => {
  const {fake, send} = await withFake(t, {});
  const post = async (headers, body = {model: MODEL, max_tokens: 10, messages: ask()}) => {
    const response = await fetch(fake.url + '/v1/messages', {method: 'POST', headers: {'content-type': 'application/json', ...headers}, body: JSON.stringify(body)});
    const {error, request_id: id} = await response.json();
    assert.equal(id, response.headers.get('request-id'));
    return [response.status, error?.type];
  };
  const version = {'anthropic-version': '2023-06-01'};
  assert.deepEqual(await post(version), [401, 'authentication_error']);
  assert.deepEqual(await post({...version, 'x-api-key': 'wrong'}), [401, 'authentication_error']);
  assert.deepEqual(await post({...version, 'x-api-key': 'test-key', authorization: 'Bearer test-key'}), [401, 'authentication_error']);
  assert.deepEqual(await post({'x-api-key': 'test-key'}), [400, 'invalid_request_error']);
  const error = await raised(send({model: 'claude-unknown'}));
  assert.ok(error instanceof Anthropic.NotFoundError);
  assert.equal(error.apiMessage, 'model: claude-unknown');
});

test('statuses become the typed errors of the client', async (t) => {
  const classes = {400: 'BadRequestError', 401: 'AuthenticationError', 403: 'PermissionDeniedError', 404: 'NotFoundError', 409: 'ConflictError', 413: 'ContentTooLargeError', 429: 'RateLimitError', 500: 'InternalServerError', 504: 'GatewayTimeoutError', 529: 'OverloadedError'};
  const {send} = await withFake(t, {script: Object.keys(classes).map((status) => `status:${status}`)});
  for (const [status, name] of Object.entries(classes)) {
    const error = await raised(send({}));
    assert.ok(error instanceof Anthropic[name], `${status}: ${error.constructor.name}`);
    assert.equal(error.status, Number(status));
    assert.match(error.requestID, /^req_/);
    assert.ok(error.headers.get('anthropic-ratelimit-requests-remaining'));
  }
});

test('the client retries what can be retried, as long as it is told to wait', async (t) => {
  const attempts = async (script) => {
    const {fake, send} = await withFake(t, {script}, {maxRetries: 2});
    const outcome = await send({}).then((message) => message.content[0].text, (error) => error.status ?? error.constructor.name);
    const times = fake.requests.map(({receivedAt}) => receivedAt);
    return {outcome, count: times.length, waits: times.slice(1).map((time, i) => time - times[i]), retries: fake.requests.map(({headers}) => headers['x-stainless-retry-count'])};
  };
  const twice = await attempts(['status:529 + retry-after-ms:30', 'status:429 + retry-after:0.2', says('At last.')]);
  assert.equal(twice.outcome, 'At last.');
  assert.deepEqual(twice.retries, ['0', '1', '2']);
  assert.ok(twice.waits[0] >= 29 && twice.waits[0] < 370, `${twice.waits}`);
  assert.ok(twice.waits[1] >= 195 && twice.waits[1] < 740, `${twice.waits}`);
  const never = await attempts(Array(3).fill('status:500 + retry-after-ms:1'));
  assert.deepEqual([never.outcome, never.count], [500, 3]);
  assert.deepEqual([(await attempts(['status:400'])).count, (await attempts(['status:529 + x-should-retry:false'])).count], [1, 1]);
  assert.equal((await attempts(['status:400 + x-should-retry:true + retry-after-ms:1', says('Now.')])).outcome, 'Now.');
  assert.equal((await attempts(['reset_connection', says('Again.')])).outcome, 'Again.');
});

test('an error in the stream is raised without a status and never tried again', async (t) => {
  for (const failure of ['error_first', 'error_after_first_token', 'error_inside_tool_json']) {
    const {fake, send} = await withFake(t, {script: {failure}}, {maxRetries: 2});
    let tokens = 0;
    const error = await raised((async () => { for await (const event of await send({stream: true})) if (event.type === 'content_block_delta') ++tokens; })());
    assert.equal(error.status, undefined);
    assert.equal(error.type, 'overloaded_error');
    assert.match(error.requestID, /^req_/);
    assert.equal(tokens === 0, failure === 'error_first');
    assert.equal(fake.requests.length, 1);
  }
});

test('the client takes a stream that was cut for a whole answer; only its helper misses the message', async (t) => {
  const {send, client} = await withFake(t, {script: {content: says('One two three four.').content, failure: 'cut_after_first_token'}});
  const types = [];
  for await (const event of await send({stream: true})) types.push(event.type);
  assert.equal(types.at(-1), 'content_block_delta', 'it ended there, and no error was raised');
  await assert.rejects(client.messages.stream({model: MODEL, max_tokens: 10, messages: ask()}).finalMessage(), /stream ended without producing a Message/);
});

test('without message_stop the client sees the same answer as with it', async (t) => {
  const content = says('One two.').content;
  const {client, fake} = await withFake(t, {script: [{content}, {content, failure: 'cut_before_terminator'}]});
  const read = async () => {
    let text = '';
    for await (const event of await client.messages.create({model: MODEL, max_tokens: 10, messages: ask(), stream: true})) text += event.delta?.text ?? '';
    return text;
  };
  assert.deepEqual([await read(), await read()], ['One two.', 'One two.']);
  assert.equal(fake.requests.length, 2);
});

test('the version that the client sends by itself is spoken too, and knows no sampling on any model', async (t) => {
  const {fake, send} = await withFake(t, {script: says('Yes.')}, {defaultHeaders: {}});
  assert.equal((await send({model: 'claude-opus-4-6'})).content[0].text, 'Yes.');
  assert.equal(fake.requests[0].headers['anthropic-version'], '2026-10-21');
  assert.equal((await raised(send({model: 'claude-opus-4-6', temperature: 1}))).apiMessage, 'temperature: Extra inputs are not permitted');
});

test('ends other than a full stop are told as such', async (t) => {
  const cases = [['refusal', 'refusal'], ['pause_turn', 'pause_turn'], ['max_tokens', 'max_tokens'], ['context_window_exceeded', 'model_context_window_exceeded']];
  const {client} = await withFake(t, {script: cases.map(([failure]) => ({failure}))});
  for (const [failure, reason] of cases) {
    const message = await client.messages.stream({model: MODEL, max_tokens: 10, messages: ask()}).finalMessage();
    assert.equal(message.stop_reason, reason);
    assert.equal(message.stop_details?.type, failure === 'refusal' ? 'refusal' : undefined);
  }
});

test('a cut-off tool call has no end of its block, and its JSON is not whole', async (t) => {
  const {send} = await withFake(t, {script: 'max_tokens_in_tool_json'});
  const events = [];
  for await (const event of await send({stream: true, tools: [WEATHER]})) events.push(event);
  const starts = events.filter(({type}) => type === 'content_block_start').length;
  assert.equal(events.filter(({type}) => type === 'content_block_stop').length, starts - 1);
  assert.equal(events.at(-2).delta.stop_reason, 'max_tokens');
  const json = events.filter(({delta}) => delta?.type === 'input_json_delta').map(({delta}) => delta.partial_json).join('');
  assert.throws(() => JSON.parse(json));
});
