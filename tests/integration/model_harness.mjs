// The real binary against false model vendors: a server with a team, conversations whose streams are read as they come, and the accounts of calls.
import assert from 'node:assert/strict';
import {setTimeout as sleep} from 'node:timers/promises';
import {startFakeAnthropic} from '../fakes/anthropic.mjs';
import {startFakeOpenai} from '../fakes/openai.mjs';
import {DATA, expectStatus, makeTeam, startServer} from './harness.mjs';

export const FLIGHTS = DATA + '/flights-3m.parquet';
export const SENTENCE = 'Which airports have the longest delays, and when?';
const NO_KEYS = {ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: '', OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_PROFILE: '', http_proxy: '', https_proxy: '', HTTP_PROXY: '', HTTPS_PROXY: ''};

/** The two vendors, for what must hold on both. `model` is one that needs nothing special. */
export const VENDORS = {
  anthropic: {start: startFakeAnthropic, env: (fake) => ({ANTHROPIC_API_KEY: 'test-key', ANTHROPIC_BASE_URL: fake.url}), model: 'claude-sonnet-5-5'},
  openai: {start: startFakeOpenai, env: (fake) => ({OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: fake.baseUrl, OPENAI_PROFILE: 'openai'}), model: 'gpt-6.1-sol'},
};

export function startServerFor(fakes, {env = {}, ...options} = {}) {
  const settings = Object.entries(fakes).map(([vendor, fake]) => VENDORS[vendor].env(fake));
  return startServer({env: Object.assign({}, NO_KEYS, ...settings, env), ...options});
}

/**
 * Runs `test({server, team, fake, fakes, vendor})` with a server whose models are fakes: `vendors` names them, `fake` are their options, `env` more
 * settings, `table` the team's data; the first vendor's fake is `fake`.
 */
export async function withModels({vendors = ['anthropic'], fake: options = {}, env = {}, table = FLIGHTS, args}, test) {
  const fakes = {};
  let server;
  try {
    for (const vendor of vendors) fakes[vendor] = await VENDORS[vendor].start(options[vendor] ?? options);
    server = await startServerFor(fakes, {env, ...(args ? {args} : {})});
    const team = await makeTeam(server, 'Models', table);
    await test({server, team, fakes, fake: fakes[vendors[0]], vendor: vendors[0]});
    for (const [name, {requests}] of Object.entries(fakes)) for (const {fault} of requests) assert.equal(fault, undefined, `the fake of ${name} failed`);
  } finally {
    await server?.stop();
    for (const fake of Object.values(fakes)) await fake.stop();
  }
}

// ---- streams ----------------------------------------------------------------------------------------------------------------

/** Blocks of an event stream: {event, data, id, comment, text}. */
export function parseBlocks(text) {
  return text.split('\n\n').filter(Boolean).map((block) => {
    const fields = (name) => block.split('\n').filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
    const data = fields('data');
    return {text: block, event: fields('event')[0], id: fields('id')[0], comment: block.startsWith(':'), data: data.length ? JSON.parse(data.join('\n')) : undefined};
  });
}

/**
 * An open stream: {status, headers, raw, events, until(predicate or event name), end, leave()}. `events` grows; `end` resolves when the stream is over,
 * also when it was left. An answer that is no stream has `json`.
 */
export async function openStream(server, path, {body, key = server.operatorKey, team, headers = {}} = {}) {
  const leaving = new AbortController();
  const response = await fetch(server.url + path, {
    method: 'POST', signal: leaving.signal,
    headers: {authorization: `Bearer ${key}`, ...(team ? {'x-bridge-team': team} : {}), ...(body === undefined ? {} : {'content-type': 'application/json'}), ...headers},
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const stream = {status: response.status, headers: response.headers, raw: '', events: [], blocks: [], left: undefined, over: false};
  const waiting = new Set();
  const wake = () => { for (const look of [...waiting]) look(); };
  if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    stream.raw = await response.text();
    stream.json = stream.raw ? JSON.parse(stream.raw) : null;
    stream.end = Promise.resolve(stream);
    stream.over = true;
  } else {
    stream.end = (async () => {
      const decoder = new TextDecoder();
      let open = '';
      try {
        for await (const chunk of response.body) {
          const text = decoder.decode(chunk, {stream: true});
          stream.raw += text;
          open += text;
          const cut = open.lastIndexOf('\n\n');
          if (cut < 0) continue;
          const blocks = parseBlocks(open.slice(0, cut + 2));
          open = open.slice(cut + 2);
          const at = performance.now();
          stream.blocks.push(...blocks);
          stream.events.push(...blocks.filter(({event}) => event).map((each) => ({...each, at})));
          wake();
        }
      } catch (error) {
        if (!leaving.signal.aborted) stream.broken = error;
      }
      stream.over = true;
      stream.rest = open;
      wake();
      return stream;
    })();
  }
  stream.until = (wanted, timeoutMs = 20_000) => new Promise((done, fail) => {
    const is = typeof wanted === 'string' ? ({event}) => event === wanted : wanted;
    let timer;
    const finish = (act, value) => { clearTimeout(timer); waiting.delete(look); act(value); };
    const look = () => {
      const found = stream.events.find(is);
      if (found) finish(done, found);
      else if (stream.over) finish(fail, new Error(`the stream ended without ${wanted}: ${stream.raw.slice(-1500)}`));
    };
    timer = setTimeout(() => finish(fail, new Error(`no ${wanted} within ${timeoutMs} ms: ${stream.raw.slice(-1500)}`)), timeoutMs);
    waiting.add(look);
    look();
  });
  /** Closes the connection; returns when that was. */
  stream.leave = () => { stream.left = performance.now(); leaving.abort(); return stream.left; };
  return stream;
}

/** What a client shows at the end: the text without what resets voided, and the rest sorted out. */
export function readTurn(events) {
  let text = '';
  let stepText = '';
  let resets = 0;
  const of = (name) => events.filter(({event}) => event === name).map(({data}) => data);
  for (const {event, data} of events) {
    if (event === 'token') stepText += data.text;
    if (event === 'tool_call') { text += stepText; stepText = ''; }
    if (event === 'reset') { stepText = ''; ++resets; }
  }
  const terminal = events.filter(({event}) => event === 'done' || event === 'error');
  return {
    events, text: text + stepText, lastText: stepText, resets, terminal,
    done: of('done')[0], error: of('error')[0], calls: of('tool_call'), results: of('tool_result'), warnings: of('warning'), fallbacks: of('fallback'),
  };
}

/** Exactly one end, and it is last. */
export function assertOneEnd(turn) {
  assert.equal(turn.terminal.length, 1, `ends: ${turn.events.map(({event}) => event).join(' ')}`);
  assert.equal(turn.events.at(-1), turn.terminal[0], 'nothing comes behind the end');
  return turn;
}

// ---- conversations ------------------------------------------------------------------------------------------------------------

export async function openChat(server, team, {key, ...input} = {}) {
  const options = key ? {key} : {team: team.id};
  const {json} = await expectStatus(server.call('POST', '/v1/chat/sessions', {...options, body: {connection_id: team.connectionId, ...input}}), 201);
  return json.session_id;
}

/** Opens a turn; see openStream. */
export const openTurn = (server, team, session, message, {key, headers, ...input} = {}) =>
  openStream(server, `/v1/chat/sessions/${session}/stream`, {...(key ? {key} : {team: team.id}), headers, body: {message, ...input}});

/** A whole turn. */
export async function say(server, team, session, message, options = {}) {
  const stream = await openTurn(server, team, session, message, options);
  await stream.end;
  if (stream.status !== 200) throw new Error(`the turn was answered with ${stream.status}: ${stream.raw}`);
  if (stream.broken) throw stream.broken;
  return Object.assign(assertOneEnd(readTurn(stream.events)), {stream});
}

export async function generateWith(server, team, sentence, input = {}, options = {}) {
  const stream = await openStream(server, '/v1/dashboards/generate', {team: team.id, body: {connection_id: team.connectionId, user_prompt: sentence, ...input}, ...options});
  await stream.end;
  if (stream.status !== 200) throw new Error(`generate was answered with ${stream.status}: ${stream.raw}`);
  return Object.assign(assertOneEnd(readTurn(stream.events)), {stream, session: stream.events[0]?.data?.session_id});
}

export const resume = (server, team, session, lastEventId, {key} = {}) =>
  openStream(server, `/v1/chat/sessions/${session}/stream`, {...(key ? {key} : {team: team.id}), headers: {'last-event-id': lastEventId}, body: {}});

// ---- accounts -----------------------------------------------------------------------------------------------------------------

/** Calls of a session in the order in which they were made, waiting for `count` of them. */
export async function modelCalls(server, team, session, {count = 0} = {}) {
  for (let tries = 0; ; ++tries) {
    const query = session ? `&session_id=${session}` : '';
    const {json} = await expectStatus(team.call('GET', `/v1/observability/model-calls?limit=1000${query}`), 200);
    if (json.items.length >= count || tries > 100) return json.items.reverse();
    await sleep(20);
  }
}

export const tokensOfCall = (call) => (call.input_tokens ?? 0) + (call.cache_read_tokens ?? 0) + (call.cache_write_tokens ?? 0) + (call.output_tokens ?? 0);
export const tokensOfUsage = (usage) => usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens;

/** Sums of a list of calls, as a done event's `usage` has them. */
export function sumOfCalls(calls) {
  const sum = (name) => calls.reduce((total, call) => total + (call[name] ?? 0), 0);
  return {input_tokens: sum('input_tokens'), cache_read_tokens: sum('cache_read_tokens'), cache_write_tokens: sum('cache_write_tokens'), output_tokens: sum('output_tokens')};
}

export async function dashboards(team) {
  return (await expectStatus(team.call('GET', '/v1/dashboards'), 200)).json.items;
}

/** All of a dashboard: {yaml, document, queries}; every query must have answered. */
export async function readDashboard(team, slug) {
  const yaml = (await expectStatus(team.call('GET', `/v1/dashboards/${slug}/yaml`), 200)).text;
  const document = (await expectStatus(team.call('GET', `/v1/dashboards/${slug}/document`), 200)).json;
  const {queries} = (await expectStatus(team.call('GET', `/v1/dashboards/${slug}/data`), 200)).json;
  for (const [id, answer] of Object.entries(queries)) assert.ok(!answer.error, `${id}: ${JSON.stringify(answer.error)}`);
  return {yaml, document, queries};
}

/** Markers of one Anthropic request. */
export const countMarkers = (raw) => (raw.match(/"cache_control"/g) ?? []).length;

export async function eventually(look, what, timeoutMs = 5_000) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(15);
  }
}
