// Content as Chat Completions says it: as chunks of a stream, or as one completion. Quirks are those of servers that are only compatible.
import {argumentPieces, textPieces} from './anthropic_stream.mjs';
import {makeId, seededRandom, tokensOf} from './wire.mjs';

export const QUIRKS = new Set(['index_always_zero', 'no_ids', 'repeated_ids', 'whole_call', 'arguments_object', 'interleaved_calls', 'usage_in_every_chunk', 'no_usage', 'stop_with_tool_calls', 'no_done',
  'no_role', 'null_fields', 'empty_first_chunk', 'reasoning_content', 'rejects_stream_options', 'wants_max_tokens', 'rejects_strict']);

const PADDING = 'kT3bQz8VnR5xWc1Y';
const textOf = (blocks, type) => blocks.filter((block) => block.type === type).map(({text}) => text).join('');

export function finishBlocks(content, random) {
  return content.map((block) => (block.type === 'tool_use' ? {...block, id: block.id ?? makeId('call_', random, 24), input: block.input ?? {}} : block));
}

export function usageOf(blocks, {promptTokens, cachedTokens, writtenTokens}, model, overrides) {
  const reasoning = tokensOf(Buffer.byteLength(textOf(blocks, 'thinking')));
  const said = blocks.map((block) => (block.type === 'tool_use' ? block.name + JSON.stringify(block.input) : block.type === 'text' ? block.text : '')).join('');
  const completion = Math.max(1, tokensOf(Buffer.byteLength(said))) + reasoning;
  const usage = {
    prompt_tokens: promptTokens, completion_tokens: completion, total_tokens: promptTokens + completion,
    prompt_tokens_details: {cached_tokens: cachedTokens, audio_tokens: 0, ...(model?.cacheWrites ? {cache_write_tokens: writtenTokens} : {})},
    completion_tokens_details: {reasoning_tokens: reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0},
  };
  return {...usage, ...overrides};
}

export function wholeCompletion({id, created, model, blocks, finish, usage, quirks}) {
  const calls = blocks.filter(({type}) => type === 'tool_use');
  const message = {role: 'assistant', content: textOf(blocks, 'text') || null, refusal: null, annotations: []};
  if (quirks.has('reasoning_content')) message.reasoning_content = textOf(blocks, 'thinking');
  if (calls.length) message.tool_calls = calls.map((call) => ({id: call.id, type: 'function', function: {name: call.name, arguments: quirks.has('arguments_object') ? call.input : call.fragments?.join('') ?? JSON.stringify(call.input)}}));
  return {id, object: 'chat.completion', created, model, choices: [{index: 0, message, logprobs: null, finish_reason: finish}], ...(quirks.has('no_usage') ? {} : {usage}), service_tier: 'default', system_fingerprint: null};
}

export const DONE = {data: '[DONE]'};

export function completionFrames({id, created, model, blocks, finish, usage, includeUsage, obfuscate, quirks, seed, pieceLength}) {
  const random = seededRandom(seed);
  const head = {id, object: 'chat.completion.chunk', created, model, service_tier: 'default', system_fingerprint: null};
  const nulls = quirks.has('null_fields') ? {content: null, role: null, function_call: null, tool_calls: null, refusal: null} : {};
  const usageField = quirks.has('usage_in_every_chunk') ? {usage} : includeUsage ? {usage: null} : {};
  const frames = [];
  const add = (delta, finishReason = null) => frames.push({data: {
    ...head, choices: [{index: 0, delta: {...nulls, ...delta}, logprobs: null, finish_reason: finishReason}], ...usageField, ...(obfuscate ? {obfuscation: PADDING.slice(0, 4 + Math.floor(random() * 12))} : {}),
  }});
  if (quirks.has('empty_first_chunk')) frames.push({data: {...head, choices: [], prompt_filter_results: []}});
  const calls = blocks.filter(({type}) => type === 'tool_use');
  const text = textOf(blocks, 'text');
  if (!quirks.has('no_role')) add({role: 'assistant', content: text || !calls.length ? '' : null, refusal: null});
  if (quirks.has('reasoning_content')) for (const piece of textPieces(textOf(blocks, 'thinking'), pieceLength)) add({reasoning_content: piece});
  for (const piece of textPieces(text, pieceLength)) add({content: piece});
  for (const fragment of callFragments(calls, random, quirks, pieceLength)) add({tool_calls: [fragment]});
  add({}, finish);
  if (includeUsage && !quirks.has('no_usage')) frames.push({data: {...head, choices: [], usage, ...(obfuscate ? {obfuscation: ''} : {})}});
  if (!quirks.has('no_done')) frames.push(DONE);
  return frames;
}

function callFragments(calls, random, quirks, pieceLength) {
  const each = calls.map((call, k) => {
    const index = quirks.has('index_always_zero') ? 0 : k;
    const identity = {...(quirks.has('no_ids') ? {} : {id: call.id}), type: 'function'};
    const text = JSON.stringify(call.input);
    if (quirks.has('arguments_object')) return [{index, ...identity, function: {name: call.name, arguments: call.input}}];
    if (quirks.has('whole_call')) return [{index, ...identity, function: {name: call.name, arguments: text}}];
    const rest = (call.fragments ?? (text === '{}' ? ['{}'] : argumentPieces(text, random, pieceLength))).map((piece) => ({index, function: {arguments: piece}}));
    if (quirks.has('repeated_ids')) for (const fragment of rest) Object.assign(fragment, identity, {function: {name: call.name, ...fragment.function}});
    return [{index, ...identity, function: {name: call.name, arguments: ''}}, ...rest];
  });
  if (!quirks.has('interleaved_calls')) return each.flat();
  const mixed = [];
  for (let i = 0; i < Math.max(...each.map(({length}) => length)); ++i) for (const list of each) if (list[i]) mixed.push(list[i]);
  return mixed;
}
