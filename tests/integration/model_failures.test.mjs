// What breaks between Bridge and a model's vendor, and what a person and the accounts see of it. Never an empty success, never a silent repeat.
import assert from 'node:assert/strict';
import test from 'node:test';
import {createServer} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import {DATA, makeTeam} from './harness.mjs';
import {ANTHROPIC_MODELS} from '../fakes/anthropic_models.mjs';
import {OPENAI_MODELS} from '../fakes/openai_models.mjs';
import {eventually, FLIGHTS, generateWith, modelCalls, openChat, openStream, openTurn, readTurn, say, VENDORS, withModels} from './model_harness.mjs';

const TEXT = 'Die längsten Verspätungen 😀 hat 漢字 — 12 %.';
const GOOD = {content: [{type: 'text', text: TEXT}]};
const WITH_TOOL = {content: [{type: 'text', text: 'Which tables? '}, {type: 'tool_use', name: 'list_tables', input: {dataset: 'main', note: 'für alle'}}]};
const LISTS_TABLES = {content: [{type: 'text', text: 'Which tables? '}, {type: 'tool_use', name: 'list_tables', input: {dataset: 'main'}}]};
const failing = (failure, answer = GOOD) => ({...answer, failure});
const ATTEMPTS_MAX = 3;

/**
 * One server and fake for many cases. Retries are budgeted by team and circuits open by model, so `room(script)` gives each case a team, a model and a
 * conversation of its own: {team, session, model, requests(), say(), calls()}. A script is a list (the last answer again and again) or a function.
 */
function withRooms(vendor, run, options = {}) {
  const base = vendor === 'anthropic' ? ANTHROPIC_MODELS['claude-sonnet-5-5'] : OPENAI_MODELS['gpt-4.1'];
  const models = Object.fromEntries(Array.from({length: 600}, (_, i) => [`test-model-${i}`, base]));
  const scripts = new Map();
  const script = (request, n, record) => {
    const own = scripts.get(request.model) ?? {list: [GOOD], n: 0};
    const at = own.n++;
    return typeof own.list === 'function' ? own.list(request, at, record) : own.list[Math.min(at, own.list.length - 1)];
  };
  return withModels({vendors: [vendor], fake: {script, models}, table: DATA + '/weather.csv', ...options}, async (all) => {
    const {server, fake} = all;
    let count = 0;
    const room = async (list, {team, table = DATA + '/weather.csv'} = {}) => {
      const model = `test-model-${count++}`;
      scripts.set(model, {list: Array.isArray(list) || typeof list === 'function' ? list : [list], n: 0});
      const own = team ?? await makeTeam(server, `Team ${count}`, table);
      const session = await openChat(server, own, {model});
      return {
        team: own, session, model,
        set: (next) => scripts.set(model, {list: Array.isArray(next) || typeof next === 'function' ? next : [next], n: 0}),
        requests: () => fake.requests.filter(({body}) => body?.model === model),
        say: (message = 'How long?', more = {}) => say(server, own, session, message, more),
        open: (message = 'How long?', more = {}) => openTurn(server, own, session, message, more),
        calls: (expected) => modelCalls(server, own, session, {count: expected}),
      };
    };
    await run({...all, room});
  });
}

const onBoth = (title, run, options) => {
  for (const vendor of Object.keys(VENDORS)) test(`${vendor}: ${title}`, {concurrency: 8}, (t) => withRooms(vendor, (all) => run({t, vendor, ...all}), options));
};

// Failures that may pass when one tries again, and whether words came before them.
const PASSING = {
  reset_connection: false, 'status:500': false, 'status:529': false, 'status:503': false, 'status:429': false, html_502: false, ok_with_html: false, empty_body: false,
  ok_with_json_error: false, error_first: false, 'error_first:rate_limit_error': false,
  error_after_first_token: true, error_before_terminator: true, cut_after_first_token: true, cut_before_terminator: true, reset_mid_stream: true, invalid_json_data: true,
};
const PASSING_IN_TOOL = ['error_inside_tool_json', 'cut_inside_tool_json'];

onBoth('a failure that passes is tried again; words that came before it are void and never said twice', async ({t, room, vendor}) => {
  const cases = {...PASSING, ...(vendor === 'openai' ? {error_event_first: false, error_event_after_first_token: true} : {})};
  await Promise.all(Object.entries(cases).map(([failure, hasWords]) => t.test(failure, async () => {
    const at = await room([failing(failure), GOOD]);
    const turn = await at.say();
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.equal(turn.text, TEXT);
    assert.equal(turn.resets, hasWords ? 1 : 0, `resets of ${turn.events.map(({event}) => event)}`);
    assert.equal(turn.done.model_calls, 2);
    assert.deepEqual((await at.calls(2)).map(({status, attempt, step}) => [status, attempt, step]), [['error', 1, 1], ['ok', 2, 1]]);
    assert.equal(at.requests().length, 2);
  })));
  await Promise.all(PASSING_IN_TOOL.map((failure) => t.test(failure, async () => {
    const at = await room([failing(failure, LISTS_TABLES), LISTS_TABLES, GOOD]);
    const turn = await at.say();
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.equal(turn.text, 'Which tables? ' + TEXT);
    assert.equal(turn.resets, 1);
    assert.equal(turn.calls.length, 1, 'the tool ran once');
    assert.equal(turn.results.length, 1);
    assert.deepEqual((await at.calls(3)).map(({status}) => status), ['error', 'ok', 'ok']);
  })));
});

onBoth('a failure that stays ends in exactly one error after at most three attempts, each accounted for', async ({t, room}) => {
  await Promise.all([...Object.keys(PASSING), ...PASSING_IN_TOOL].map((failure) => t.test(failure, async () => {
    const at = await room(failing(failure, PASSING_IN_TOOL.includes(failure) ? LISTS_TABLES : GOOD));
    const started = performance.now();
    const turn = await at.say();
    assert.ok(performance.now() - started < 15_000);
    assert.ok(turn.error, 'never a success');
    assert.ok(turn.error.code && (turn.error.detail || turn.error.title), JSON.stringify(turn.error));
    assert.equal(typeof turn.error.retryable, 'boolean');
    assert.ok(turn.error.request_id);
    assert.equal(turn.calls.length, 0, 'no tool of a broken answer runs');
    const calls = await at.calls(2);
    assert.ok(calls.length >= 2 && calls.length <= ATTEMPTS_MAX, `${calls.length} attempts`);
    if (failure !== 'reset_connection') assert.equal(calls.length, at.requests().length);  // see below
    for (const [i, {status, attempt, error_code: code}] of calls.entries()) assert.deepEqual([status, attempt, Boolean(code)], ['error', i + 1, true]);
    assert.equal(turn.error.model_calls, calls.length);
    // And the conversation can go on.
    at.set(GOOD);
    const next = await at.say('And now?');
    assert.equal(next.text, TEXT, JSON.stringify(next.error));
  })));
});

onBoth('nothing is sent that is not accounted for, also over a connection that was kept open and is reset', async ({room}) => {
  const at = await room([GOOD, failing('reset_connection'), GOOD]);
  assert.equal((await at.say()).text, TEXT);
  const turn = await at.say('Again');
  assert.equal(turn.text, TEXT, JSON.stringify(turn.error));
  const calls = await at.calls(at.requests().length);
  assert.deepEqual(calls.map(({status}) => status), ['ok', 'error', 'ok']);
  assert.equal(at.requests().length, 3);
});

onBoth('a stream that is cut anywhere is never an answer', async ({server, room, fake}) => {
  const answers = [GOOD, WITH_TOOL].map((answer) => ({...answer, seed: 7}));
  const first = await room([GOOD]);
  await first.say();
  for (const answer of answers) {
    fake.setScript(answer);
    const {raw, path, headers} = fake.requests[0];
    const {'content-length': _, host: __, connection: ___, 'transfer-encoding': ____, ...sent} = headers;
    const whole = Buffer.byteLength(await (await fetch(fake.url + path, {method: 'POST', headers: sent, body: raw})).text());
    assert.ok(whole > 300);
    const {team} = first;
    const tail = 40;  // the last event may be known by its bytes though its end is missing
    for (let bytes = 0; bytes < whole - tail; bytes += Math.ceil(whole / 60)) {
      fake.setScript({...answer, failure: `cut_after_bytes:${bytes}`});
      const session = await openChat(server, team, {model: `test-model-${100 + Math.floor(Math.random() * 500)}`});
      const turn = await say(server, team, session, 'How long?');
      assert.equal(turn.done, undefined, `after ${bytes} of ${whole} bytes: ${turn.stream.raw}`);
      assert.equal(turn.results.length, 0, `no tool runs after ${bytes} of ${whole} bytes`);
    }
  }
});

onBoth('an answer that has come to its end is one, whatever becomes of the connection then, and is paid for once', async ({t, room}) => {
  await Promise.all(['reset_after_end', 'hang_after_end', 'pings_after_end'].map((failure) => t.test(failure, async () => {
    const at = await room([failing(failure, LISTS_TABLES), failing(failure)]);
    const started = performance.now();
    const turn = await at.say();
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.ok(performance.now() - started < 10_000, `after ${Math.round(performance.now() - started)} ms`);
    assert.equal(turn.text, 'Which tables? ' + TEXT);
    assert.equal(turn.resets, 0);
    assert.deepEqual((await at.calls(2)).map(({status, attempt}) => [status, attempt]), [['ok', 1], ['ok', 1]]);
    assert.equal(at.requests().length, 2);
  })));
});

onBoth('what a server says of when to try again is followed, within bounds', async ({t, room}) => {
  const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  const wait = (at) => at.requests()[1].receivedAt - at.requests()[0].finishedAt;
  const followed = {
    'retry-after:0': [0, 400], 'retry-after:0.5': [495, 1500], 'retry-after-ms:300': [295, 1300], 'retry-after-ms:250 + retry-after:30': [245, 1300],
    [`retry-after:${inSeconds(-3600)}`]: [0, 400], [`retry-after:${inSeconds(3)}`]: [500, 3900],
    'retry-after:soon': [0, 1500], 'retry-after:-5': [0, 1500], 'retry-after:1e999': [0, 1500], 'retry-after:': [0, 1500], 'retry-after:NaN': [0, 1500],
  };
  await Promise.all(Object.entries(followed).map(([advice, [from, to]]) => t.test(advice, async () => {
    const at = await room([failing(`status:429 + ${advice}`), GOOD]);
    const turn = await at.say();
    assert.equal(turn.text, TEXT, JSON.stringify(turn.error));
    assert.equal(at.requests().length, 2);
    assert.ok(wait(at) >= from && wait(at) <= to, `waited ${wait(at)} ms`);
  })));
  await Promise.all(['retry-after:61', 'retry-after:86400', `retry-after:${inSeconds(86_400)}`, 'retry-after:999999999'].map((advice) => t.test(`${advice} is too long to wait for`, async () => {
    const at = await room([failing(`status:429 + ${advice}`), GOOD]);
    const started = performance.now();
    const turn = await at.say();
    assert.ok(turn.error);
    assert.ok(performance.now() - started < 3_000);
    assert.equal(at.requests().length, 1);
    const next = await at.say();
    assert.equal(next.error?.code, 'circuit_open', 'and the server is left alone');
    assert.equal(at.requests().length, 1);
  })));
  await t.test('x-should-retry:false', async () => {
    const at = await room(failing('status:529 + x-should-retry:false'));
    const turn = await at.say();
    assert.equal(turn.error?.retryable, false, JSON.stringify(turn.error));
    assert.equal(at.requests().length, 1);
  });
  await t.test('x-should-retry:true', async () => {
    const at = await room([failing('status:400 + x-should-retry:true'), GOOD]);
    assert.equal((await at.say()).text, TEXT);
    assert.equal(at.requests().length, 2);
  });
});

onBoth('a request that was refused is not sent again', async ({t, room}) => {
  await Promise.all([400, 401, 403, 404, 413].map((status) => t.test(`${status}`, async () => {
    const at = await room(failing(`status:${status}`));
    const turn = await at.say();
    assert.ok(turn.error, 'an error');
    assert.equal(turn.error.retryable, false, JSON.stringify(turn.error));
    assert.equal(at.requests().length, 1);
    const [call] = await at.calls(1);
    assert.equal(call.status, 'error');
    assert.equal(call.usage_complete, true, 'it has used nothing, and that is known');
    assert.equal(call.input_tokens, 0);
    at.set(GOOD);
    assert.equal((await at.say()).text, TEXT, 'the circuit does not open over it');
  })));
  await t.test('a spending limit is no rate limit: it is not hammered', async () => {
    const at = await room(failing('spend_limit'));
    assert.ok((await at.say()).error);
    assert.ok(at.requests().length <= ATTEMPTS_MAX);
  });
});

onBoth('retries of a team are budgeted: when all fails they do not multiply what is sent', async ({room}) => {
  const first = await room(failing('status:503 + retry-after:0'));
  let requests = 0;
  let turns = 0;
  for (let i = 0; i < 12; ++i) {
    const at = await room(failing('status:503 + retry-after:0'), {team: first.team});
    assert.ok((await at.say()).error);
    ++turns;
    requests += at.requests().length;
  }
  assert.ok(requests >= turns && requests <= turns + 5, `${requests} requests of ${turns} turns`);
  const other = await room([failing('status:503 + retry-after:0'), GOOD]);
  assert.equal((await other.say()).text, TEXT, 'another team has its own');
});

onBoth('a redirect is not followed: keys and words go nowhere else', async ({room}) => {
  const hits = [];
  const elsewhere = createServer((request, response) => { hits.push(request.headers); response.end(); });
  await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
  try {
    const at = await room(failing(`redirect:http://127.0.0.1:${elsewhere.address().port}/v1/messages`));
    const turn = await at.say();
    assert.ok(turn.error, JSON.stringify(turn.done));
    assert.deepEqual(hits, []);
    assert.ok(at.requests().length <= ATTEMPTS_MAX);
  } finally {
    elsewhere.close();
  }
});

onBoth('what a vendor says of an error is shown without what it should not hold', async ({room}) => {
  const at = await room(failing('status:400 + message:bad\u001b[31m thing\r\ndata: {"x":1} ' + 'y'.repeat(5_000)));
  const turn = await at.say();
  assert.equal(turn.terminal.length, 1);
  const {detail} = turn.error;
  assert.match(detail, /bad/);
  assert.ok(detail.length < 1_000, `${detail.length} characters`);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(detail, /[\u0000-\u001f]/);
});

onBoth('a stream is read in whatever bytes it comes', async ({t, room, vendor}) => {
  const shared = ['crlf', 'bom', 'no_space_after_colon', 'multi_line_data', 'keepalive_comments', 'events_without_data', 'retry_fields', 'unknown_event', 'events_after_end', 'duplicate_stop', 'wrong_content_type'];
  const own = vendor === 'anthropic' ? ['unknown_block', 'unknown_delta', 'many_pings', 'cumulative_usage', 'usage_null_at_end', 'no_usage', 'pause_turn'] : ['usage_in_every_chunk', 'null_fields', 'no_role', 'empty_first_chunk', 'no_usage', 'reasoning_content'];
  await Promise.all([...shared, ...own].map((failure) => t.test(failure, async () => {
    const at = await room(failing(failure));
    const turn = await at.say();
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.equal(turn.text, TEXT);
    const [call] = await at.calls(1);
    assert.equal(call.status, 'ok');
    if (failure === 'no_usage') assert.equal(call.usage_complete, false);
    else assert.ok(call.output_tokens > 0 && call.output_tokens < 1000, `${call.output_tokens} tokens`);
  })));
  const cuts = {'one byte at a time': {chunkBytes: 1}, 'seven bytes at a time': {chunkBytes: 7}, 'cut anywhere': {split: 3}, 'cut elsewhere': {split: 99}};
  await Promise.all(Object.entries(cuts).map(([title, cut]) => t.test(title, async () => {
    const at = await room([{...LISTS_TABLES, ...cut}, {...GOOD, ...cut}]);
    const turn = await at.say();
    assert.equal(turn.text, 'Which tables? ' + TEXT);
    assert.deepEqual(turn.calls[0].input, {dataset: 'main'});
    assert.doesNotMatch(turn.stream.raw, /\ufffd/);
  })));
  await t.test('gzip is either unpacked or a clear error', async () => {
    const at = await room(failing('gzip'));
    const turn = await at.say();
    if (turn.done) assert.equal(turn.text, TEXT);
    else assert.ok(turn.error.code);
  });
  await t.test('a line of over 8 MiB is an error, and costs no memory', async () => {
    const at = await room(failing('huge_data_line'));
    const turn = await at.say();
    assert.ok(turn.error, 'no answer');
    assert.ok(turn.stream.raw.length < 1 << 20);
    at.set(GOOD);
    assert.equal((await at.say()).text, TEXT);
  });
});

onBoth('arguments of a call are read when they are whole, once, and in linear time', async ({t, room, team}) => {
  await t.test('a beginning that could be all is not taken for it', async () => {
    const call = {type: 'tool_use', name: 'list_tables', input: {dataset: 'main'}, fragments: ['{"dataset":"m', 'ain"', '}']};
    const at = await room([{content: [call]}, GOOD]);
    const turn = await at.say();
    assert.deepEqual(turn.calls.map(({input}) => input), [{dataset: 'main'}]);
  });
  await t.test('{} with something behind it is not {}', async () => {
    const at = await room([{content: [{type: 'tool_use', name: 'list_datasets', input: {}, fragments: ['{}', ',"x":1}']}]}, GOOD]);
    const turn = await at.say();
    assert.equal(turn.results.length, 1);
    assert.equal(turn.results[0].ok, false, JSON.stringify(turn.results));
    assert.match(JSON.stringify(turn.results), /malformed_arguments/);
    assert.equal(turn.text, TEXT);
  });
  await t.test('JSON that is broken is answered with what is wrong', async () => {
    const at = await room([failing('bad_tool_json', LISTS_TABLES), GOOD]);
    const turn = await at.say();
    assert.equal(turn.results[0]?.ok, false, turn.stream.raw);
    assert.equal(turn.lastText, TEXT);
  });
  await t.test('100 KB in fragments of one character', async () => {
    const yaml = 'x'.repeat(100_000);
    const at = await room([{content: [{type: 'tool_use', name: 'validate_dashboard_yaml', input: {yaml}}], pieceLength: 1}, GOOD]);
    const started = performance.now();
    const turn = await at.say();
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.equal(turn.calls[0].input.yaml.length, yaml.length);
    assert.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
  });
});

onBoth('an answer without end is broken off at 1 MiB, and the model is stopped', async ({room}) => {
  const at = await room([{content: [{type: 'text', text: 'on and on '.repeat(400_000)}], pieceLength: 4_096}, GOOD]);
  const turn = await at.say();
  assert.ok(turn.error, 'no success');
  assert.ok(turn.stream.raw.length < 4 << 20);
  assert.equal(at.requests().length, 1, 'and is not asked for again');
  assert.equal((await at.say('Shorter')).text, TEXT);
});

onBoth('an answer that was cut short at the limit never runs its tool, and says that it is cut', async ({t, room}) => {
  await t.test('in the middle of a call', async () => {
    const at = await room([failing('max_tokens_in_tool_json', LISTS_TABLES), GOOD]);
    const turn = await at.say();
    for (const result of turn.results) assert.equal(result.ok, false, JSON.stringify(result));
    assert.ok(turn.done || turn.error);
    if (turn.done && at.requests().length === 1) assert.equal(turn.done.truncated, true);
    at.set(GOOD);
    assert.equal((await at.say()).text, TEXT, 'the conversation goes on');
  });
  await t.test('in the middle of words', async () => {
    const turn = await (await room(failing('max_tokens'))).say();
    assert.equal(turn.text, TEXT);
    assert.deepEqual([turn.done.finish_reason, turn.done.truncated], ['length', true]);
  });
  await t.test('whole', async () => {
    const turn = await (await room(GOOD)).say();
    assert.deepEqual([turn.done.finish_reason, turn.done.truncated], ['stop', false]);
  });
});

onBoth('a refusal is seen to be one', async ({room, server, vendor}) => {
  const at = await room(failing('refusal'));
  const turn = await at.say();
  assert.ok(turn.done, JSON.stringify(turn.error));
  assert.equal(turn.done.finish_reason, 'refused');
  if (vendor === 'openai') assert.match(turn.text, /can't help with that/);
  const made = await generateWith(server, at.team, 'What is the weather like?', {model: at.model});
  assert.equal(made.error?.code, 'model_refused', JSON.stringify(made.done ?? made.error));
});

onBoth('a conversation that grew too long is trimmed once; if that does not help it is said', async ({t, room}) => {
  await t.test('once', async () => {
    const reads = {content: [{type: 'tool_use', name: 'get_table_schema', input: {table: 'weather'}}]};
    const at = await room([reads, LISTS_TABLES, GOOD, failing('context_overflow'), GOOD]);
    assert.ok((await at.say()).done);
    const turn = await at.say('Go on');
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.deepEqual(turn.warnings.map(({code}) => code), ['history_trimmed']);
    const [before, after] = at.requests().slice(-2);
    assert.ok(after.raw.length < before.raw.length, 'something was left out');
  });
  await t.test('for ever', async () => {
    const at = await room([LISTS_TABLES, GOOD, failing('context_overflow')]);
    assert.ok((await at.say()).done);
    const before = at.requests().length;
    const turn = await at.say('Go on');
    assert.equal(turn.error?.code, 'context_overflow', JSON.stringify(turn.done ?? turn.error));
    assert.equal(turn.error.retryable, false);
    assert.ok(at.requests().length - before <= 2, `${at.requests().length - before} requests`);
  });
});

onBoth('after five failures in a row a model is left alone: the answer comes at once and says for how long', async ({server, room}) => {
  const at = await room(failing('status:500 + retry-after:0'));
  const turns = [];
  for (let i = 0; i < 5 && at.requests().length < 5; ++i) turns.push(await at.say());
  assert.ok(turns.every(({error}) => error));
  const sent = at.requests().length;
  assert.ok(sent >= 5 && sent <= 6, `${sent} requests`);
  const started = performance.now();
  const turn = await at.say();
  assert.ok(performance.now() - started < 1_000);
  assert.equal(turn.error.code, 'circuit_open', JSON.stringify(turn.error));
  assert.equal(turn.error.retryable, true);
  assert.ok(turn.error.retry_after_ms > 0 || turn.error.retry_after > 0, `when to come back: ${JSON.stringify(turn.error)}`);
  assert.equal(at.requests().length, sent, 'nothing was sent');
  const other = await room(GOOD, {team: at.team});
  assert.equal((await other.say()).text, TEXT, 'another model is not affected');
  at.set(GOOD);
  await sleep(5_200);
  assert.equal((await at.say()).text, TEXT, 'after the pause it is tried again');
  assert.equal((await say(server, at.team, at.session, 'More')).text, TEXT);
});

onBoth('a client that leaves stops the model within 100 ms, and what was used is accounted for as cancelled', async ({t, room, server}) => {
  const upstreamLeft = (request, left) => {
    assert.ok(request.closedAt !== undefined, 'the request upstream was given up');
    assert.ok(request.closedAt - left < 100, `after ${(request.closedAt - left).toFixed(1)} ms`);
  };
  const cases = {
    'before the head': {...GOOD, failure: 'hang_before_headers'},
    'before the first token': {...GOOD, failure: 'hang_after_headers'},
    'while it says nothing': {...GOOD, failure: 'hang_mid_stream'},
    'while it talks': {content: [{type: 'text', text: TEXT.repeat(200)}], chunkDelayMs: 10},
    'while it only pings': {...GOOD, failure: 'silence_with_pings:50'},
    'while it writes a call': {...WITH_TOOL, chunkDelayMs: 60, pieceLength: 2},
  };
  for (const [title, answer] of Object.entries(cases)) {
    await t.test(title, async () => {
      const at = await room([answer, GOOD]);
      const stream = await at.open();
      await eventually(() => at.requests().length === 1, 'the model is asked');
      if (title.startsWith('while')) await stream.until('token');
      else await sleep(100);
      const left = stream.leave();
      await eventually(() => at.requests()[0].closedAt !== undefined, 'the model is told', 2_000);
      upstreamLeft(at.requests()[0], left);
      const [call] = await at.calls(1);
      assert.equal(call.status, 'cancelled');
      assert.equal(call.usage_complete, false);
      // The session is free again, and what was said is kept.
      const next = await eventually(async () => {
        const again = await at.open('Go on');
        if (again.status === 409) return null;
        await again.end;
        return readTurn(again.events);
      }, 'the session is free');
      assert.equal(next.text, TEXT, JSON.stringify(next.error));
      assert.equal(at.requests().length, 2, 'it was not tried again');
    });
  }
  await t.test('while a tool runs: the model is not asked again', async () => {
    const reads = {content: [{type: 'tool_use', name: 'get_table_schema', input: {table: 'flights_3m'}}]};
    const at = await room([reads, GOOD], {table: FLIGHTS});
    const stream = await at.open();
    await stream.until('tool_call');
    stream.leave();
    await sleep(1_000);
    assert.equal(at.requests().length, 1);
    at.set(GOOD);
    assert.equal((await at.say('Go on')).text, TEXT, 'the call without an answer does not poison the conversation');
    assert.ok(at.requests().every(({status}) => status === 200));
  });
  await t.test('while a dashboard is made', async () => {
    const at = await room([{content: [{type: 'text', text: TEXT.repeat(200)}], chunkDelayMs: 10}]);
    const stream = await openStream(server, '/v1/dashboards/generate', {team: at.team.id, body: {connection_id: at.team.connectionId, user_prompt: 'How rainy is it?', model: at.model}});
    await stream.until('token');
    const left = stream.leave();
    await eventually(() => at.requests()[0].closedAt !== undefined, 'the model is told', 2_000);
    upstreamLeft(at.requests()[0], left);
    const calls = await eventually(async () => { const all = await modelCalls(server, at.team, stream.events[0].data.session_id); return all.length && all; }, 'an account');
    assert.deepEqual(calls.map(({status, usage_complete: complete}) => [status, complete]), [['cancelled', false]]);
  });
});
