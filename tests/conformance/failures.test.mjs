// What goes wrong on demand goes wrong as named, and the fakes see when a client leaves.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {request as httpRequest} from 'node:http';
import test from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {ANTHROPIC_FAILURES, startFakeAnthropic} from '../fakes/anthropic.mjs';
import {OPENAI_FAILURES, startFakeOpenai} from '../fakes/openai.mjs';
import {encodeFrames} from '../fakes/wire.mjs';

const VENDORS = {
  anthropic: {start: startFakeAnthropic, path: '/v1/messages', headers: {'x-api-key': 'test-key', 'anthropic-version': '2023-06-01'}, body: {model: 'claude-opus-5-5', max_tokens: 100}, failures: ANTHROPIC_FAILURES, end: 'event: message_stop'},
  openai: {start: startFakeOpenai, path: '/v1/chat/completions', headers: {authorization: 'Bearer test-key'}, body: {model: 'gpt-6-sol'}, failures: OPENAI_FAILURES, end: '"finish_reason":"'},
};
const TEXT = 'Überall Verspätung ✈️ — 金曜日 is worst.';
const SCRIPT = {content: [{type: 'text', text: TEXT}, {type: 'tool_use', name: 'look', input: {airport: 'Zürich', days: [1, 2]}}]};

async function withFake(t, vendor, options) {
  const fake = await VENDORS[vendor].start(options);
  t.after(() => fake.stop());
  const {path, headers, body} = VENDORS[vendor];
  return {fake, post: (more = {}, init = {}) => fetch(fake.url + path, {
    method: 'POST', redirect: 'manual', headers: {...headers, 'content-type': 'application/json'}, body: JSON.stringify({...body, stream: true, messages: [{role: 'user', content: 'Hello?'}], ...more}), ...init,
  })};
}

const each = (name, run) => { for (const vendor of Object.keys(VENDORS)) test(`${vendor}: ${name}`, (t) => run(t, vendor)); };
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(isTrue, what) {
  for (const began = performance.now(); !isTrue(); await wait(10)) assert.ok(performance.now() - began < 10_000, what);
}

/** All bytes that came, and how it ended: 'end', or the code of an error. */
function rawExchange(fake, vendor) {
  const {path, headers, body} = VENDORS[vendor];
  return new Promise((done) => {
    const chunks = [];
    const finish = (end) => done({end, bytes: Buffer.concat(chunks)});
    const request = httpRequest(fake.url + path, {method: 'POST', headers: {...headers, 'content-type': 'application/json'}}, (response) => {
      response.on('data', (chunk) => chunks.push(chunk)).on('end', () => finish('end')).on('error', (error) => finish(error.code));
    });
    request.on('error', (error) => finish(error.code));
    request.end(JSON.stringify({...body, stream: true, messages: [{role: 'user', content: 'Hello?'}]}));
  });
}

/** Text and calls as the vendor's client reads them. */
async function readByClient(fake, vendor) {
  const messages = [{role: 'user', content: 'Hello?'}];
  let text = '';
  let json = '';
  if (vendor === 'anthropic') {
    const client = new Anthropic({apiKey: 'test-key', baseURL: fake.url, maxRetries: 0, logLevel: 'off', defaultHeaders: {'anthropic-version': '2023-06-01'}});
    for await (const {type, delta} of await client.messages.create({...VENDORS.anthropic.body, messages, stream: true})) {
      if (type !== 'content_block_delta') continue;
      text += delta.text ?? '';
      json += delta.partial_json ?? '';
    }
  } else {
    const client = new OpenAI({apiKey: 'test-key', baseURL: fake.baseUrl, maxRetries: 0, logLevel: 'off'});
    for await (const {choices} of await client.chat.completions.create({...VENDORS.openai.body, messages, stream: true})) {
      text += choices[0]?.delta.content ?? '';
      json += choices[0]?.delta.tool_calls?.[0].function.arguments ?? '';
    }
  }
  return {text, input: JSON.parse(json)};
}

each('a stream reads the same in whatever bytes and pieces it comes', async (t, vendor) => {
  const variants = [{}, {chunkBytes: 1}, {chunkBytes: 7}, ...[1, 2, 3, 4].map((split) => ({split})),
    ...['crlf', 'bom', 'no_space_after_colon', 'multi_line_data', 'gzip', 'keepalive_comments', 'retry_fields', 'crlf + multi_line_data + bom'].map((failure) => ({failure, split: 9})),
    ...(vendor === 'anthropic' ? ['unknown_event', 'unknown_block', 'unknown_delta', 'duplicate_stop', 'many_pings', 'cumulative_usage'] : ['duplicate_stop', 'unknown_event', 'null_fields', 'no_role', 'repeated_ids']).map((failure) => ({failure}))];
  const {fake} = await withFake(t, vendor, {script: variants.map((variant) => ({...SCRIPT, ...variant}))});
  for (const variant of variants) assert.deepEqual(await readByClient(fake, vendor), {text: TEXT, input: {airport: 'Zürich', days: [1, 2]}}, JSON.stringify(variant));
});

test('random pieces are cut inside characters and lines, the same for the same seed', () => {
  const frames = [{data: {text: '✈️金曜日'.repeat(20)}}];
  const whole = Buffer.concat(encodeFrames(frames));
  const pieces = encodeFrames(frames, {split: 5});
  assert.deepEqual(Buffer.concat(pieces), whole);
  assert.deepEqual(pieces, encodeFrames(frames, {split: 5}));
  assert.ok(pieces.some((piece) => piece.toString('utf8').includes('\ufffd')));
  assert.ok(pieces.filter((piece) => !piece.includes(10)).length > 1);
});

each('a stream can be cut after any byte, and then never has its end', async (t, vendor) => {
  const recorded = {...SCRIPT, seed: 1};  // the same bytes each time
  const {fake} = await withFake(t, vendor, {script: recorded});
  const whole = (await rawExchange(fake, vendor)).bytes;
  assert.ok(whole.toString().lastIndexOf(VENDORS[vendor].end) > 0);
  const last = whole.toString().lastIndexOf(VENDORS[vendor].end);
  const lastByte = Buffer.byteLength(whole.toString().slice(0, last));
  for (let bytes = 0; bytes <= lastByte; bytes += 97) {
    fake.setScript([{...recorded, failure: `cut_after_bytes:${bytes}`}]);
    const cut = await rawExchange(fake, vendor);
    assert.deepEqual([cut.end, cut.bytes.length], ['end', bytes]);
    assert.ok(!/message_stop|"finish_reason":"/.test(cut.bytes.toString()));
  }
});

each('a connection is reset before and after the head', async (t, vendor) => {
  const {fake} = await withFake(t, vendor, {script: ['reset_connection', 'reset_mid_stream', 'reset_after_bytes:100']});
  assert.deepEqual(await rawExchange(fake, vendor), {end: 'ECONNRESET', bytes: Buffer.alloc(0)});
  const mid = await rawExchange(fake, vendor);
  assert.deepEqual([mid.end, mid.bytes.length > 100], ['ECONNRESET', true]);
  const counted = await rawExchange(fake, vendor);
  assert.deepEqual([counted.end, counted.bytes.length], ['ECONNRESET', 100]);
  await wait(20);
  assert.ok(fake.requests.every(({closedAt, brokenOffAt}) => closedAt === undefined && brokenOffAt > 0), 'it was not the client who left');
});

each('silences last until the client leaves, which is seen at once', async (t, vendor) => {
  const silences = ['hang_before_headers', 'hang_after_headers', 'hang_mid_stream', 'hang_after_bytes:50', 'silence_with_pings:20', 'pause_mid_stream:5000'];
  const mute = ['hang_before_headers', 'hang_after_headers'];
  const {fake, post} = await withFake(t, vendor, {script: silences});
  for (const [i, silence] of silences.entries()) {
    const leaving = new AbortController();
    let seen = '';
    const done = post({}, {signal: leaving.signal}).then(async (response) => { for await (const chunk of response.body) seen += Buffer.from(chunk); return 'ended'; }).catch((error) => error.name);
    const enough = () => (silence.startsWith('silence') ? (seen.match(/ping|keep-alive/g) ?? []).length >= 4 : seen.length > 0);
    if (!mute.includes(silence)) await until(enough, silence);
    assert.equal(await Promise.race([done, wait(150)]), undefined, `${silence} goes on`);
    const left = performance.now();
    leaving.abort();
    assert.equal(await done, 'AbortError');
    const noticed = await Promise.race([fake.requests[i].gone, wait(1000)]);
    assert.ok(noticed - left >= -1 && noticed - left < 500, `${silence}: noticed after ${noticed - left} ms`);
    assert.equal(fake.requests[i].closedAt, noticed);
    assert.equal(seen.length > 0, !mute.includes(silence), silence);
  }
});

each('an answer that was read to its end was not left', async (t, vendor) => {
  const {fake, post} = await withFake(t, vendor, {script: {...SCRIPT, firstDelayMs: 60, chunkDelayMs: 2}});
  await (await post()).text();
  await wait(20);
  const [{closedAt, receivedAt, firstByteAt, finishedAt, status, raw, body}] = fake.requests;
  assert.deepEqual([closedAt, status, JSON.parse(raw).stream, body.stream], [undefined, 200, true, true]);
  assert.ok(firstByteAt - receivedAt >= 58 && firstByteAt - receivedAt < 2000, `${firstByteAt - receivedAt}`);
  assert.ok(finishedAt - firstByteAt >= 20);
});

each('answers that are no streams at all', async (t, vendor) => {
  const {post} = await withFake(t, vendor, {script: ['html_502', 'ok_with_html', 'ok_with_json_error', 'empty_body', 'redirect:http://127.0.0.1:9/', 'wrong_content_type', 'context_overflow']});
  const next = async () => { const response = await post(); return [response.status, response.headers.get('content-type'), await response.text(), response]; };
  const [status, type, text] = await next();
  assert.deepEqual([status, type, text.includes('<h1>502 Bad Gateway</h1>')], [502, 'text/html', true]);
  assert.deepEqual((await next()).slice(0, 2), [200, 'text/html']);
  const asJson = await next();
  assert.deepEqual([asJson[0], asJson[1], typeof JSON.parse(asJson[2]).error.message], [200, 'application/json', 'string']);
  assert.equal((await next())[2], '');
  const redirect = await next();
  assert.deepEqual([redirect[0], redirect[3].headers.get('location')], [307, 'http://127.0.0.1:9/']);
  const plain = await next();
  assert.deepEqual([plain[1], plain[2].includes('data:')], ['text/plain', true]);
  const overflow = await next();
  assert.deepEqual([overflow[0], /too long|maximum context length/.test(overflow[2])], [400, true]);
});

each('any status goes with any words about when to come again', async (t, vendor) => {
  const texts = ['0', '0.5', '61', '86400', 'Wed, 21 Oct 2015 07:28:00 GMT', 'soon', '-1'];
  const {post} = await withFake(t, vendor, {script: [...texts.map((text) => `status:429 + retry-after:${text}`), 'retry-after-ms:70', 'status:529 + x-should-retry:false + message:Go away', 'spend_limit']});
  for (const text of texts) assert.equal((await post()).headers.get('retry-after'), text);
  const ms = await post();
  assert.deepEqual([ms.status, ms.headers.get('retry-after-ms')], [429, '70']);
  const away = await post();
  assert.deepEqual([away.status, away.headers.get('x-should-retry'), (await away.json()).error.message], [529, 'false', 'Go away']);
  const spent = await post();
  assert.deepEqual([spent.status, spent.headers.get('retry-after')], [429, null]);
});

each('errors of a stream are the statuses of an answer that is not streamed', async (t, vendor) => {
  const {post} = await withFake(t, vendor, {script: 'error_after_first_token'});
  const streamed = await post();
  assert.equal(streamed.status, 200);
  assert.match((await streamed.text()).trimEnd().split('\n').at(-1), /^data: .*"error"/);
  assert.equal((await post({stream: false})).status, vendor === 'anthropic' ? 529 : 500);
});

each('more than a reader may expect: a huge line, words after the end, broken JSON', async (t, vendor) => {
  const {post} = await withFake(t, vendor, {script: ['huge_data_line', 'huge_data_line:100000', 'events_after_end', 'invalid_json_data', 'bad_tool_json'].map((failure) => ({...SCRIPT, failure}))});
  const lines = async () => (await (await post()).text()).split('\n').filter((line) => line.startsWith('data:'));
  assert.ok(Math.max(...(await lines()).map(({length}) => length)) > 8 << 20);
  assert.ok(Math.max(...(await lines()).map(({length}) => length)) < 101_000);
  const late = await lines();
  const end = late.findIndex((line) => /message_stop|\[DONE\]/.test(line));
  assert.ok(late.slice(end + 1).some((line) => line.includes('too late')));
  assert.equal((await lines()).filter((line) => { try { JSON.parse(line.slice(5)); return false; } catch { return line !== 'data: [DONE]'; } }).length, 1);
  const fragments = (await lines()).filter((line) => line !== 'data: [DONE]').map((line) => JSON.parse(line.slice(5))).map((data) => data.delta?.partial_json ?? data.choices?.[0]?.delta.tool_calls?.[0].function.arguments ?? '');
  assert.throws(() => JSON.parse(fragments.join('')));
});

each('every failure that there is can be asked for, alone and in an answer that is not streamed', async (t, vendor) => {
  const hangs = ['hang_before_headers', 'hang_after_headers', 'hang_mid_stream', 'hang_after_bytes', 'silence_with_pings', 'hang_after_end', 'pings_after_end', 'reset_after_end', 'reset_connection', 'reset_mid_stream', 'reset_after_bytes'];
  const needs = {status: '503', message: 'x', error_type: 'x', header: 'a=b', cut_after_bytes: '10', pause_mid_stream: '10', redirect: 'http://127.0.0.1:9/', huge_data_line: '100'};
  const {fake, post} = await withFake(t, vendor, {script: []});
  for (const name of Object.keys(VENDORS[vendor].failures).filter((each) => !hangs.includes(each))) {
    const failure = ['message', 'error_type'].includes(name) ? `status:500 + ${name}:x` : needs[name] ? `${name}:${needs[name]}` : `${name}${/^(retry|x-)/.test(name) && name !== 'retry_fields' ? ':1' : ''}`;
    fake.setScript({failure});
    for (const stream of [true, false]) {
      const text = await (await post({stream})).text();
      assert.ok(!text.includes('fake_failed'), `${failure}, ${stream ? 'streamed' : 'whole'}: ${text}`);
    }
  }
});

each('a mistake in a script is told', async (t, vendor) => {
  const {fake, post} = await withFake(t, vendor, {script: ['no_such_failure', SCRIPT]});
  const unknown = await post();
  assert.equal(unknown.status, 500);
  assert.match((await unknown.json()).error.message, /there is no failure 'no_such_failure'/);
  assert.match(fake.requests[0].fault, /no_such_failure/);
  await (await post()).text();
  const over = await post();
  assert.deepEqual([over.status, over.headers.get('x-should-retry'), (await over.json()).error.message], [500, 'false', 'the script has no answer to request 2']);
});

each('a script may be a function of the request', async (t, vendor) => {
  const {post} = await withFake(t, vendor, {script: async (request, n, record) => ({content: [{type: 'text', text: `${request.messages.length} ${n} ${record.method}`}]})});
  await (await post()).text();
  assert.match(await (await post({stream: false})).text(), /1 1 POST/);
});

each('a thousand idle streams stand at once, and a bench stream has all its tokens', async (t, vendor) => {
  const {fake, post} = await withFake(t, vendor, {script: {failure: 'hang_mid_stream'}});
  const leaving = new AbortController();
  const began = performance.now();
  await Promise.all(Array.from({length: 1000}, async () => {
    const response = await post({}, {signal: leaving.signal});
    await response.body.getReader().read();
  }));
  assert.ok(performance.now() - began < 15_000);
  assert.equal(fake.requests.filter(({closedAt}) => closedAt === undefined).length, 1000);
  leaving.abort();
  await Promise.all(fake.requests.map(({gone}) => gone));

  const bench = await withFake(t, vendor, {bench: {tokens: 20, firstDelayMs: 30, chunkDelayMs: 3}});
  const start = performance.now();
  const text = await (await bench.post({messages: 'nobody reads this'})).text();
  assert.ok(performance.now() - start >= 80);
  assert.equal(text.match(/ token/g).length, 20);
  assert.ok(text.includes(VENDORS[vendor].end));
  assert.deepEqual([bench.fake.count, bench.fake.requests.length], [1, 0]);
});

each('the fake runs as a program', async (t, vendor) => {
  const child = spawn(process.execPath, [`tests/fakes/${vendor}.mjs`, '--port', '0', '--brain', '--firstDelayMs', '5'], {stdio: ['ignore', 'pipe', 'inherit']});
  t.after(() => child.kill('SIGKILL'));
  const line = await new Promise((done) => child.stdout.once('data', (data) => done(String(data))));
  const {url} = JSON.parse(line);
  const {path, headers, body} = VENDORS[vendor];
  const ask = () => fetch(url + path, {method: 'POST', headers: {...headers, 'content-type': 'application/json'}, body: JSON.stringify({...body, messages: [{role: 'user', content: 'Hello?'}]})});
  assert.match(await (await ask()).text(), /nothing more that I can find out/);
  assert.equal((await (await fetch(url + '/_requests')).json())[0].path, path);
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  assert.equal(await gone, 0);
});
