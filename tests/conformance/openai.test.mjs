// The false OpenAI is true to its vendor's own client: what that client reads of it, and what it makes of its failures.
import assert from 'node:assert/strict';
import test from 'node:test';
import OpenAI from 'openai';
import {startFakeOpenai} from '../fakes/openai.mjs';

const MODEL = 'gpt-6-sol';
const WEATHER = {type: 'function', function: {name: 'get_weather', parameters: {type: 'object', properties: {city: {type: 'string'}}, required: ['city'], additionalProperties: false}}};
const ask = (text = 'Hello?') => [{role: 'user', content: text}];
const says = (text) => ({content: [{type: 'text', text}]});
const TOOLS = {tools: [WEATHER], reasoning_effort: 'none'};

async function withFake(t, options, clientOptions = {}) {
  const fake = await startFakeOpenai(options);
  t.after(() => fake.stop());
  const client = new OpenAI({apiKey: 'test-key', baseURL: fake.baseUrl, maxRetries: 0, logLevel: 'off', ...clientOptions});
  return {fake, client, send: (body) => client.chat.completions.create({model: MODEL, messages: ask(), ...body})};
}

async function raised(promise) {
  try { await promise; } catch (error) { return error; }
  throw new Error('expected an error');
}

async function chunksOf(stream) {
  const chunks = [];
  for await (const chunk of await stream) chunks.push(chunk);
  return chunks;
}

test('text streams as it was scripted, and the last chunk has only the usage', async (t) => {
  const text = 'Newark waits longest — 17.2 minutes ✈️, and 金曜日 is worst.';
  const {send} = await withFake(t, {script: {...says(text), split: 7}});
  const chunks = await chunksOf(send({stream: true, stream_options: {include_usage: true}}));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), text);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks.at(-1).usage.completion_tokens, Math.ceil(Buffer.byteLength(text) / 4));
  assert.ok(chunks.slice(0, -1).every(({usage}) => usage === null));
  assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
  assert.ok(chunks.every((chunk) => 'obfuscation' in chunk));
});

test('without being asked for it there is no usage, and obfuscation can be left out', async (t) => {
  const {send} = await withFake(t, {script: says('Hi.')});
  const chunks = await chunksOf(send({stream: true, stream_options: {include_obfuscation: false}}));
  assert.ok(chunks.every((chunk) => !('usage' in chunk) && !('obfuscation' in chunk)));
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
});

test('the same completion comes whole when it is not streamed', async (t) => {
  const {send} = await withFake(t, {script: {content: [{type: 'thinking', text: 'Think hard.'}, {type: 'text', text: 'Hello.'}, {type: 'tool_use', name: 'get_weather', input: {city: 'Rome'}}]}});
  const {choices: [{message, finish_reason: finish}], usage} = await send(TOOLS);
  assert.equal(message.content, 'Hello.');
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), {city: 'Rome'});
  assert.equal(finish, 'tool_calls');
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  assert.ok(usage.completion_tokens_details.reasoning_tokens > 0);
});

test('parallel tool calls come with whole arguments, ids only in their first fragments', async (t) => {
  const inputs = [{city: 'Zürich "Altstadt"', days: [1, 2, 3]}, {city: '東京'}, {}];
  const {client, send} = await withFake(t, {script: {content: inputs.map((input) => ({type: 'tool_use', name: 'get_weather', input})), split: 3}});
  const message = (await client.chat.completions.stream({model: MODEL, messages: ask(), ...TOOLS}).finalChatCompletion()).choices[0].message;
  assert.deepEqual(message.tool_calls.map((call) => JSON.parse(call.function.arguments)), inputs);
  const fragments = (await chunksOf(send({stream: true, ...TOOLS}))).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
  assert.deepEqual(fragments.filter(({id}) => id).map(({index}) => index), [0, 1, 2]);
  assert.ok(fragments.filter(({id}) => !id).every((fragment) => !fragment.type && !fragment.function.name));
});

test('a conversation with tools goes on when every call is answered', async (t) => {
  const {send} = await withFake(t, {script: [{content: [{type: 'tool_use', name: 'get_weather', input: {city: 'Rome'}}]}, says('Sunny.')]});
  const first = (await send(TOOLS)).choices[0].message;
  assert.equal(first.content, null);
  const second = await send({...TOOLS, messages: [...ask(), first, {role: 'tool', tool_call_id: first.tool_calls[0].id, content: 'sunny'}]});
  assert.equal(second.choices[0].message.content, 'Sunny.');
});

test('prompt tokens include those that were cached', async (t) => {
  const {send} = await withFake(t, {script: says('Yes.')});
  const long = 'x'.repeat(6000);
  const first = (await send({messages: ask(long)})).usage;
  const second = (await send({messages: [...ask(long), {role: 'assistant', content: 'Yes.'}, ...ask('More?')]})).usage;
  assert.equal(first.prompt_tokens_details.cached_tokens, 0);
  assert.equal(first.prompt_tokens_details.cache_write_tokens % 128, 0);
  assert.equal(second.prompt_tokens_details.cached_tokens, first.prompt_tokens_details.cache_write_tokens);
  assert.ok(second.prompt_tokens > second.prompt_tokens_details.cached_tokens && second.prompt_tokens_details.cached_tokens >= 1024);
  assert.equal((await send({messages: ask('y' + long)})).usage.prompt_tokens_details.cached_tokens, 0);
  assert.equal((await send({messages: ask('short')})).usage.prompt_tokens_details.cache_write_tokens, 0);
});

test('what the API refuses is refused, in its words', async (t) => {
  const {send} = await withFake(t, {});
  const named = (name) => ({tools: [{type: 'function', function: {name, parameters: {type: 'object', properties: {}}}}], reasoning_effort: 'none'});
  const strict = (parameters) => ({tools: [{type: 'function', function: {name: 'a', strict: true, parameters}}], reasoning_effort: 'none'});
  const call = {id: 'call_1', type: 'function', function: {name: 'get_weather', arguments: '{}'}};
  const result = {role: 'tool', tool_call_id: 'call_1', content: 'x'};
  const said = {role: 'assistant', content: null, tool_calls: [call]};
  const reasoning = (model) => `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.`;
  const unanswered = /^An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'\. The following tool_call_ids did not have response messages: call_1$/;
  const cases = [
    [{max_tokens: 10}, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."],
    [{temperature: 0.2}, "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported."],
    [{tools: [WEATHER]}, reasoning('gpt-6-sol')],
    [{tools: [WEATHER], model: 'gpt-5.4', reasoning_effort: 'low'}, reasoning('gpt-5.4')],
    [{...TOOLS, messages: [...ask(), said]}, unanswered],
    [{...TOOLS, messages: [...ask(), said, ...ask('So?'), result]}, unanswered],
    [{...TOOLS, messages: [...ask(), result]}, "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."],
    [{...TOOLS, messages: [...ask(), said, result, result]}, "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."],
    [{...TOOLS, messages: [...ask(), {...said, tool_calls: [{...call, function: {name: 'a', arguments: {}}}]}, result]}, /arguments': expected a string, but got an object instead/],
    [{messages: [...ask(), {role: 'assistant', content: null}]}, "Invalid value for 'content': expected a string, got null."],
    [named('a b'), "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."],
    [named('a'.repeat(65)), "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 65 instead."],
    [strict({type: 'object', properties: {}}), "Invalid schema for function 'a': In context=(), 'additionalProperties' is required to be supplied and to be false."],
    [strict({type: 'object', properties: {b: {type: 'string'}}, additionalProperties: false}), /array including every key in properties\. Missing 'b'\.$/],
    [strict({type: 'object', properties: {b: {type: 'object', properties: {}}}, required: ['b'], additionalProperties: false}), /In context=\('properties', 'b'\), 'additionalProperties'/],
    [{...TOOLS, tool_choice: {type: 'allowed_tools', allowed_tools: {mode: 'auto', tools: [{type: 'function', function: {name: 'other'}}]}}}, "Tool choice 'other' not found in 'tools' parameter."],
    [{...TOOLS, tool_choice: {type: 'function', function: {name: 'other'}}}, "Tool choice 'other' not found in 'tools' parameter."],
    [{stream_options: {include_usage: true}}, "The 'stream_options' parameter is only allowed when 'stream' is enabled."],
    [{novelty: 1}, 'Unrecognized request argument supplied: novelty'],
    [{tools: []}, /^Invalid 'tools': empty array/],
  ];
  for (const [body, words] of cases) {
    const error = await raised(send(body));
    assert.ok(error instanceof OpenAI.BadRequestError, `${words}: ${error}`);
    assert.match(error.requestID, /^req_/);
    if (typeof words === 'string') assert.equal(error.error.message, words);
    else assert.match(error.error.message, words);
  }
  const unknown = await raised(send({model: 'gpt-unknown'}));
  assert.ok(unknown instanceof OpenAI.NotFoundError);
  assert.equal(unknown.code, 'model_not_found');
});

test('what older models accept is accepted', async (t) => {
  const {send} = await withFake(t, {script: says('Yes.')});
  for (const body of [{model: 'gpt-4.1-2025-04-14', max_tokens: 10, temperature: 0}, {model: 'gpt-5', tools: [WEATHER], reasoning_effort: 'minimal'}, {temperature: 1}]) {
    assert.equal((await send(body)).choices[0].message.content, 'Yes.');
  }
});

test('keys are checked, and statuses become the typed errors of the client', async (t) => {
  const {fake, send} = await withFake(t, {script: ['status:403', 'status:429', 'status:500', 'status:503', 'spend_limit']});
  const wrong = new OpenAI({apiKey: 'wrong', baseURL: fake.baseUrl, maxRetries: 0, logLevel: 'off'});
  const refused = await raised(wrong.chat.completions.create({model: MODEL, messages: ask()}));
  assert.ok(refused instanceof OpenAI.AuthenticationError);
  assert.equal(refused.code, 'invalid_api_key');
  for (const [name, status] of [['PermissionDeniedError', 403], ['RateLimitError', 429], ['InternalServerError', 500], ['InternalServerError', 503], ['RateLimitError', 429]]) {
    const error = await raised(send({}));
    assert.ok(error instanceof OpenAI[name], `${status}: ${error}`);
    assert.equal(error.status, status);
    assert.match(error.headers.get('x-ratelimit-reset-tokens'), /^6m0s$/);
  }
});

test('the client retries what can be retried, and waits as told up to a minute', async (t) => {
  const attempts = async (script) => {
    const {fake, send} = await withFake(t, {script}, {maxRetries: 2});
    const outcome = await send({}).then(({choices}) => choices[0].message.content, (error) => error.status ?? error.constructor.name);
    const times = fake.requests.map(({receivedAt}) => receivedAt);
    return {outcome, count: times.length, waits: times.slice(1).map((time, i) => time - times[i])};
  };
  const twice = await attempts(['status:503 + retry-after-ms:30', 'status:429 + retry-after:0.2', says('At last.')]);
  assert.equal(twice.outcome, 'At last.');
  assert.ok(twice.waits[0] >= 29 && twice.waits[0] < 370 && twice.waits[1] >= 195 && twice.waits[1] < 740, `${twice.waits}`);
  const tooLong = await attempts(['status:429 + retry-after:86400', says('Now.')]);
  assert.equal(tooLong.outcome, 'Now.');
  assert.ok(tooLong.waits[0] > 300 && tooLong.waits[0] < 2000, `a day becomes the usual backoff: ${tooLong.waits}`);
  assert.deepEqual([(await attempts(['status:400'])).count, (await attempts(['status:500 + x-should-retry:false'])).count, (await attempts(Array(3).fill('status:500 + retry-after-ms:1'))).count], [1, 1, 3]);
  assert.equal((await attempts(['reset_connection', says('Again.')])).outcome, 'Again.');
});

test('an error in the stream is raised without a status and never tried again', async (t) => {
  for (const failure of ['error_first', 'error_after_first_token', 'error_inside_tool_json', 'error_event_first', 'error_event_after_first_token']) {
    const {fake, send} = await withFake(t, {script: {failure}}, {maxRetries: 2});
    const error = await raised(chunksOf(send({stream: true})));
    assert.equal(error.status, undefined);
    assert.equal(error.type, 'server_error');
    assert.equal(fake.requests.length, 1);
  }
});

test('the client takes a stream without its end for a whole answer, and reads nothing after [DONE]', async (t) => {
  const {send} = await withFake(t, {script: [{failure: 'cut_before_terminator'}, {failure: 'no_done'}, {failure: 'events_after_end'}]});
  const finishes = async () => (await chunksOf(send({stream: true}))).map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean);
  assert.deepEqual(await finishes(), []);
  assert.deepEqual(await finishes(), ['stop']);
  assert.deepEqual(await finishes(), ['stop']);
});

test('every quirk of compatible servers shows in the chunks', async (t) => {
  const {send} = await withFake(t, {script: (request, n) => ({failure: request.user ?? `number_${n}`})});
  const read = async (failure) => {
    const chunks = await chunksOf(send({stream: true, stream_options: {include_usage: true}, user: failure}));
    const fragments = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    return {chunks, fragments, finish: chunks.map((chunk) => chunk.choices[0]?.finish_reason).find(Boolean)};
  };
  const same = await read('index_always_zero');
  assert.deepEqual([same.fragments.every(({index}) => index === 0), same.fragments.filter(({id}) => id).length], [true, 2]);
  assert.ok((await read('no_ids + whole_call')).fragments.every(({id}) => id === undefined));
  const whole = (await read('whole_call')).fragments;
  assert.deepEqual([whole.length, JSON.parse(whole[1].function.arguments).dataset], [2, 'other']);
  assert.equal((await read('arguments_object')).fragments[0].function.arguments.dataset, 'main');
  const mixed = (await read('interleaved_calls')).fragments.map(({index}) => index);
  assert.deepEqual(mixed.slice(0, 4), [0, 1, 0, 1]);
  assert.ok((await read('usage_in_every_chunk')).chunks.every(({usage}) => usage?.prompt_tokens > 0));
  assert.ok((await read('no_usage')).chunks.every(({usage}) => !usage));
  const stopped = await read('stop_with_tool_calls');
  assert.deepEqual([stopped.finish, stopped.fragments.length > 0], ['stop', true]);
  assert.deepEqual((await read('empty_first_chunk')).chunks[0].choices, []);
  const cut = await read('max_tokens_in_tool_json');
  assert.equal(cut.finish, 'length');
  assert.throws(() => JSON.parse(cut.fragments.map((fragment) => fragment.function.arguments).join('')));
});

test('compatible servers refuse what they do not know', async (t) => {
  const {send} = await withFake(t, {script: says('Yes.'), quirks: ['rejects_stream_options', 'wants_max_tokens', 'rejects_strict']});
  assert.match((await raised(send({stream: true, stream_options: {include_usage: true}}))).message, /stream_options/);
  assert.match((await raised(send({max_completion_tokens: 10}))).message, /max_completion_tokens/);
  assert.equal((await send({max_tokens: 10, model: 'llama-of-the-house', temperature: 0.1})).choices[0].message.content, 'Yes.');
  await assert.rejects(startFakeOpenai({quirks: ['unheard_of']}), /there is no quirk 'unheard_of'/);
});

test('a JSON error under status 200 gives the client a stream without a single chunk', async (t) => {
  const {send} = await withFake(t, {script: 'ok_with_json_error'});
  assert.deepEqual(await chunksOf(send({stream: true})), []);
});
