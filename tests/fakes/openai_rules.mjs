// What Chat Completions refuses, and in which words. Each rule gives {status, type, message, param, code} or nothing.
import {ANY_MODEL, findModel} from './openai_models.mjs';
import {tokensOf} from './wire.mjs';

const refuse = (message, {status = 400, type = 'invalid_request_error', param = null, code = null} = {}) => ({status, type, message, param, code});
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

const FIELDS = new Set(['model', 'messages', 'audio', 'frequency_penalty', 'function_call', 'functions', 'logit_bias', 'logprobs', 'max_completion_tokens', 'max_tokens', 'metadata', 'modalities',
  'moderation', 'n', 'parallel_tool_calls', 'prediction', 'presence_penalty', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'reasoning_effort', 'response_format',
  'safety_identifier', 'seed', 'service_tier', 'stop', 'store', 'stream', 'stream_options', 'temperature', 'tool_choice', 'tools', 'top_logprobs', 'top_p', 'user', 'verbosity', 'web_search_options']);
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const TOOLS_MAX = 128;
const NAME_LENGTH_MAX = 64;

export function refuseHead({method, path, headers, raw}, apiKey) {
  if (path.split('?')[0] !== '/v1/chat/completions') return refuse(`Invalid URL (${method} ${path})`, {status: 404});
  if (method !== 'POST') return refuse(`Not allowed to ${method} on ${path}`, {status: 405, code: 'method_not_supported'});
  if (raw === null) return refuse('Request entity too large', {status: 413});
  const key = headers.authorization?.match(/^Bearer (.+)$/)?.[1];
  if (!key) return refuse("You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).", {status: 401});
  if (apiKey !== null && key !== apiKey) return refuse(`Incorrect API key provided: ${key.slice(0, 3)}***.`, {status: 401, code: 'invalid_api_key'});
  return null;
}

/** `quirks` are those of a server that is only compatible. */
export function refuseBody(body, {models, anyModel, quirks, contextTokens}) {
  if (!isObject(body)) return refuse('We could not parse the JSON body of your request.');
  if (typeof body.model !== 'string') return refuse('you must provide a model parameter');
  if (body.messages === undefined) return missing('messages');
  const unknown = Object.keys(body).find((field) => !FIELDS.has(field));
  if (unknown) return refuse(`Unrecognized request argument supplied: ${unknown}`);
  const model = findModel(models, body.model) ?? (anyModel ? ANY_MODEL : undefined);
  if (!model) return refuse(`The model \`${body.model}\` does not exist or you do not have access to it.`, {status: 404, code: 'model_not_found'});
  return refuseOfCompatibleServer(body, quirks) ?? refuseParameters(body, model, quirks) ?? refuseTools(body) ?? refuseToolChoice(body) ?? refuseReasoning(body, model) ?? refuseMessages(body) ??
    refuseLength(body, contextTokens ?? model.contextTokens);
}

const missing = (param) => refuse(`Missing required parameter: '${param}'.`, {param, code: 'missing_required_parameter'});

function refuseOfCompatibleServer(body, quirks) {
  if (quirks.has('rejects_stream_options') && body.stream_options !== undefined) return refuse("Unknown parameter: 'stream_options'", {param: 'stream_options', code: 'unknown_parameter'});
  if (quirks.has('wants_max_tokens') && body.max_completion_tokens !== undefined) return refuse("Unknown parameter: 'max_completion_tokens'", {param: 'max_completion_tokens', code: 'unknown_parameter'});
  if (quirks.has('rejects_strict') && body.tools?.some((tool) => tool.function?.strict !== undefined)) return refuse("Unknown parameter: 'tools[0].function.strict'", {param: 'tools[0].function.strict', code: 'unknown_parameter'});
  return null;
}

function refuseParameters(body, model, quirks) {
  if (body.max_tokens !== undefined && !model.maxTokens && !quirks.has('wants_max_tokens')) {
    return refuse("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", {param: 'max_tokens', code: 'unsupported_parameter'});
  }
  if (body.temperature !== undefined && body.temperature !== 1 && !model.sampling) {
    return refuse(`Unsupported value: 'temperature' does not support ${body.temperature} with this model. Only the default (1) value is supported.`, {param: 'temperature', code: 'unsupported_value'});
  }
  if (body.top_p !== undefined && !model.sampling) return refuse("Unsupported parameter: 'top_p' is not supported with this model.", {param: 'top_p', code: 'unsupported_parameter'});
  if (body.reasoning_effort !== undefined && !model.reasons) return refuse('Unrecognized request argument supplied: reasoning_effort');
  if (body.stream_options !== undefined && !body.stream) return refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", {param: 'stream_options'});
  return null;
}

function refuseTools({tools}) {
  if (tools === undefined) return null;
  if (!Array.isArray(tools) || !tools.length) return refuse("Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.", {param: 'tools', code: 'empty_array'});
  if (tools.length > TOOLS_MAX) return refuse(`Invalid 'tools': array too long. Expected an array with maximum length ${TOOLS_MAX}, but got an array with length ${tools.length} instead.`, {param: 'tools', code: 'array_above_max_length'});
  for (const [i, tool] of tools.entries()) {
    if (tool.type !== 'function') {
      if (tool.type === 'custom') continue;
      return refuse(`Invalid value: '${tool.type}'. Supported values are: 'function' and 'custom'.`, {param: `tools[${i}].type`, code: 'invalid_value'});
    }
    if (!isObject(tool.function)) return missing(`tools[${i}].function`);
    const problem = refuseName(tool.function.name, `tools[${i}].function.name`) ?? refuseSchema(tool.function, i);
    if (problem) return problem;
  }
  return null;
}

function refuseName(name, param) {
  if (typeof name !== 'string') return missing(param);
  if (name.length > NAME_LENGTH_MAX) return refuse(`Invalid '${param}': string too long. Expected a string with maximum length ${NAME_LENGTH_MAX}, but got a string with length ${name.length} instead.`, {param, code: 'string_above_max_length'});
  return /^[a-zA-Z0-9_-]+$/.test(name) ? null : refuse(`Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`, {param, code: 'invalid_value'});
}

function refuseSchema({name, parameters, strict}, i) {
  const say = (what) => refuse(`Invalid schema for function '${name}': ${what}`, {param: `tools[${i}].function.parameters`, code: 'invalid_function_parameters'});
  if (parameters === undefined) return null;
  if (!isObject(parameters)) return say(`${JSON.stringify(parameters)} is not of type 'object'.`);
  if (parameters.type !== 'object') return say(`schema must be a JSON Schema of 'type: "object"', got 'type: "${parameters.type ?? 'None'}"'.`);
  const problem = strict ? strictProblem(parameters, []) : null;
  return problem ? say(problem) : null;
}

function strictProblem(schema, path) {
  if (!isObject(schema)) return null;
  const context = `In context=(${path.map((part) => `'${part}'`).join(', ')}${path.length === 1 ? ',' : ''}),`;
  if (schema.type === 'object' || schema.properties) {
    if (schema.additionalProperties !== false) return `${context} 'additionalProperties' is required to be supplied and to be false.`;
    const lost = Object.keys(schema.properties ?? {}).find((key) => !(schema.required ?? []).includes(key));
    if (lost) return `${context} 'required' is required to be supplied and to be an array including every key in properties. Missing '${lost}'.`;
  }
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const problem = strictProblem(part, [...path, 'properties', key]);
    if (problem) return problem;
  }
  return strictProblem(schema.items, [...path, 'items']);
}

function refuseToolChoice({tools = [], tool_choice: choice, parallel_tool_calls: parallel}) {
  if (parallel !== undefined && !tools.length) return refuse("Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.", {param: 'parallel_tool_calls'});
  if (choice === undefined) return null;
  if (!tools.length) return refuse("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", {param: 'tool_choice'});
  const known = (name) => tools.some((tool) => tool.function?.name === name);
  if (typeof choice === 'string') return ['none', 'auto', 'required'].includes(choice) ? null : refuse(`Invalid value: '${choice}'. Supported values are: 'none', 'auto', and 'required'.`, {param: 'tool_choice', code: 'invalid_value'});
  if (choice?.type === 'function') return known(choice.function?.name) ? null : refuse(`Tool choice '${choice.function?.name}' not found in 'tools' parameter.`, {param: 'tool_choice'});
  if (choice?.type !== 'allowed_tools') return refuse(`Invalid value: '${choice?.type}'. Supported values are: 'function', 'allowed_tools', and 'custom'.`, {param: 'tool_choice.type', code: 'invalid_value'});
  const {mode, tools: allowed} = choice.allowed_tools ?? {};
  if (!['auto', 'required'].includes(mode)) return refuse(`Invalid value: '${mode}'. Supported values are: 'auto' and 'required'.`, {param: 'tool_choice.allowed_tools.mode', code: 'invalid_value'});
  if (!Array.isArray(allowed) || !allowed.length) return missing('tool_choice.allowed_tools.tools');
  const stranger = allowed.find((tool) => !known(tool.function?.name));
  return stranger ? refuse(`Tool choice '${stranger.function?.name}' not found in 'tools' parameter.`, {param: 'tool_choice'}) : null;
}

function refuseReasoning({tools, reasoning_effort: effort, model: name}, model) {
  if (!tools || model.toolsWithReasoning || effort === 'none') return null;
  return refuse(`Function tools with reasoning_effort are not supported for ${name} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.`, {param: 'reasoning_effort'});
}

function refuseMessages({messages}) {
  if (!Array.isArray(messages) || !messages.length) return refuse("Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", {param: 'messages', code: 'empty_array'});
  let open = null;  // the calls of the latest assistant message: {at, ids} until all are answered
  for (const [i, message] of messages.entries()) {
    if (!ROLES.includes(message?.role)) return refuse(`Invalid value: '${message?.role}'. Supported values are: ${ROLES.map((role) => `'${role}'`).join(', ')}.`, {param: `messages[${i}].role`, code: 'invalid_value'});
    const problem = refuseContent(message, i) ?? refuseCalls(message, i);
    if (problem) return problem;
    if (message.role === 'tool') {
      if (!open?.ids.includes(message.tool_call_id)) return refuse("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", {param: `messages.[${i}].role`});
      open.ids = open.ids.filter((id) => id !== message.tool_call_id);
      continue;
    }
    if (open?.ids.length) return unanswered(open, i);
    open = message.tool_calls ? {at: i, ids: message.tool_calls.map(({id}) => id)} : null;
  }
  return open?.ids.length ? unanswered(open, messages.length) : null;
}

const unanswered = ({ids}, i) => refuse(`An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(', ')}`, {param: `messages.[${i}].role`});

function refuseContent({role, content, tool_calls: calls, tool_call_id: id}, i) {
  if (role === 'tool' && typeof id !== 'string') return missing(`messages[${i}].tool_call_id`);
  if (typeof content === 'string' || Array.isArray(content)) return null;
  if (role === 'assistant' && calls && (content === null || content === undefined)) return null;
  return refuse(`Invalid value for 'content': expected a string, got ${content === null || content === undefined ? 'null' : typeof content}.`, {param: `messages.[${i}].content`});
}

function refuseCalls({role, tool_calls: calls}, i) {
  if (calls === undefined) return null;
  if (role !== 'assistant') return refuse(`Unknown parameter: 'messages[${i}].tool_calls'.`, {param: `messages[${i}].tool_calls`, code: 'unknown_parameter'});
  if (!Array.isArray(calls) || !calls.length) return refuse(`Invalid 'messages[${i}].tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`, {param: `messages[${i}].tool_calls`, code: 'empty_array'});
  for (const [j, call] of calls.entries()) {
    const at = `messages[${i}].tool_calls[${j}]`;
    if (typeof call.id !== 'string') return missing(`${at}.id`);
    if (call.type !== 'function') return call.type === undefined ? missing(`${at}.type`) : refuse(`Invalid value: '${call.type}'. Supported values are: 'function' and 'custom'.`, {param: `${at}.type`, code: 'invalid_value'});
    const bad = refuseName(call.function?.name, `${at}.function.name`);
    if (bad) return bad;
    if (typeof call.function.arguments !== 'string') {
      return refuse(`Invalid type for '${at}.function.arguments': expected a string, but got ${call.function.arguments === undefined ? 'nothing' : 'an object'} instead.`, {param: `${at}.function.arguments`, code: 'invalid_type'});
    }
  }
  return null;
}

function refuseLength({messages, tools}, contextTokens) {
  const tokens = tokensOf(Buffer.byteLength(JSON.stringify([messages, tools ?? []])));
  return tokens > contextTokens ? refuse(`This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`, {param: 'messages', code: 'context_length_exceeded'}) : null;
}
