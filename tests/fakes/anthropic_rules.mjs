// What Anthropic's Messages API refuses, and in which words. Each rule gives {status, type, message} or nothing.
import {findModel} from './anthropic_models.mjs';
import {promptBlocks} from './prompt_cache.mjs';
import {tokensOf} from './wire.mjs';

const refuse = (message, status = 400, type = 'invalid_request_error') => ({status, type, message});

const FIELDS = new Set(['model', 'messages', 'max_tokens', 'system', 'tools', 'tool_choice', 'stream', 'stop_sequences', 'temperature', 'top_p', 'top_k', 'metadata', 'service_tier',
  'thinking', 'output_config', 'cache_control', 'container', 'inference_geo', 'speed', 'mcp_servers', 'context_management', 'diagnostics', 'user_profile_id', 'workspace_id', 'betas']);
const TOOL_FIELDS = new Set(['type', 'name', 'description', 'input_schema', 'cache_control', 'strict', 'eager_input_streaming', 'defer_loading', 'input_examples', 'allowed_callers']);
const BLOCK_FIELDS = {
  text: new Set(['type', 'text', 'cache_control', 'citations']),
  thinking: new Set(['type', 'thinking', 'signature']),
  redacted_thinking: new Set(['type', 'data']),
  tool_use: new Set(['type', 'id', 'name', 'input', 'cache_control', 'caller']),
  tool_result: new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']),
};
const NAME_PATTERN = /^[a-zA-Z0-9_-]{1,128}$/;
const VERSIONS = ['2023-06-01', '2026-10-21'];  // the newer one has no sampling parameters, and refuses what no client should send
const MARKERS_MAX = 4;
const MESSAGES_MAX = 100_000;
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Rules about headers and the size of the body; `raw` is null when it was too large to keep. */
export function refuseHead({method, path, headers, raw}, apiKey) {
  if (path.split('?')[0] !== '/v1/messages') return refuse('Not Found', 404, 'not_found_error');
  if (method !== 'POST') return refuse('Method Not Allowed', 405);
  if (raw === null) return refuse('Request exceeds the maximum size', 413, 'request_too_large');
  const bearer = headers.authorization?.match(/^Bearer (.+)$/)?.[1];
  if (headers['x-api-key'] && headers.authorization) return refuse('Only one of x-api-key and Authorization may be sent', 401, 'authentication_error');
  const key = headers['x-api-key'] ?? bearer;
  if (!key) return refuse('x-api-key header is required', 401, 'authentication_error');
  if (apiKey !== null && key !== apiKey) return refuse(bearer ? 'Invalid bearer token' : 'invalid x-api-key', 401, 'authentication_error');
  if (!headers['anthropic-version']) return refuse('anthropic-version: header is required');
  if (!VERSIONS.includes(headers['anthropic-version'])) return refuse(`anthropic-version: "${headers['anthropic-version']}" is not a valid version.`);
  if (!String(headers['content-type'] ?? '').startsWith('application/json')) return refuse('Content-Type must be application/json', 415);
  return null;
}

/** Rules about the body; the first that is broken speaks. */
export function refuseBody(body, {models, headers, signatures, contextTokens}) {
  if (!isObject(body)) return refuse('The request body is not valid JSON');
  for (const field of ['model', 'messages', 'max_tokens']) if (body[field] === undefined) return refuse(`${field}: Field required`);
  const unknown = Object.keys(body).find((field) => !FIELDS.has(field));
  if (unknown) return refuse(`${unknown}: Extra inputs are not permitted`);
  const model = findModel(models, body.model);
  if (!model) return refuse(`model: ${body.model}`, 404, 'not_found_error');
  return refuseMaxTokens(body, model) ?? refuseSampling(body, model) ?? refuseByVersion(body, headers['anthropic-version']) ?? refuseThinking(body, model) ?? refuseTools(body) ?? refuseToolChoice(body, model) ?? refuseSystem(body) ??
    refuseMessages(body, model) ?? refuseMarkers(body) ?? refuseSignatures(body, model, headers, signatures) ?? refuseLength(body, contextTokens ?? model.contextTokens);
}

function refuseMaxTokens(body, model) {
  if (!Number.isInteger(body.max_tokens)) return refuse('max_tokens: Input should be a valid integer');
  if (body.max_tokens < 0 || (body.max_tokens === 0 && body.stream)) return refuse('max_tokens: Input should be greater than or equal to 1');
  if (body.max_tokens > model.outputTokensMax) return refuse(`max_tokens: ${body.max_tokens} > ${model.outputTokensMax}, which is the maximum allowed number of output tokens for ${body.model}`);
  return null;
}

function refuseSampling(body, model) {
  if (model.sampling) return null;
  const field = ['temperature', 'top_p', 'top_k'].find((name) => body[name] !== undefined);
  return field ? refuse(`\`${field}\` is deprecated for this model.`) : null;
}

function refuseByVersion(body, version) {
  if (version !== VERSIONS[1]) return null;
  const field = ['temperature', 'top_p', 'top_k'].find((name) => body[name] !== undefined);
  if (field) return refuse(`${field}: Extra inputs are not permitted`);
  for (const [i, {role, content}] of (Array.isArray(body.messages) ? body.messages : []).entries()) {
    for (const [j, block] of (Array.isArray(content) ? content : []).entries()) {
      if (role === 'assistant' && block.type === 'document') return refuse(`messages.${i}.content.${j}: \`document\` blocks can only be in \`user\` messages`);
      if (role === 'user' && block.citations?.length) return refuse(`messages.${i}.content.${j}.text.citations: Extra inputs are not permitted`);
    }
  }
  return null;
}

function refuseThinking({thinking, max_tokens: maxTokens}, model) {
  if (thinking === undefined) return null;
  if (!['enabled', 'adaptive', 'disabled'].includes(thinking?.type)) return refuse("thinking: Input tag does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'");
  if (thinking.type === 'disabled' && !model.thinkingCanBeDisabled) return refuse('"thinking.type.disabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.');
  if (thinking.type !== 'enabled') return thinking.budget_tokens === undefined ? null : refuse(`thinking.${thinking.type}.budget_tokens: Extra inputs are not permitted`);
  if (!model.budgetedThinking) return refuse('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.');
  if (!(thinking.budget_tokens >= 1024)) return refuse('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  return thinking.budget_tokens >= maxTokens ? refuse('`max_tokens` must be greater than `thinking.budget_tokens`.') : null;
}

function refuseTools({tools = []}) {
  if (!Array.isArray(tools)) return refuse('tools: Input should be a valid list');
  const names = new Set();
  for (const [i, tool] of tools.entries()) {
    if (names.has(tool.name)) return refuse('tools: Tool names must be unique.');
    names.add(tool.name);
    if (tool.type !== undefined && tool.type !== 'custom') continue;  // a tool that runs at the vendor
    const at = `tools.${i}.custom`;
    if (typeof tool.name !== 'string') return refuse(`${at}.name: Field required`);
    if (!NAME_PATTERN.test(tool.name)) return refuse(`${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    const unknown = Object.keys(tool).find((field) => !TOOL_FIELDS.has(field));
    if (unknown) return refuse(`${at}.${unknown}: Extra inputs are not permitted`);
    if (tool.input_schema === undefined) return refuse(`${at}.input_schema: Field required`);
    if (!isObject(tool.input_schema)) return refuse(`${at}.input_schema: Input should be a valid dictionary`);
    if (tool.input_schema.type === undefined) return refuse(`${at}.input_schema.type: Field required`);
    if (tool.input_schema.type !== 'object') return refuse(`${at}.input_schema.type: Input should be 'object'`);
    const problem = tool.strict ? strictProblem(tool.input_schema) : null;
    if (problem) return refuse(`${at}: ${problem}`);
  }
  return null;
}

const LOOSE_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'maxItems', 'oneOf', 'patternProperties'];
function strictProblem(schema) {
  if (!isObject(schema)) return null;
  if (schema.type === 'object' && schema.additionalProperties !== false) return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  const loose = LOOSE_KEYWORDS.find((keyword) => keyword in schema);
  if (loose) return `For '${schema.type}' type, property '${loose}' is not supported`;
  for (const part of [...Object.values(schema.properties ?? {}), schema.items, ...(schema.anyOf ?? []), ...Object.values(schema.$defs ?? {})]) {
    const problem = strictProblem(part);
    if (problem) return problem;
  }
  return null;
}

function refuseToolChoice({tools = [], tool_choice: choice}, model) {
  if (choice === undefined) return null;
  if (!['auto', 'any', 'tool', 'none'].includes(choice?.type)) return refuse("tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'");
  if (!tools.length) return refuse('tool_choice may only be specified while providing tools.');
  if (!model.forcedTools && ['any', 'tool'].includes(choice.type)) return refuse('tool_choice: type "tool" and "any" are not supported for this model.');
  if (choice.type === 'tool' && !tools.some(({name}) => name === choice.name)) return refuse(`Tool '${choice.name}' not found in provided tools`);
  if (choice.type === 'none' && choice.disable_parallel_tool_use !== undefined) return refuse('tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted');
  return null;
}

function refuseSystem({system}) {
  if (system === undefined || typeof system === 'string') return null;
  if (!Array.isArray(system)) return refuse('system: Input should be a valid list');
  for (const [i, block] of system.entries()) {
    if (block.type !== 'text') return refuse(`system.${i}.type: Input should be 'text'`);
    if (!block.text) return refuse(block.cache_control ? `system.${i}: cache_control cannot be set for empty text blocks` : 'system: text content blocks must be non-empty');
  }
  return null;
}

function refuseMessages(body, model) {
  const {messages} = body;
  if (!Array.isArray(messages)) return refuse('messages: Input should be a valid list');
  if (!messages.length) return refuse('messages: at least one message is required');
  if (messages.length > MESSAGES_MAX) return refuse(`messages: at most ${MESSAGES_MAX} messages are allowed`);
  for (const [i, message] of messages.entries()) {
    const problem = refuseRole(messages, i, model) ?? refuseContent(message, i);
    if (problem) return problem;
  }
  return refusePairing(messages) ?? refuseEnd(messages, model);
}

function refuseRole(messages, i, model) {
  const {role} = messages[i];
  if (!['user', 'assistant', 'system'].includes(role)) return refuse(`messages.${i}.role: Input should be 'user', 'assistant' or 'system'`);
  if (role === 'system' && (i === 0 || !model.systemMessages || messages[i - 1].role !== 'user')) {
    return refuse('messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.');
  }
  return i === 0 && role !== 'user' ? refuse('messages: first message must use the "user" role') : null;
}

function refuseContent({role, content}, i) {
  const at = `messages.${i}`;
  if (content === undefined) return refuse(`${at}.content: Field required`);
  if (content === '' || (Array.isArray(content) && !content.length)) return refuse(`${at}: all messages must have non-empty content except for the optional final assistant message`);
  if (typeof content === 'string') return null;
  if (!Array.isArray(content)) return refuse(`${at}.content: Input should be a valid list`);
  for (const [j, block] of content.entries()) {
    const problem = refuseBlock(block, `${at}.content.${j}`, role);
    if (problem) return problem;
  }
  return null;
}

function refuseBlock(block, at, role) {
  if (!isObject(block) || typeof block.type !== 'string') return refuse(`${at}.type: Field required`);
  const fields = BLOCK_FIELDS[block.type];
  const unknown = fields && Object.keys(block).find((field) => !fields.has(field));
  if (unknown) return refuse(`${at}.${block.type}.${unknown}: Extra inputs are not permitted`);
  if (block.type === 'text' && typeof block.text !== 'string') return refuse(`${at}.text.text: Field required`);
  if (block.type === 'text' && block.text === '') return refuse(block.cache_control ? `${at}.text: cache_control cannot be set for empty text blocks` : 'messages: text content blocks must be non-empty');
  if (block.type === 'tool_use') {
    if (role !== 'assistant') return refuse(`${at}: \`tool_use\` blocks can only be in \`assistant\` messages`);
    if (!NAME_PATTERN.test(block.id ?? '')) return refuse(`${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
    if (!isObject(block.input)) return refuse(`${at}.tool_use.input: Input should be a valid dictionary`);
  }
  if (block.type === 'tool_result' && role !== 'user') return refuse(`${at}: \`tool_result\` blocks can only be in \`user\` messages`);
  if (block.type === 'tool_result' && typeof block.tool_use_id !== 'string') return refuse(`${at}.tool_result.tool_use_id: Field required`);
  if (block.type === 'thinking' && typeof block.thinking !== 'string') return refuse(`${at}.thinking.thinking: Field required`);
  return null;
}

const blocksOf = (message, type) => (Array.isArray(message?.content) ? message.content.filter((block) => block.type === type) : []);

/** Every tool_use has exactly one tool_result in the next message, before anything else that it says; and the other way round. */
function refusePairing(messages) {
  const all = messages.flatMap((message) => blocksOf(message, 'tool_use')).map(({id}) => id);
  if (new Set(all).size < all.length) return refuse('messages: `tool_use` ids must be unique');
  for (const [i, message] of messages.entries()) {
    const asked = blocksOf(messages[i - 1], 'tool_use').map(({id}) => id);
    for (const [j, block] of (Array.isArray(message.content) ? message.content : []).entries()) {
      if (block.type !== 'tool_result' || asked.includes(block.tool_use_id)) continue;
      return refuse(`messages.${i}.content.${j}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`);
    }
    const calls = blocksOf(message, 'tool_use').map(({id}) => id);
    if (!calls.length) continue;
    const next = messages[i + 1];
    const leading = Array.isArray(next?.content) ? next.content.findIndex((block) => block.type !== 'tool_result') : 0;
    const answered = blocksOf({content: leading < 0 ? next.content : next?.content.slice(0, leading)}, 'tool_result').map((block) => block.tool_use_id);
    const missing = calls.filter((id) => !answered.includes(id));
    if (missing.length) return refuse(`messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`);
    const twice = answered.find((id, at) => answered.indexOf(id) !== at);
    if (twice) return refuse(`messages.${i + 1}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`);
  }
  return null;
}

function refuseEnd(messages, model) {
  const last = messages.at(-1);
  if (last.role !== 'assistant') return null;
  const paused = Array.isArray(last.content) && /^server_tool_use$|_tool_result$/.test(last.content.at(-1).type);
  return model.prefill || paused ? null : refuse('This model does not support assistant message prefill. The conversation must end with a user message.');
}

function refuseMarkers(body) {
  const blocks = promptBlocks(body);
  const marked = blocks.filter(({ttl}) => ttl);
  if (marked.length > MARKERS_MAX) return refuse(`A maximum of ${MARKERS_MAX} blocks with cache_control may be provided. Found ${marked.length}.`);
  const badTtl = marked.find(({ttl}) => ttl !== '5m' && ttl !== '1h');
  if (badTtl) return refuse("cache_control.ephemeral.ttl: Input should be '5m' or '1h'");
  const firstShort = marked.findIndex(({ttl}) => ttl === '5m');
  if (firstShort >= 0 && marked.slice(firstShort).some(({ttl}) => ttl === '1h')) {
    return refuse("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.");
  }
  return null;
}

function refuseSignatures(body, model, headers, signatures) {
  const problem = signatures.findProblem(body, headers, signatures.bindPrefix && model.bindsThinking);
  return problem ? refuse(problem) : null;
}

function refuseLength(body, contextTokens) {
  const tokens = tokensOf(promptBlocks(body).reduce((sum, {bytes}) => sum + Buffer.byteLength(bytes), 0));
  return tokens > contextTokens ? refuse(`prompt is too long: ${tokens} tokens > ${contextTokens} maximum`) : null;
}
