// The events of the agent's streams: a chat's answer, a dashboard being made.
import { read_event_stream } from './event_stream_reader';
import type { AgentDone, AgentProblem, ChatDone, Fallback, GenerationDone, ToolCall, ToolResult, Warning } from './types';

// `id` is `turn:seq`, or empty when the server names none.
export type AgentEvent = { id: string } & (
  | { type: 'session'; session_id: string }
  | { type: 'token'; text: string }
  | { type: 'tool_call'; call: ToolCall }
  | { type: 'tool_result'; result: ToolResult }
  | { type: 'warning'; warning: Warning }
  | { type: 'reset'; step: number }
  | { type: 'fallback'; fallback: Fallback }
  | { type: 'error'; problem: AgentProblem }
  | { type: 'done'; done: AgentDone & Partial<GenerationDone> & ChatDone }
);

export async function* read_agent_events(body: ReadableStream<Uint8Array>): AsyncGenerator<AgentEvent> {
  for await (const event of read_event_stream(body)) {
    const agent_event = to_agent_event(event.event, event.data, event.id);
    if (agent_event) yield agent_event;
  }
}

// Null for events this page does not know: a newer server may send more kinds.
export function to_agent_event(kind: string, data: string, id = ''): AgentEvent | null {
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  switch (kind) {
    case 'session':
      return { id, type: 'session', session_id: value.session_id };
    case 'token':
      return { id, type: 'token', text: value.text ?? '' };
    case 'tool_call':
      return { id, type: 'tool_call', call: { ...value, input: value.input ?? {} } };
    case 'tool_result':
      return { id, type: 'tool_result', result: value };
    case 'warning':
      return { id, type: 'warning', warning: { code: value.code ?? 'warning', message: value.message ?? '' } };
    case 'reset':
      return { id, type: 'reset', step: value.step ?? 1 };
    case 'fallback':
      return { id, type: 'fallback', fallback: value };
    case 'error': {
      const problem = value.problem ?? value;
      return { id, type: 'error', problem: { title: 'The agent stopped', status: 500, code: 'error', ...problem } };
    }
    case 'done':
      return { id, type: 'done', done: value };
    default:
      return null;
  }
}
