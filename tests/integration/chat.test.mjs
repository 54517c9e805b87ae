// Conversations over HTTP: what is kept of them, how their streams look on the wire, and how one comes back into an answer after the line was lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import {execFileSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeBrain} from '../fakes/brain.mjs';
import {DATA, expectStatus, makeTeam, temporaryFolder} from './harness.mjs';
import {assertOneEnd, dashboards, eventually, FLIGHTS, modelCalls, openChat, openStream, openTurn, readDashboard, readTurn, resume, say, startServerFor, VENDORS, withModels} from './model_harness.mjs';

const WEATHER = DATA + '/weather.csv';
const QUESTION = 'Which airports have the longest delays?';
const SLOW_WORDS = Array.from({length: 40}, (_, i) => `word${i} `).join('');
const SLOW = {content: [{type: 'text', text: SLOW_WORDS}], pieceLength: 8, chunkDelayMs: 25};
const words = (text) => ({content: [{type: 'text', text}]});
const path = (session, rest = '') => `/v1/chat/sessions/${session}${rest}`;
const detail = async (team, session) => (await expectStatus(team.call('GET', path(session)), 200)).json;

test('a conversation is begun, listed, read, gone on with, exported and ended', () =>
  withModels({fake: {script: makeBrain({chat: true, thinks: true})}}, async ({server, team, fake}) => {
    const created = (await expectStatus(team.call('POST', '/v1/chat/sessions', {body: {}}), 201)).json;
    assert.equal(created.provider, 'anthropic');
    assert.equal(created.model, 'claude-sonnet-5-5');
    assert.equal(created.connection_id, team.connectionId, 'the only connection is chosen');
    const session = created.session_id;
    const first = await say(server, team, session, QUESTION);
    assert.ok(first.done, JSON.stringify(first.error));
    const second = await say(server, team, session, 'And which have the shortest?');
    assert.ok(second.done, JSON.stringify(second.error));

    const last = fake.requests.at(-1).body.messages;
    const said = last.filter(({role, content}) => role === 'user' && JSON.stringify(content).includes('longest')).length;
    assert.equal(said, 1, 'the whole history goes along');
    assert.ok(JSON.stringify(last).includes('shortest'));
    assert.equal(JSON.stringify(last).split('<context>').length - 1, 1, 'the warehouse is described once');

    const {items} = (await expectStatus(team.call('GET', '/v1/chat/sessions'), 200)).json;
    assert.deepEqual(items.map(({session_id: id, title}) => [id, title]), [[session, QUESTION]]);
    assert.ok(items[0].total_tokens > 0 && items[0].total_cost_usd > 0);
    const {items: messages} = (await expectStatus(team.call('GET', path(session, '/messages')), 200)).json;
    assert.deepEqual(messages.filter(({role}) => role === 'user').map(({turn, text}) => [turn, text]), [[1, QUESTION], [2, 'And which have the shortest?']]);
    assert.equal(messages.at(-1).text, second.lastText);
    for (const message of messages) for (const call of message.tool_calls ?? []) assert.ok(messages.some(({tool_results: results}) => results?.some(({call_id: id}) => id === call.id)), 'every call has its answer');
    assert.doesNotMatch(JSON.stringify(messages), /signature|<context>/);
    const shown = await detail(team, session);
    assert.deepEqual(shown.messages, messages);
    assert.equal(shown.running, false);

    const exported = await expectStatus(team.call('GET', path(session, '/export')), 200);
    assert.match(exported.headers.get('content-type'), /^application\/x-ndjson/);
    const lines = exported.text.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(lines[0].provider, 'anthropic');
    assert.equal(lines.filter(({totals}) => totals).length, 2, 'one line of sums a turn');

    const ended = (await expectStatus(team.call('DELETE', path(session)), 200)).json;
    assert.equal(ended.status, 'completed');
    const refused = await openTurn(server, team, session, 'One more thing');
    assert.equal(refused.json?.code, 'session_ended', refused.raw);
    assert.ok(refused.status >= 400 && refused.status < 500);
    assert.equal((await team.call('DELETE', path(session))).json.code, 'session_ended');
    assert.equal((await detail(team, session)).messages.length, messages.length, 'it can still be read');
  }));

test('lists of conversations come in pages', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const made = [];
    for (let i = 0; i < 5; ++i) made.unshift(await openChat(server, team, {title: `Talk ${i}`}));
    const seen = [];
    for (let cursor = ''; ;) {
      const page = (await expectStatus(team.call('GET', `/v1/chat/sessions?limit=2${cursor}`), 200)).json;
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map(({session_id: id}) => id));
      if (!page.next_cursor) break;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
      assert.ok(seen.length <= 5, 'pages come to an end');
    }
    assert.deepEqual(seen, made, 'newest first');
  }));

test('a stream is an uncompressed, unbuffered event stream with numbered events, and comments only between them when it is silent', () =>
  withModels({fake: {script: {...words('Now I know. And more.'), failure: 'pause_mid_stream:17000', pieceLength: 5}}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    const stream = await openTurn(server, team, session, 'Think', {headers: {'accept-encoding': 'gzip, zstd, br'}});
    assert.equal(stream.headers.get('content-type').split(';')[0], 'text/event-stream');
    assert.equal(stream.headers.get('content-encoding'), null);
    assert.deepEqual(stream.headers.get('cache-control').split(/, */).sort(), ['no-cache', 'no-transform']);
    assert.equal(stream.headers.get('x-accel-buffering'), 'no');
    await stream.end;
    const turn = assertOneEnd(readTurn(stream.events));
    assert.equal(turn.text, 'Now I know. And more.', JSON.stringify(turn.error));
    const comments = stream.blocks.filter(({comment}) => comment);
    assert.ok(comments.length >= 1, 'a heartbeat within 17 s');
    for (const {text} of comments) assert.match(text, /^:[^\n]*$/);
    for (const {text, event, id} of stream.blocks.filter(({comment}) => !comment)) {
      assert.ok(event && id, text);
      assert.doesNotMatch(text, /^:/m, 'no comment inside an event');
    }
    assert.deepEqual(stream.events.map(({id}) => id), stream.events.map((_, i) => `1:${i + 1}`));
    assert.equal(stream.rest, '', 'nothing is left open');
  }));

test('who asked to be waited for comes back in mid-answer and misses nothing', () =>
  withModels({fake: {script: [SLOW, words('Hello.')]}, table: WEATHER}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const stream = await openTurn(server, team, session, 'Talk to me', {resumable: true});
    await stream.until(({id}) => id === '1:6');
    stream.leave();
    await stream.end;
    const seen = stream.events;
    await sleep(150);
    assert.equal(fake.requests[0].closedAt, undefined, 'the model goes on');
    const running = await detail(team, session);
    assert.equal(running.running, true);
    assert.equal(running.messages.at(-1).text, 'Talk to me', 'the question of the turn under way is shown');
    assert.match(running.last_event_id, /^1:\d+$/);
    const back = await resume(server, team, session, seen.at(-1).id);
    assert.equal(back.status, 200, back.raw);
    await back.end;
    const all = [...seen, ...back.events];
    assert.deepEqual(all.map(({id}) => id), all.map((_, i) => `1:${i + 1}`), 'no event twice, none missing');
    assert.equal(assertOneEnd(readTurn(all)).text, SLOW_WORDS);
    assert.equal(fake.requests.length, 1);

    // Again after the end, from anywhere.
    const again = await resume(server, team, session, '1:3');
    await again.end;
    assert.deepEqual(again.events.map(({id}) => id), all.slice(3).map(({id}) => id));
    const nothing = await resume(server, team, session, all.at(-1).id);
    await nothing.end;
    assert.deepEqual(nothing.events, []);
    assert.ok((await say(server, team, session, 'Thanks')).done);
  }));

test('ids of events that are none are refused in plain words', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    await say(server, team, session, 'Hello');
    for (const id of ['x', '1', '1:', ':1', '0:1', '-1:2', '1:-1', '2:1', '99:1', '1:2:3', '1:99999999999999999999', ' ', '1;2']) {
      const answer = await resume(server, team, session, id);
      if (id.trim() === '') continue;  // as if it were missing
      assert.equal(answer.status, 422, `${id}: ${answer.status} ${answer.raw}`);
      assert.equal(answer.json.code, 'bad_event_id');
    }
    const far = await resume(server, team, session, '1:5000');
    await Promise.race([far.end, sleep(3_000)]);
    assert.ok(far.over, 'a number that has not been does not hang');
  }));

test('after a restart an answer that was finished comes from the transcript, behind a reset', async (t) => {
  const fake = await VENDORS.anthropic.start({script: makeBrain({chat: true, thinks: true})});
  t.after(() => fake.stop());
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  let server = await startServerFor({anthropic: fake}, {folder, keep: true});
  const team = await makeTeam(server, 'Restart', FLIGHTS);
  const session = await openChat(server, team);
  const turn = await say(server, team, session, QUESTION);
  assert.ok(turn.done);
  await server.stop();
  server = await startServerFor({anthropic: fake}, {folder, keep: true});
  try {
    const stream = await resume(server, team, session, '1:2');
    await stream.end;
    const again = assertOneEnd(readTurn(stream.events));
    assert.equal(stream.events[0].event, 'reset');
    assert.ok(again.done, JSON.stringify(again.error));
    assert.equal(again.text, turn.text);
    assert.deepEqual(again.calls.map(({id, name, input}) => [id, name, input]), turn.calls.map(({id, name, input}) => [id, name, input]));
    assert.deepEqual(again.results.map(({id, ok}) => [id, ok]), turn.results.map(({id, ok}) => [id, ok]));
    const next = await say(server, {id: team.id}, session, 'And the shortest?');
    assert.ok(next.done, `thoughts survive a restart byte for byte: ${JSON.stringify(next.error)}`);
    assert.ok(fake.requests.every(({status}) => status === 200));
  } finally {
    await server.stop();
  }
});

test('after a restart an answer that failed comes again as one that failed', async (t) => {
  const fake = await VENDORS.anthropic.start({script: ['status:400', {...words('Now I know.'), failure: 'cut_after_first_token'}, 'status:400', words('Fine.')]});
  t.after(() => fake.stop());
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  let server = await startServerFor({anthropic: fake}, {folder, keep: true});
  const team = await makeTeam(server, 'Restart', WEATHER);
  const session = await openChat(server, team);
  const failed = [await say(server, team, session, 'First'), await say(server, team, session, 'Second')];
  const fine = await say(server, team, session, 'Third');
  assert.ok(failed.every(({error}) => error) && fine.done, JSON.stringify([...failed, fine].map(({terminal}) => terminal)));
  await server.stop();
  server = await startServerFor({anthropic: fake}, {folder, keep: true});
  try {
    for (const [i, turn] of [...failed, fine].entries()) {
      const stream = await resume(server, team, session, `${i + 1}:0`);
      await stream.end;
      const again = assertOneEnd(readTurn(stream.events));
      assert.equal(stream.events[0].event, 'reset');
      assert.deepEqual([again.terminal[0].event, again.terminal[0].data], [turn.terminal[0].event, turn.terminal[0].data], 'the end is the end that was, with what it cost');
    }
  } finally {
    await server.stop();
  }
});

test('a server that is killed in the middle of a turn has the earlier ones when it is back, and the conversation goes on', async (t) => {
  for (const vendor of Object.keys(VENDORS)) {
    await t.test(vendor, async () => {
      const fake = await VENDORS[vendor].start({script: [words('The first answer.'), {content: [{type: 'tool_use', name: 'list_tables', input: {dataset: 'main'}}]}, SLOW, words('Back again.')]});
      const folder = temporaryFolder();
      let server = await startServerFor({[vendor]: fake}, {folder, keep: true});
      try {
        const team = await makeTeam(server, 'Killed', WEATHER);
        const session = await openChat(server, team);
        assert.ok((await say(server, team, session, 'First')).done);
        const stream = await openTurn(server, team, session, 'Second');
        await stream.until(({event}) => event === 'token');
        await server.stop({force: true});
        await stream.end;
        assert.equal(readTurn(stream.events).done, undefined);
        server = await startServerFor({[vendor]: fake}, {folder, keep: true});
        const again = {id: team.id, call: (method, target, options = {}) => server.call(method, target, {team: team.id, ...options})};
        const shown = await detail(again, session);
        assert.equal(shown.running, false);
        assert.ok(shown.messages.some(({text}) => text === 'The first answer.'));
        const next = await say(server, again, session, 'Third');
        assert.equal(next.lastText, 'Back again.', JSON.stringify(next.error));
        assert.ok(fake.requests.every(({status}) => status === undefined || status === 200));
      } finally {
        await server.stop();
        await fake.stop();
        rmSync(folder, {recursive: true, force: true});
      }
    });
  }
});

test('without being asked to wait, a closed connection stops the model; so does stop; the words until then are kept', () =>
  withModels({fake: {script: [SLOW, SLOW, words('Done.')]}, table: WEATHER}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const stream = await openTurn(server, team, session, 'Talk');
    await stream.until('token');
    const left = stream.leave();
    await eventually(() => fake.requests[0].closedAt, 'the model is stopped');
    assert.ok(fake.requests[0].closedAt - left < 200);
    await eventually(async () => !(await detail(team, session)).running, 'the turn is over');
    assert.deepEqual((await expectStatus(team.call('POST', path(session, '/stop')), 200)).json, {stopped: false});

    const other = await openTurn(server, team, session, 'Talk again', {resumable: true});
    await other.until(({id}) => id === '2:4');
    assert.deepEqual((await expectStatus(team.call('POST', path(session, '/stop')), 200)).json, {stopped: true});
    await other.end;
    const stopped = assertOneEnd(readTurn(other.events));
    assert.equal(stopped.error?.kind, 'cancelled', JSON.stringify(stopped.done ?? stopped.error));
    assert.ok(fake.requests[1].closedAt);
    assert.equal(stopped.error.partial, true);
    const next = await say(server, team, session, 'Enough');
    assert.equal(next.text, 'Done.', JSON.stringify(next.error));
    assert.deepEqual((await detail(team, session)).messages.filter(({role}) => role === 'user').map(({text}) => text), ['Talk', 'Talk again', 'Enough']);
  }));

test('one answer at a time: a second stream on a session is a conflict, and both ways out work', () =>
  withModels({fake: {script: [SLOW, SLOW, words('Free.')]}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    const stream = await openTurn(server, team, session, 'Talk');
    await stream.until('token');
    const second = await openTurn(server, team, session, 'Me too');
    assert.equal(second.json?.code, 'session_in_use', second.raw);
    assert.equal(second.status, 409);
    await stream.end;
    assert.equal(readTurn(stream.events).text, SLOW_WORDS, 'the first is not disturbed');

    const many = await Promise.all(Array.from({length: 6}, () => openTurn(server, team, session, 'At once')));
    assert.equal(many.filter(({status}) => status === 200).length, 1);
    assert.equal(many.filter(({status}) => status === 409).length, 5);
    const going = many.find(({status}) => status === 200);
    await going.until('token');
    const ended = (await expectStatus(team.call('DELETE', path(session)), 200)).json;
    assert.equal(ended.status, 'completed', 'ending stops what is under way');
    await going.end;
    assertOneEnd(readTurn(going.events));
  }));

const MISSING_SESSION = '01a2150d-2119-7000-a21b-c0c3646b6d7a';

// To the byte, but for the number of the request.
async function assertAsIfMissing(caller, session) {
  const bytes = ({status, text}) => [status, text.replace(/"trace_id":"[^"]*"/, '')];
  const again = {body: {}, headers: {'last-event-id': '1:1'}};
  for (const [method, rest, options = {}] of [['GET', ''], ['GET', '/messages'], ['GET', '/export'], ['POST', '/stop'], ['DELETE', ''], ['POST', '/stream', {body: {message: 'Hello'}}], ['POST', '/stream', again]]) {
    const theirs = await caller(method, path(session, rest), options);
    assert.equal(theirs.status, 404, `${method} ${rest}: ${theirs.text}`);
    assert.deepEqual(bytes(theirs), bytes(await caller(method, path(MISSING_SESSION, rest), options)), `${method} ${rest}`);
  }
  assert.deepEqual((await caller('GET', '/v1/chat/sessions')).json.items, []);
}

test('a conversation of another team is as if it were not there, to the byte', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    await say(server, team, session, 'Hello');
    const other = await makeTeam(server, 'Others', WEATHER);
    const key = await other.as('admin');
    await assertAsIfMissing((method, target, options) => server.call(method, target, {key, ...options}), session);
    const foreign = await server.call('POST', '/v1/chat/sessions', {key, body: {connection_id: team.connectionId}});
    assert.equal(foreign.status, 404, 'nor is its connection');
  }));

test('a key without a user is a person of its own: its conversations and its costs are its own', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const [mine, other] = [await team.as('editor'), await team.as('editor')];
    const get = async (key, target) => (await expectStatus(server.call('GET', target, key ? {key} : {team: team.id}), 200)).json;
    const session = await openChat(server, team, {key: mine});
    await say(server, team, session, 'Hello', {key: mine});
    await assertAsIfMissing((method, target, options) => server.call(method, target, {key: other, ...options}), session);
    assert.equal((await team.call('GET', path(session))).status, 404, 'nor is it the operator\'s');
    assert.deepEqual((await get(mine, '/v1/chat/sessions')).items.map(({session_id: id}) => id), [session]);

    const cost = async (key, query = '') => (await get(key, `/v1/observability/cost-summary${query}`)).total_tokens;
    const [call] = await modelCalls(server, team, session, {count: 1});
    assert.match(call.user_id, /^key:/);
    const used = await cost(mine);
    assert.ok(used > 0);
    assert.equal(await cost(other), 0);
    assert.equal(await cost(null, `?user_id=${call.user_id}`), used, 'who may see everybody\'s finds it');
    assert.equal((await server.call('GET', `/v1/observability/cost-summary?user_id=${call.user_id}`, {key: other})).status, 403);

    // A browser that was signed in with the key is the same person.
    const opened = await fetch(`${server.url}/v1/session`, {method: 'POST', headers: {'content-type': 'application/json', 'sec-fetch-site': 'same-origin'}, body: JSON.stringify({key: mine})});
    const cookie = opened.headers.get('set-cookie').split(';')[0];
    const seen = await (await fetch(server.url + '/v1/chat/sessions', {headers: {cookie}})).json();
    assert.deepEqual(seen.items.map(({session_id: id}) => id), [session]);
  }));

test('a stream ends within a second of its key, and so does the model', async (t) => {
  const endless = {content: [{type: 'text', text: SLOW_WORDS.repeat(20)}], pieceLength: 8, chunkDelayMs: 25};
  await withModels({fake: {script: () => endless}, table: WEATHER}, async ({server, team, fake}) => {
    const issue = async () => (await expectStatus(team.call('POST', '/v1/keys', {body: {name: 'short', role: 'editor'}}), 201)).json;
    const revoke = (id) => team.call('DELETE', `/v1/keys/${id}`);
    const ends = async (stream, {at, requests = fake.requests, code = 'credential_ended'}) => {
      await Promise.race([stream.end, sleep(3_000)]);
      assert.ok(stream.over, 'the stream is over');
      const {terminal, events} = readTurn(stream.events);
      assert.equal(terminal.length, 1, events.map(({event}) => event).join(' '));
      assert.equal(terminal[0].data.code, code, JSON.stringify(terminal[0]));
      assert.equal(terminal[0].data.retryable, false);
      assert.ok(stream.events.at(-1).at - at < 1_000, `after ${Math.round(stream.events.at(-1).at - at)} ms`);
      await eventually(() => requests.at(-1).closedAt, 'the model is stopped', 2_000);
      assert.ok(requests.at(-1).closedAt - at < 1_500, `the model after ${Math.round(requests.at(-1).closedAt - at)} ms`);
    };
    for (const resumable of [false, true]) {
      await t.test(resumable ? 'who asked to be waited for is not' : 'of a key that is revoked', async () => {
        const {id, key} = await issue();
        const session = await openChat(server, team, {key});
        const stream = await openTurn(server, team, session, 'Talk', {key, resumable});
        await stream.until('token');
        const at = performance.now();
        await revoke(id);
        await ends(stream, {at});
      });
    }
    await t.test('also while nobody listens', async () => {
      const {id, key} = await issue();
      const session = await openChat(server, team, {key});
      const stream = await openTurn(server, team, session, 'Talk', {key, resumable: true});
      await stream.until('token');
      stream.leave();
      await sleep(100);
      const at = performance.now();
      await revoke(id);
      await eventually(() => fake.requests.at(-1).closedAt, 'the model is stopped', 2_000);
      assert.ok(fake.requests.at(-1).closedAt - at < 1_500);
    });
    await t.test('of a dashboard under way', async () => {
      const {id, key} = await issue();
      const stream = await openStream(server, '/v1/dashboards/generate', {key, body: {connection_id: team.connectionId, user_prompt: 'How rainy is it?'}});
      await stream.until('token');
      const at = performance.now();
      await revoke(id);
      await ends(stream, {at});
    });
    await t.test('of a browser that signs out', async () => {
      const {key} = await issue();
      const signedIn = {'content-type': 'application/json', 'sec-fetch-site': 'same-origin'};
      const opened = await fetch(`${server.url}/v1/session`, {method: 'POST', headers: signedIn, body: JSON.stringify({key})});
      const headers = {...signedIn, cookie: opened.headers.get('set-cookie').split(';')[0]};
      const {session_id: session} = await (await fetch(server.url + '/v1/chat/sessions', {method: 'POST', headers, body: '{}'})).json();
      const response = await fetch(server.url + path(session, '/stream'), {method: 'POST', headers, body: JSON.stringify({message: 'Talk'})});
      const text = response.text();
      await sleep(300);
      const at = performance.now();
      assert.equal((await fetch(`${server.url}/v1/session`, {method: 'DELETE', headers})).status, 204);
      assert.match((await text).trim().split('\n\n').at(-1), /^event: error\n[^]*"code":"credential_ended"/);
      assert.ok(performance.now() - at < 1_200, `after ${Math.round(performance.now() - at)} ms`);
      await eventually(() => fake.requests.at(-1).closedAt, 'the model is stopped', 2_000);
    });
  });
});

// There is no sign-in for people here, so the directory is told that a key is a person's.
const MAKE_PERSONAL = `import sqlite3, sys, glob
for name in glob.glob(sys.argv[1] + '/**/*', recursive=True):
  try:
    db = sqlite3.connect('file:' + name + '?mode=rw', uri=True)
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'api_keys'").fetchone(): continue
    db.execute("INSERT INTO users (id, email, name, created_at) VALUES ('person-1', 'p@example.com', 'P', 0)")
    db.execute("UPDATE api_keys SET user_id = 'person-1' WHERE id = ?", (sys.argv[2],))
    db.execute("INSERT INTO team_members (team_id, user_id, role, created_at) SELECT team_id, 'person-1', 'editor', created_at FROM api_keys WHERE id = ?", (sys.argv[2],))
    db.commit()
    print('done')
  except sqlite3.Error as error: print(error)
`;

test('a conversation of another person of the same team is as if it were not there, to the byte', async (t) => {
  const fake = await VENDORS.anthropic.start({script: words('Hi.')});
  t.after(() => fake.stop());
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  let server = await startServerFor({anthropic: fake}, {folder, keep: true});
  const team = await makeTeam(server, 'People', WEATHER);
  const session = await openChat(server, team);
  await say(server, team, session, 'Hello');
  const personal = (await expectStatus(team.call('POST', '/v1/keys', {body: {name: 'of a person', role: 'editor'}}), 201)).json;
  await server.stop();
  let changed;
  try { changed = execFileSync('python3', ['-c', MAKE_PERSONAL, folder, personal.id], {encoding: 'utf8'}); } catch (error) { return t.skip(`no python3 with sqlite3: ${error.message}`); }
  assert.match(changed, /^done$/m);
  server = await startServerFor({anthropic: fake}, {folder, keep: true});
  try {
    const {key} = personal;
    assert.equal((await server.call('GET', '/v1/me', {key})).json.user_id, 'person-1');
    await assertAsIfMissing((method, target, options) => server.call(method, target, {key, ...options}), session);
    const own = await openChat(server, team, {key});
    assert.equal((await say(server, team, own, 'Mine', {key})).text, 'Hi.');
    await assertAsIfMissing(async (method, target, options) => {
      const answer = await server.call(method, target, {team: team.id, ...options});
      return target === '/v1/chat/sessions' ? {json: {items: answer.json.items.filter(({session_id: id}) => id === own)}} : answer;
    }, own);
  } finally {
    await server.stop();
  }
});

test('what is said is checked before a model is asked', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const post = (body, more = {}) => team.call('POST', path(session, '/stream'), {body, ...more});
    for (const body of [{}, {message: ''}, {message: ' \n\t '}, {message: null}, {message: 7}, {message: ['a']}, {message: 'x', more: 1}, {message: 'x', tools: 'run_query'}, {message: 'x', tools: [1]}, {message: 'x', resumable: 'yes'}, [], 'text']) {
      const answer = await post(typeof body === 'string' ? JSON.stringify(body) : body);
      assert.ok([400, 422].includes(answer.status), `${JSON.stringify(body)}: ${answer.status} ${answer.text.slice(0, 300)}`);
      assert.match(answer.headers.get('content-type'), /problem\+json/);
    }
    assert.ok([400, 422].includes((await post('{"message":')).status));
    const long = await post({message: 'x'.repeat((32 << 10) + 1)});
    assert.ok([413, 422].includes(long.status), long.text);
    assert.match(long.text, /message/);
    const huge = await post({message: 'x'.repeat(300 << 10)});
    assert.equal(huge.status, 413, huge.text.slice(0, 300));
    assert.equal(fake.requests.length, 0);
    assert.equal((await say(server, team, session, 'x'.repeat(32 << 10))).text, 'Hi.', 'the limit itself is allowed');

    // Text that is no text is refused, or goes as it is; it never breaks anything.
    for (const body of ['{"message":"a \\ud800 b"}', '{"message":"a \\u0000 b"}', Buffer.from('{"message":"a \xff b"}', 'latin1')]) {
      const answer = await server.call('POST', path(session, '/stream'), {team: team.id, body: body, headers: {}});
      assert.ok(answer.status < 500, answer.text);
      if (answer.status === 200) assert.match(answer.text, /event: done/);
    }
    assert.equal((await say(server, team, session, 'Still there?')).text, 'Hi.');

    const viewer = await team.as('viewer');
    for (const [method, target, body] of [['POST', path(session, '/stream'), {message: 'Hello'}], ['POST', '/v1/chat/sessions', {}], ['GET', '/v1/chat/sessions', undefined], ['GET', '/v1/chat/providers', undefined]]) {
      assert.equal((await server.call(method, target, {key: viewer, body})).status, 403, `${method} ${target}`);
      assert.equal((await server.call(method, target, {key: null, body})).status, 401, `${method} ${target}`);
    }
  }));

for (const vendor of Object.keys(VENDORS)) {
  test(`${vendor}: a question is answered with rows and a chart, and "make a dashboard of this" saves one`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({chat: true, thinks: true})}}, async ({server, team}) => {
      const session = await openChat(server, team);
      const turn = await say(server, team, session, QUESTION);
      assert.ok(turn.done, JSON.stringify(turn.error));
      const rows = turn.results.find(({name}) => name === 'run_query');
      assert.equal(rows?.ok, true, JSON.stringify(rows));
      assert.equal(rows.result.rows.length, 10);
      const chart = turn.results.find(({name}) => name === 'show_chart');
      assert.equal(chart?.ok, true, JSON.stringify(chart));
      assert.equal(chart.result.rows.length, 10);
      assert.match(turn.text, /At the top: [A-Z]{3}: /);
      assert.equal((await dashboards(team)).length, 0, 'nothing is saved that nobody asked for');
      const made = await say(server, team, session, 'Please make a dashboard of this: the longest delays by airport');
      assert.ok(made.done, JSON.stringify(made.error));
      assert.equal(made.done.dashboards.length, 1, JSON.stringify(made.results.filter(({ok}) => !ok)));
      const saved = await readDashboard(team, made.done.dashboards[0].slug);
      assert.equal(saved.document.provenance.generator, vendor);
    }));
}

test('a turn may be held to some tools', () =>
  withModels({fake: {script: makeBrain({chat: true})}}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const turn = await say(server, team, session, QUESTION, {tools: ['list_datasets', 'list_tables', 'get_table_schema']});
    assert.ok(turn.done, JSON.stringify(turn.error));
    for (const {body} of fake.requests) assert.deepEqual(body.tools.map(({name}) => name).sort(), ['get_table_schema', 'list_datasets', 'list_tables']);
    assert.ok(turn.calls.every(({name}) => ['list_tables', 'list_datasets', 'get_table_schema'].includes(name)));
    // A model that calls another one all the same is told that it may not.
    fake.setScript([{content: [{type: 'tool_use', name: 'save_dashboard_yaml', input: {yaml: 'x'}}]}, words('Then not.')]);
    const tried = await say(server, team, session, 'Save it', {tools: ['list_tables']});
    assert.equal(tried.results[0].ok, false);
    assert.match(JSON.stringify(tried.results[0].result), /unknown_tool/);
    assert.equal(tried.lastText, 'Then not.');
  }));

test('a server that is asked to end in the middle of an answer keeps what was said, and is gone soon', async (t) => {
  const fake = await VENDORS.anthropic.start({script: [SLOW, words('Back again.')]});
  t.after(() => fake.stop());
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  let server = await startServerFor({anthropic: fake}, {folder, keep: true});
  const team = await makeTeam(server, 'Ending', WEATHER);
  const session = await openChat(server, team);
  const stream = await openTurn(server, team, session, 'Talk', {resumable: true});
  await stream.until(({id}) => id === '1:3');
  const started = performance.now();
  const {code} = await server.stop();
  assert.equal(code, 0);
  assert.ok(performance.now() - started < 10_000);
  await stream.end;
  assert.equal(readTurn(stream.events).done, undefined, 'it is no whole answer');
  server = await startServerFor({anthropic: fake}, {folder, keep: true});
  try {
    const again = {id: team.id, call: (method, target, options = {}) => server.call(method, target, {team: team.id, ...options})};
    assert.deepEqual((await detail(again, session)).messages.filter(({role}) => role === 'user').map(({text}) => text), ['Talk']);
    const next = await say(server, again, session, 'Go on');
    assert.equal(next.text, 'Back again.', JSON.stringify(next.error));
  } finally {
    await server.stop();
  }
});

test('words of a stopped answer are kept as far as they were said', () =>
  withModels({fake: {script: [SLOW, words('Fine.')]}, table: WEATHER}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const stream = await openTurn(server, team, session, 'Talk');
    await stream.until(({id}) => id === '1:8');
    await expectStatus(team.call('POST', path(session, '/stop')), 200);
    await stream.end;
    const heard = readTurn(stream.events).text;
    assert.ok(heard.length > 20);
    const {messages} = await detail(team, session);
    assert.equal(messages.find(({role}) => role === 'assistant')?.text, heard, JSON.stringify(messages));
    assert.equal((await say(server, team, session, 'Go on')).text, 'Fine.');
    assert.match(JSON.stringify(fake.requests.at(-1).body.messages), /word0/);
  }));

test('without a warehouse one can talk, but there are no tools', () =>
  withModels({fake: {script: words('Hello.')}, table: null}, async ({server, team, fake}) => {
    const {json} = await expectStatus(team.call('POST', '/v1/chat/sessions', {body: {}}), 201);
    assert.equal(json.connection_id, null);
    assert.equal((await say(server, team, json.session_id, 'Hello')).text, 'Hello.');
    assert.deepEqual(fake.requests[0].body.tools ?? [], []);
  }));

test('the rules can be talked to as well, without any key', () =>
  withModels({vendors: [], table: FLIGHTS}, async ({server, team}) => {
    const {json} = await expectStatus(team.call('GET', '/v1/chat/providers'), 200);
    assert.equal(json.default_provider, 'rules');
    const session = await openChat(server, team);
    const turn = await say(server, team, session, QUESTION);
    assert.ok(turn.done || turn.error?.code, turn.stream.raw.slice(-500));
    assert.ok(turn.done, JSON.stringify(turn.error));
  }));

test('many conversations at once do not mix: each gets its own words', () =>
  withModels({fake: {script: (request) => {
    const said = request.messages.at(-1).content.map(({text}) => text).join('').match(/number \d+/)[0];
    return {content: [{type: 'thinking', text: said}, {type: 'text', text: `You said ${said}. `.repeat(20)}], chunkDelayMs: 3, split: 5};
  }}, table: WEATHER}, async ({server, team}) => {
    await Promise.all(Array.from({length: 24}, async (_, i) => {
      const session = await openChat(server, team);
      for (const n of [i, 100 + i]) {
        const turn = await say(server, team, session, `I am number ${n}`);
        assert.equal(turn.text, `You said number ${n}. `.repeat(20), JSON.stringify(turn.error));
      }
    }));
    assert.equal((await modelCalls(server, team, null, {count: 48})).length, 48);
  }));

test('a conversation whose vendor has no key any more, or whose warehouse is gone, can be read and says what is missing', async (t) => {
  const fake = await VENDORS.anthropic.start({script: [words('Hi.'), {content: [{type: 'tool_use', name: 'list_tables', input: {dataset: 'main'}}]}, words('It is gone.')]});
  t.after(() => fake.stop());
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  let server = await startServerFor({anthropic: fake}, {folder, keep: true});
  const team = await makeTeam(server, 'Lost', WEATHER);
  const session = await openChat(server, team);
  assert.equal((await say(server, team, session, 'Hello')).text, 'Hi.');
  await server.stop();

  server = await startServerFor({}, {folder, keep: true});
  const again = {id: team.id, call: (method, target, options = {}) => server.call(method, target, {team: team.id, ...options})};
  assert.equal((await detail(again, session)).messages.length, 2);
  const refused = await openTurn(server, team, session, 'Still there?');
  assert.equal(refused.json?.code, 'provider_not_configured', refused.raw);
  await server.stop();

  server = await startServerFor({anthropic: fake}, {folder, keep: true});
  try {
    const there = {id: team.id, call: (method, target, options = {}) => server.call(method, target, {team: team.id, ...options})};
    const removed = await there.call('DELETE', `/v1/onboarding/connections/${team.connectionId}`);
    assert.ok(removed.status < 300, removed.text);
    const turn = await say(server, there, session, 'Which tables are there?');
    assert.equal(turn.lastText, 'It is gone.', JSON.stringify(turn.error));
    assert.equal(turn.results[0].ok, false);
    assert.doesNotMatch(JSON.stringify(turn.results), /internal/);
    assert.equal((await detail(there, session)).messages.length, 6);
  } finally {
    await server.stop();
  }
});

test('whoever has read the last event may go on at once', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    let before = null;
    for (let i = 0; i < 40; ++i) {
      const turn = await openTurn(server, team, session, `Hello ${i}`);
      assert.equal(turn.status, 200, turn.raw);
      await before?.end;
      await turn.until('done');  // the stream's own end may still be on its way
      before = turn;
    }
    await before.end;
    assert.equal((await team.call('GET', `/v1/chat/sessions/${session}/messages`)).json.items.length, 80);
  }));
