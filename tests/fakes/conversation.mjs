// A request of either vendor as one shape, so that a script need not know whose it is.

/**
 * {vendor, model, system, tools: [names], mayCall, sentence, context, calls, turnCalls, notes}
 *   sentence   what the person said last, without the <context> that Bridge adds; context: the newest such context of the conversation
 *   calls      every tool call with its answer: {id, name, input, text, json, ok}; turnCalls: those since the sentence
 */
export function readConversation(request) {
  const openai = (request.tools ?? []).some((tool) => tool.function) || request.messages.some(({role, tool_calls: calls}) => calls || ['tool', 'system', 'developer'].includes(role)) || request.max_completion_tokens !== undefined;
  const turns = openai ? openaiTurns(request) : anthropicTurns(request);
  const out = {
    vendor: openai ? 'openai' : 'anthropic',
    model: request.model,
    tools: offeredTools(request),
    mayCall: Boolean(request.tools?.length) && (request.tool_choice?.type ?? request.tool_choice) !== 'none',
    system: turns.system, sentence: '', context: '', calls: [], turnCalls: [],
  };
  for (const turn of turns.list) {
    if (turn.said !== undefined) {
      const at = turn.said.indexOf('\n\n<context>\n');
      out.sentence = at < 0 ? turn.said : turn.said.slice(0, at);
      if (at >= 0) out.context = turn.said.slice(at);
      out.turnCalls = [];
    } else if (turn.called) {
      out.calls.push(turn.called);
      out.turnCalls.push(turn.called);
    } else {
      const call = out.calls.findLast(({id}) => id === turn.answered.id);
      if (call) Object.assign(call, readAnswer(turn.answered));
    }
  }
  return out;
}

function offeredTools({tools = [], tool_choice: choice}) {
  const allowed = choice?.type === 'allowed_tools' ? choice.allowed_tools.tools : tools;
  return allowed.map((tool) => tool.function?.name ?? tool.name);
}

const textOf = (content) => (typeof content === 'string' ? content : (content ?? []).filter(({type}) => type === 'text').map(({text}) => text).join('\n'));

function anthropicTurns({system, messages}) {
  const list = [];
  for (const {role, content} of messages) {
    const blocks = typeof content === 'string' ? [{type: 'text', text: content}] : content;
    const results = blocks.filter(({type}) => type === 'tool_result');
    for (const block of results) list.push({answered: {id: block.tool_use_id, text: textOf(block.content), failed: block.is_error === true}});
    if (role === 'user' && textOf(blocks)) list.push({said: textOf(blocks)});  // behind results too: after a turn that broke off
    for (const block of blocks) if (block.type === 'tool_use') list.push({called: {id: block.id, name: block.name, input: block.input}});
  }
  return {system: textOf(system), list};
}

function openaiTurns({messages}) {
  const list = [];
  for (const message of messages) {
    if (message.role === 'user') list.push({said: textOf(message.content)});
    if (message.role === 'tool') list.push({answered: {id: message.tool_call_id, text: textOf(message.content), failed: false}});
    for (const call of message.tool_calls ?? []) list.push({called: {id: call.id, name: call.function.name, input: parseOr(call.function.arguments, {})}});
  }
  return {system: messages.filter(({role}) => role === 'system' || role === 'developer').map(({content}) => textOf(content)).join('\n'), list};
}

// A tool's answer is a JSON object, perhaps with words around it.
function readAnswer({text, failed}) {
  const json = parseOr(text, null) ?? parseOr(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1), null);
  return {text, json, ok: !failed && !(json && typeof json.error === 'object' && json.error !== null)};
}

function parseOr(text, otherwise) {
  try { return JSON.parse(text); } catch { return otherwise; }
}
