// A false api.openai.com, or a server that is compatible with it: speaks POST /v1/chat/completions, refuses what it refuses, and fails on demand. See README.md.
import {randomInt} from 'node:crypto';
import {answerOf, applyFailures, isToolFailure, makeDraft, parseFailures, sendDraft, startBench} from './answers.mjs';
import {runAsProgram} from './cli.mjs';
import {SHARED_FAILURES} from './failures.mjs';
import {findModel, OPENAI_MODELS} from './openai_models.mjs';
import {refuseBody, refuseHead} from './openai_rules.mjs';
import {completionFrames, DONE, finishBlocks, QUIRKS, usageOf, wholeCompletion} from './openai_stream.mjs';
import {OpenaiPromptCache} from './prompt_cache.mjs';
import {makeId, seededRandom, sendJson, serve} from './wire.mjs';

const ERRORS = {
  400: ['invalid_request_error', null, 'Bad request'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'Country, region, or territory not supported'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for requests. Please try again in 20s.'],
  500: ['server_error', null, 'The server had an error while processing your request. Sorry about that!'],
  503: ['server_error', null, 'The engine is currently overloaded, please try again later'],
};
const FINISH = {end_turn: 'stop', stop_sequence: 'stop', tool_use: 'tool_calls', max_tokens: 'length', refusal: 'content_filter'};

function errorOf(status, type) {
  const [usualType, code, message] = ERRORS[status] ?? ERRORS[status >= 500 ? 500 : 400];
  return {message, type: type ?? usualType, param: null, code};
}

const deltaOf = (frame) => frame.data?.choices?.[0]?.delta;
const argumentsOf = (frame) => deltaOf(frame)?.tool_calls?.[0]?.function?.arguments;
const chunkOf = (delta, finishReason = null) => ({data: {id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model: 'fake', choices: [{index: 0, delta, logprobs: null, finish_reason: finishReason}]}});

const DIALECT = {
  eventName: undefined,
  statusOf: (type) => (type === 'requests' || type === 'rate_limit_error' ? 429 : type === 'invalid_request_error' ? 400 : 500),
  errorBody: (status, type) => ({error: errorOf(status, type)}),
  errorFrame: (type = 'server_error') => ({data: {error: errorOf(DIALECT.statusOf(type), type)}}),
  isToken: (frame) => Boolean(deltaOf(frame)?.content || deltaOf(frame)?.reasoning_content || argumentsOf(frame)),
  isToolFragment: (frame) => Boolean(argumentsOf(frame)),
  isTerminator: (frame) => Boolean(frame.data?.choices?.[0]?.finish_reason),
  ping: () => ({comment: 'keep-alive'}),
  unknownFrame: () => ({data: {id: 'chatcmpl-fake', object: 'chat.completion.hint', created: 1, model: 'fake', choices: [], hint: {kind: 'of a later version'}}}),
  hugeFrame: (bytes) => chunkOf({content: 'x'.repeat(bytes)}),
  lateFrames: () => [chunkOf({content: ' This comes too late.'}), chunkOf({}, 'content_filter'), DONE],
};

function endWith(draft, finish) {
  if (draft.streaming) draft.frames.find(DIALECT.isTerminator).data.choices[0].finish_reason = finish;
  else draft.body.choices[0].finish_reason = finish;
}

function cutToolJson(draft) {
  const at = draft.frames.findIndex(DIALECT.isToolFragment);
  draft.frames = [...draft.frames.slice(0, at + 1), ...draft.frames.slice(draft.frames.findIndex(DIALECT.isTerminator))];
}

function refuseWith(draft, status, fields) {
  Object.assign(draft, {status, streaming: false, body: {error: {...errorOf(status), ...fields}}});
}

const asEvent = (failure) => (draft, argument) => {
  SHARED_FAILURES[failure](draft, argument, {...DIALECT, errorFrame: (type) => ({event: 'error', ...DIALECT.errorFrame(type)})});
};

export const OPENAI_FAILURES = {
  ...SHARED_FAILURES,
  ...Object.fromEntries([...QUIRKS].map((name) => [name, () => {}])),  // they are at work while chunks are made
  error_event_first: asEvent('error_first'),
  error_event_after_first_token: asEvent('error_after_first_token'),
  refusal: (draft) => {
    const words = "I'm sorry, I can't help with that.";
    if (!draft.streaming) return void Object.assign(draft.body.choices[0].message, {content: null, refusal: words});
    draft.frames = draft.frames.filter((frame) => !DIALECT.isToken(frame));
    draft.frames.splice(draft.frames.findIndex(DIALECT.isTerminator), 0, chunkOf({refusal: words}));
  },
  content_filter: (draft) => endWith(draft, 'content_filter'),
  max_tokens: (draft) => endWith(draft, 'length'),
  max_tokens_in_tool_json: (draft) => { if (draft.streaming) cutToolJson(draft); endWith(draft, 'length'); },
  context_overflow: (draft) => refuseWith(draft, 400, {message: "This model's maximum context length is 272000 tokens. However, your messages resulted in 300000 tokens. Please reduce the length of the messages.", param: 'messages', code: 'context_length_exceeded'}),
  spend_limit: (draft) => refuseWith(draft, 429, {message: 'You exceeded your current quota, please check your plan and billing details.', type: 'insufficient_quota', code: 'insufficient_quota'}),
  duplicate_stop: (draft) => { draft.frames.splice(draft.frames.findIndex(DIALECT.isTerminator), 0, structuredClone(draft.frames.find(DIALECT.isTerminator))); draft.frames.push(DONE); },
  bad_tool_json: (draft) => { const call = draft.frames.findLast(DIALECT.isToolFragment); if (call) deltaOf(call).tool_calls[0].function.arguments = argumentsOf(call).slice(0, -1) + ', "x": }'; },
};

/**
 * Starts a server. Options: script (see README.md), quirks (a list of names), apiKey ('test-key'; null: any), models, anyModel (where there are quirks), validate (true), contextTokens, now (the
 * cache's clock), seed (of ids and cuts), port; as defaults of every answer firstDelayMs, headerDelayMs, chunkDelayMs, chunkBytes, split, pieceLength;
 * bench: {tokens, firstDelayMs, chunkDelayMs} for the same stream to every request, unread.
 */
export async function startFakeOpenai(options = {}) {
  const settings = {script: {content: [{type: 'text', text: 'Hello.'}]}, apiKey: 'test-key', validate: true, seed: randomInt(2 ** 31), quirks: [], ...options};
  const unknown = settings.quirks.find((name) => !QUIRKS.has(name));
  if (unknown) throw new Error(`there is no quirk '${unknown}': ${[...QUIRKS].join(', ')}`);
  const cache = new OpenaiPromptCache(options.now);
  const state = {settings, models: {...OPENAI_MODELS, ...options.models}, cache, answered: 0};
  const handle = options.bench ? startBench(benchFrames, {...settings, ...options.bench, headers: headersOf('req_bench', 0)}) : (exchange) => answer(exchange, state);
  const server = await serve(handle, {port: options.port, keepRequests: !options.bench});
  return {
    url: server.url,
    baseUrl: server.url + '/v1',
    requests: server.requests,
    get count() { return server.count; },
    cache,
    /** From now on this script, from its beginning. */
    setScript(script) { settings.script = script; state.answered = 0; },
    stop: server.stop,
  };
}

const headersOf = (requestId, n) => ({
  'x-request-id': requestId, 'openai-organization': 'org-fake', 'openai-processing-ms': '12', 'openai-version': '2020-10-01',
  'x-ratelimit-limit-requests': '10000', 'x-ratelimit-remaining-requests': String(Math.max(0, 9999 - n)), 'x-ratelimit-reset-requests': '12ms',
  'x-ratelimit-limit-tokens': '2000000', 'x-ratelimit-remaining-tokens': String(Math.max(0, 2_000_000 - 1000 * n)), 'x-ratelimit-reset-tokens': '6m0s',
});

async function answer(exchange, state) {
  const {record} = exchange;
  const {settings} = state;
  const random = seededRandom(settings.seed + record.n);
  const headers = headersOf(makeId('req_', random, 32), record.n);
  const refuse = ({status, ...error}) => sendJson(exchange, status, {error}, headers);

  const badHead = settings.validate ? refuseHead(record, settings.apiKey) : null;
  if (badHead) return refuse(badHead);
  try { record.body = JSON.parse(record.raw); } catch { return refuse({status: 400, message: 'We could not parse the JSON body of your request.', type: 'invalid_request_error', param: null, code: null}); }
  const badBody = settings.validate ? refuseBody(record.body, {models: state.models, anyModel: settings.anyModel ?? settings.quirks.length > 0, quirks: new Set(settings.quirks), contextTokens: settings.contextTokens}) : null;
  if (badBody) return refuse(badBody);

  const request = record.body;
  const answer = await answerOf(settings.script, request, state.answered++, record);
  const failures = parseFailures(answer.failure);
  const seen = state.cache.look(request, {workspace: record.headers.authorization});
  const draft = makeDraft({...compose(answer, failures, {request, seed: answer.seed ?? settings.seed + record.n, seen, state}), streaming: request.stream === true, headers});
  applyFailures(draft, failures, OPENAI_FAILURES, DIALECT);
  if (draft.status === 200 && !draft.before) seen.commit();
  await sendDraft(exchange, draft, answer, settings);
}

function compose(answer, failures, {request, seed, seen, state}) {
  const random = seededRandom(seed);
  const quirks = new Set([...state.settings.quirks, ...failures.map(({name}) => name).filter((name) => QUIRKS.has(name))]);
  const blocks = finishBlocks(answer.content ?? defaultContent(request, failures), random);
  const usual = blocks.some(({type}) => type === 'tool_use') ? 'tool_use' : 'end_turn';
  const finish = quirks.has('stop_with_tool_calls') ? 'stop' : answer.finish_reason ?? FINISH[answer.stop_reason ?? usual] ?? answer.stop_reason;
  const usage = usageOf(blocks, seen, findModel(state.models, request.model), answer.usage);
  const common = {id: makeId('chatcmpl-', random, 29), created: Math.floor(Date.now() / 1000), model: request.model, blocks, finish, usage, quirks};
  const options = request.stream_options ?? {};
  return {
    body: wholeCompletion(common),
    frames: completionFrames({...common, includeUsage: options.include_usage === true, obfuscate: options.include_obfuscation !== false, seed, pieceLength: answer.pieceLength ?? state.settings.pieceLength}),
  };
}

function defaultContent(request, failures) {
  const text = {type: 'text', text: 'Flights out of Newark wait longest, and Fridays are the worst day of the week.'};
  if (!isToolFailure(failures)) return [text];
  const call = {type: 'tool_use', name: request.tools?.[0]?.function?.name ?? 'list_tables', input: {dataset: 'main', note: 'längste Verspätungen'}};
  return [text, call, {...call, input: {dataset: 'other', note: 'zweiter'}}];
}

function benchFrames(tokens) {
  const usage = {prompt_tokens: 100, completion_tokens: tokens, total_tokens: 100 + tokens, prompt_tokens_details: {cached_tokens: 0}};
  const end = {data: {id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model: 'fake', choices: [], usage}};
  return {first: [chunkOf({role: 'assistant', content: ''})], token: [chunkOf({content: ' token'})], last: [chunkOf({}, 'stop'), end, DONE]};
}

await runAsProgram(import.meta.url, startFakeOpenai);
