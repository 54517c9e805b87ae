// A false api.anthropic.com: speaks POST /v1/messages as it is spoken, refuses what it refuses, and fails on demand. See README.md.
import {randomInt} from 'node:crypto';
import {answerOf, applyFailures, isToolFailure, makeDraft, parseFailures, sendDraft, startBench} from './answers.mjs';
import {ANTHROPIC_MODELS, findModel} from './anthropic_models.mjs';
import {refuseBody, refuseHead} from './anthropic_rules.mjs';
import {finishBlocks, messageFrames, outputTokens, PING, wholeMessage} from './anthropic_stream.mjs';
import {SHARED_FAILURES} from './failures.mjs';
import {AnthropicPromptCache} from './prompt_cache.mjs';
import {ThinkingSignatures} from './thinking_signatures.mjs';
import {makeId, seededRandom, sendJson, serve} from './wire.mjs';
import {runAsProgram} from './cli.mjs';

const TYPES = {400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error', 404: 'not_found_error', 409: 'conflict_error',
  413: 'request_too_large', 429: 'rate_limit_error', 500: 'api_error', 503: 'api_error', 504: 'timeout_error', 529: 'overloaded_error'};
const WORDS = {rate_limit_error: 'This request would exceed your account\'s rate limit. Please try again later.', api_error: 'Internal server error', timeout_error: 'Request timed out', overloaded_error: 'Overloaded'};
const typeOf = (status) => TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
const wordsOf = (type) => WORDS[type] ?? `The fake answers ${type}`;
const isDelta = (type) => (frame) => frame.data?.delta?.type === type;

const DIALECT = {
  eventName: 'content_block_delta',
  typeOf,
  statusOf: (type = 'overloaded_error') => Number(Object.entries(TYPES).find(([, name]) => name === type)?.[0] ?? 529),
  errorBody: (status, type = typeOf(status)) => ({type: 'error', error: {type, message: wordsOf(type)}}),
  errorFrame: (type = 'overloaded_error') => ({event: 'error', data: {type: 'error', error: {details: null, type, message: wordsOf(type)}, request_id: 'req_in_stream'}}),
  isToken: (frame) => isDelta('text_delta')(frame) || isDelta('thinking_delta')(frame) || (isDelta('input_json_delta')(frame) && frame.data.delta.partial_json !== ''),
  isToolFragment: (frame) => isDelta('input_json_delta')(frame) && frame.data.delta.partial_json !== '',
  isTerminator: (frame) => frame.event === 'message_delta',
  ping: () => PING,
  unknownFrame: () => ({event: 'content_block_hint', data: {type: 'content_block_hint', index: 0, hint: {kind: 'of a later version', nested: [1, {a: null}]}}}),
  hugeFrame: (bytes) => ({event: 'content_block_delta', data: {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: 'x'.repeat(bytes)}}}),
  lateFrames: () => [
    {event: 'content_block_delta', data: {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: ' This comes too late.'}}},
    {event: 'message_delta', data: {type: 'message_delta', delta: {stop_reason: 'refusal', stop_sequence: null}, usage: {output_tokens: 999_999}}},
  ],
};

const lastDelta = (draft) => draft.frames.findLast((frame) => frame.event === 'message_delta')?.data;
function endWith(draft, stopReason, stopDetails) {
  const extra = stopDetails ? {stop_details: stopDetails} : {};
  if (draft.streaming) Object.assign(lastDelta(draft).delta, {stop_reason: stopReason, ...extra});
  else Object.assign(draft.body, {stop_reason: stopReason, ...extra});
}
const insertAfterStart = (draft, ...frames) => draft.frames.splice(1, 0, ...frames);
const contentFrames = (draft) => draft.frames.filter((frame) => frame.event?.startsWith('content_block'));
const cutToolJson = (draft) => {
  const at = draft.frames.findIndex(DIALECT.isToolFragment);
  const end = draft.frames.filter((frame) => frame.event === 'message_delta' || frame.event === 'message_stop');
  draft.frames = [...draft.frames.slice(0, at + 1), ...end];
};

export const ANTHROPIC_FAILURES = {
  ...SHARED_FAILURES,
  refusal: (draft) => endWith(draft, 'refusal', {type: 'refusal', category: 'cyber', explanation: 'This request was declined.'}),
  context_window_exceeded: (draft) => endWith(draft, 'model_context_window_exceeded'),
  pause_turn: (draft) => endWith(draft, 'pause_turn'),
  max_tokens: (draft) => endWith(draft, 'max_tokens'),
  max_tokens_in_tool_json: (draft) => { if (draft.streaming) cutToolJson(draft); endWith(draft, 'max_tokens'); },  // no content_block_stop either
  context_overflow: (draft) => { Object.assign(draft, {status: 400, streaming: false, body: DIALECT.errorBody(400)}); draft.body.error.message = 'prompt is too long: 1048576 tokens > 1000000 maximum'; },
  spend_limit: (draft) => { Object.assign(draft, {status: 429, streaming: false, body: DIALECT.errorBody(429)}); draft.body.error.message = 'You have reached your specified API usage limits.'; },
  duplicate_stop: (draft) => { draft.frames.push({event: 'message_stop', data: {type: 'message_stop'}}); },
  unknown_block: (draft) => {
    const index = contentFrames(draft).filter((frame) => frame.event === 'content_block_start').length;
    const at = draft.frames.findIndex(DIALECT.isTerminator);
    draft.frames.splice(at, 0,
      {event: 'content_block_start', data: {type: 'content_block_start', index, content_block: {type: 'hologram', projection: {depth: 3}}}},
      {event: 'content_block_delta', data: {type: 'content_block_delta', index, delta: {type: 'hologram_delta', slice: 'ab'}}},
      {event: 'content_block_stop', data: {type: 'content_block_stop', index}});
  },
  unknown_delta: (draft) => { draft.frames.splice(draft.frames.findIndex(DIALECT.isToken), 0, {event: 'content_block_delta', data: {type: 'content_block_delta', index: 0, delta: {type: 'mood_delta', mood: 'calm'}}}); },
  bad_tool_json: (draft) => { const frame = draft.frames.findLast(DIALECT.isToolFragment); if (frame) frame.data.delta.partial_json = frame.data.delta.partial_json.slice(0, -1) + ', "x": }'; },
  cumulative_usage: (draft) => {  // several message_delta, each with all that was used so far
    const last = draft.frames.findIndex(DIALECT.isTerminator);
    const {usage} = draft.frames[last].data;
    draft.frames.splice(last, 0, {event: 'message_delta', data: {type: 'message_delta', delta: {}, usage: {...usage, output_tokens: Math.max(1, Math.floor(usage.output_tokens / 2))}}});
  },
  usage_null_at_end: (draft) => { const delta = lastDelta(draft); delta.usage = {input_tokens: null, cache_creation_input_tokens: null, cache_read_input_tokens: null, output_tokens: delta.usage.output_tokens}; },
  no_usage: (draft) => {
    if (!draft.streaming) return void delete draft.body.usage;
    delete draft.frames[0].data.message.usage;
    delete lastDelta(draft).usage;
  },
  many_pings: (draft) => insertAfterStart(draft, PING, PING, PING),
};

/**
 * Starts a server. Options: script (see README.md), apiKey ('test-key'; null: any), models, validate (true), bindThinking (true), contextTokens, now (the
 * cache's clock), padding (true), pings (true), seed (of ids and cuts), port; as defaults of every answer firstDelayMs, headerDelayMs, chunkDelayMs, chunkBytes, split, pieceLength;
 * bench: {tokens, firstDelayMs, chunkDelayMs} for the same stream to every request, unread.
 */
export async function startFakeAnthropic(options = {}) {
  const settings = {script: {content: [{type: 'text', text: 'Hello.'}]}, apiKey: 'test-key', validate: true, seed: randomInt(2 ** 31), bindThinking: true, padding: true, pings: true, ...options};
  const models = {...ANTHROPIC_MODELS, ...options.models};
  const signatures = new ThinkingSignatures(options.secret);
  signatures.bindPrefix = settings.bindThinking;
  const cache = new AnthropicPromptCache(options.now);
  const state = {settings, models, signatures, cache, answered: 0};
  const handle = options.bench ? startBench(benchFrames, {...settings, ...options.bench, headers: headersOf('req_bench', 0)}) : (exchange) => answer(exchange, state);
  const server = await serve(handle, {port: options.port, keepRequests: !options.bench});
  return {
    url: server.url,
    baseUrl: server.url,
    requests: server.requests,
    get count() { return server.count; },
    cache,
    signatures,
    /** From now on this script, from its beginning. */
    setScript(script) { settings.script = script; state.answered = 0; },
    stop: server.stop,
  };
}

function headersOf(requestId, n) {
  const reset = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const headers = {'request-id': requestId, 'anthropic-organization-id': '00000000-0000-4000-8000-000000000000', 'anthropic-workspace-id': 'wrkspc_fake'};
  for (const [name, most, used] of [['requests', 4000, n + 1], ['tokens', 4_800_000, 1000 * n], ['input-tokens', 4_000_000, 800 * n], ['output-tokens', 800_000, 200 * n]]) {
    Object.assign(headers, {[`anthropic-ratelimit-${name}-limit`]: String(most), [`anthropic-ratelimit-${name}-remaining`]: String(Math.max(0, most - used)), [`anthropic-ratelimit-${name}-reset`]: reset});
  }
  return headers;
}

async function answer(exchange, state) {
  const {record} = exchange;
  const {settings} = state;
  const random = seededRandom(settings.seed + record.n);
  const requestId = makeId('req_011', random);
  const headers = headersOf(requestId, record.n);
  const refuse = ({status, type, message}) => sendJson(exchange, status, {type: 'error', error: {type, message}, request_id: requestId}, headers);

  const badHead = settings.validate ? refuseHead(record, settings.apiKey) : null;
  if (badHead) return refuse(badHead);
  try { record.body = JSON.parse(record.raw); } catch { return refuse({status: 400, type: 'invalid_request_error', message: 'The request body is not valid JSON'}); }
  const badBody = settings.validate ? refuseBody(record.body, {models: state.models, headers: record.headers, signatures: state.signatures, contextTokens: settings.contextTokens}) : null;
  if (badBody) return refuse(badBody);

  const request = record.body;
  const answer = await answerOf(settings.script, request, state.answered++, record);
  const failures = parseFailures(answer.failure);
  const seen = state.cache.look(request, {workspace: record.headers['x-api-key'] ?? record.headers.authorization, ...findModel(state.models, request.model)});
  const draft = makeDraft({...compose(answer, failures, {request, seed: answer.seed ?? settings.seed + record.n, usage: seen.usage, state}), streaming: request.stream === true, headers});
  applyFailures(draft, failures, ANTHROPIC_FAILURES, DIALECT);
  if (draft.body?.type === 'error') draft.body.request_id = requestId;
  for (const frame of draft.frames) if (frame.event === 'error') frame.data.request_id = requestId;
  if (draft.status === 200 && !draft.before) seen.commit();
  await sendDraft(exchange, draft, answer, settings);
}

// The whole message and its frames.
function compose(answer, failures, {request, seed, usage, state}) {
  const random = seededRandom(seed);
  const scripted = answer.content ?? defaultContent(request, failures);
  const sign = (content, words) => state.signatures.sign(state.signatures.prefixOf(request, request.messages, content), words);
  const display = request.thinking?.display ?? findModel(state.models, request.model)?.thinkingDisplay;
  const blocks = finishBlocks(scripted, {random, sign, hideThoughts: display === 'omitted'});
  const {output, thinking} = outputTokens(blocks);
  const common = {id: makeId('msg_01', random), model: request.model, blocks, stopDetails: answer.stop_details};
  common.stopReason = answer.stop_reason ?? (blocks.some(({type}) => type === 'tool_use') ? 'tool_use' : 'end_turn');
  const startUsage = {...usage, output_tokens: 1, service_tier: 'standard', inference_geo: 'not_available', ...answer.usage};
  const endUsage = {...usage, output_tokens: output, ...(thinking ? {output_tokens_details: {thinking_tokens: thinking}} : {}), ...answer.usage};
  return {
    body: wholeMessage({...common, usage: {...startUsage, ...endUsage}}),
    frames: messageFrames({...common, scripted, startUsage: {...startUsage, output_tokens: 1}, endUsage, seed, padding: state.settings.padding, pings: state.settings.pings, pieceLength: answer.pieceLength ?? state.settings.pieceLength}),
  };
}

function defaultContent(request, failures) {
  const text = {type: 'text', text: 'Flights out of Newark wait longest, and Fridays are the worst day of the week.'};
  if (!isToolFailure(failures)) return [text];
  return [text, {type: 'tool_use', name: request.tools?.[0]?.name ?? 'list_tables', input: {dataset: 'main', note: 'längste Verspätungen'}}];
}

function benchFrames(tokens) {
  const frames = messageFrames({id: 'msg_bench', model: 'claude-bench', blocks: [{type: 'text', text: 'token'}], scripted: [{}], stopReason: 'end_turn',
    startUsage: {input_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1}, endUsage: {output_tokens: tokens}, seed: 1});
  return {first: frames.slice(0, 2), token: [{event: 'content_block_delta', data: {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: ' token'}}}], last: frames.slice(3)};
}

await runAsProgram(import.meta.url, startFakeAnthropic);
