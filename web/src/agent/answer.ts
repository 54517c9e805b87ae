// What the agent says and does in one answer, collected from its events. Pure.
import type { AgentEvent } from '../api/agent_events';
import type { AgentDone, AgentProblem, ChatDone, GenerationDone, ToolCall, ToolResult } from '../api/types';

export interface Step {
  call: ToolCall;
  started_at: number;
  result: ToolResult | null;
}

export type Entry = { kind: 'words'; text: string } | { kind: 'step'; step: Step } | { kind: 'notice'; text: string };

export interface Answer {
  state: 'running' | 'done' | 'failed' | 'stopped';
  // 0 when this page did not see it begin.
  started_at: number;
  ended_at: number | null;
  session_id: string | null;
  // `turn:seq` of the last event that was taken in.
  last_event_id: string;
  // What the agent said and did, in order; words between two steps are one entry.
  entries: Entry[];
  problem: AgentProblem | null;
  done: (AgentDone & Partial<GenerationDone> & ChatDone) | null;
}

export function started(now: number): Answer {
  return { state: 'running', started_at: now, ended_at: null, session_id: null, last_event_id: '', entries: [], problem: null, done: null };
}

export function with_event(answer: Answer, event: AgentEvent, now: number): Answer {
  if (is_old(event.id, answer.last_event_id)) return answer;
  const next = event.id ? { ...answer, last_event_id: event.id } : answer;
  switch (event.type) {
    case 'session':
      return { ...next, session_id: event.session_id };
    case 'token':
      return { ...next, entries: with_words(next.entries, event.text) };
    case 'tool_call':
      return { ...next, entries: [...next.entries, { kind: 'step', step: { call: event.call, started_at: now, result: null } }] };
    case 'tool_result':
      return { ...next, entries: with_result(next.entries, event.result) };
    case 'warning':
      return { ...next, entries: [...next.entries, { kind: 'notice', text: event.warning.message }] };
    case 'fallback':
      return { ...next, entries: [...next.entries, { kind: 'notice', text: fallback_text(event.fallback) }] };
    case 'reset':
      return { ...next, entries: without_step(next.entries, event.step) };
    case 'error':
      return event.problem.code === 'cancelled' ? stopped(with_usage(next, event.problem), now) : failed(with_usage(next, event.problem), now, event.problem);
    case 'done':
      // The stream's end says how it went even when the server sends `done` after an error.
      return { ...next, state: next.problem && !event.done.dashboard_slug ? 'failed' : is_stopped(event.done) ? 'stopped' : 'done', ended_at: now, done: event.done };
  }
}

// A stream that just stops is a failure, not a success.
export function broken_off(answer: Answer, now: number, detail: string): Answer {
  if (answer.state !== 'running') return answer;
  return failed(answer, now, { title: 'The connection broke off', status: 0, code: 'network', detail });
}

export function failed(answer: Answer, now: number, problem: AgentProblem): Answer {
  return { ...answer, state: 'failed', ended_at: now, problem };
}

// An answer that failed has its price too.
function with_usage(answer: Answer, { usage, cost_usd, model_calls }: AgentProblem): Answer {
  return usage ? { ...answer, done: { usage, cost_usd, model_calls } } : answer;
}

export function stopped(answer: Answer, now: number): Answer {
  return { ...answer, state: 'stopped', ended_at: now, problem: null };
}

const is_stopped = (done: AgentDone) => done.finish_reason === 'cancelled' || done.finish_reason === 'stopped';

const fallback_text = ({ from, to, reason }: { from: string; to: string; reason: string }) => `${to} answers instead of ${from}${reason ? `: ${reason}` : ''}`;

// A resumed stream may send again what has been shown.
function is_old(id: string, last: string): boolean {
  const [turn, seq] = event_number(id);
  const [last_turn, last_seq] = event_number(last);
  return turn !== null && turn === last_turn && seq <= last_seq;
}

export function event_number(id: string): [turn: number | null, seq: number] {
  const parts = /^(\d+):(\d+)$/.exec(id);
  return parts ? [Number(parts[1]), Number(parts[2])] : [null, 0];
}

function with_words(entries: Entry[], text: string): Entry[] {
  const last = entries[entries.length - 1];
  if (last?.kind === 'words') return [...entries.slice(0, -1), { kind: 'words', text: last.text + text }];
  return [...entries, { kind: 'words', text }];
}

// The result belongs to the last call of that id: a model may count its calls anew in every step.
function with_result(entries: Entry[], result: ToolResult): Entry[] {
  const at = entries.findLastIndex((entry) => entry.kind === 'step' && entry.step.call.id === result.id);
  return entries.map((entry, index) => (index === at && entry.kind === 'step' ? { kind: 'step', step: { ...entry.step, result } } : entry));
}

// Takes back what came after the last call of an earlier step; what was told about the stream itself stays.
function without_step(entries: Entry[], step: number): Entry[] {
  const kept = entries.findLastIndex((entry) => entry.kind === 'step' && (entry.step.call.step ?? 0) < step);
  return entries.filter((entry, index) => index <= kept || entry.kind === 'notice');
}

// What a call means to somebody who has never heard of tools: in the server's words.
export const step_title = ({ title, name }: ToolCall): string => title || name.replaceAll('_', ' ');

export interface Scan {
  bytes: number;
  cap: number | null;
}

interface LooseResult {
  bytes_scanned?: number;
  cap_bytes?: number;
  error?: { code?: string; message?: string; help?: string; bytes_scanned?: number; cap_bytes?: number; errors?: { message?: string }[] };
}

export function scan_of(result: ToolResult | null): Scan | null {
  if (!result) return null;
  const loose = (result.result ?? {}) as LooseResult;
  const bytes = result.bytes_scanned ?? loose.bytes_scanned ?? loose.error?.bytes_scanned;
  const cap = loose.cap_bytes ?? loose.error?.cap_bytes;
  if (typeof bytes !== 'number') return null;
  return { bytes, cap: typeof cap === 'number' ? cap : null };
}

export function refusal_of(result: ToolResult | null): string | null {
  if (!result || result.ok) return null;
  const error = ((result.result ?? {}) as LooseResult).error;
  return [error?.message ?? result.summary, error?.help].filter(Boolean).join(' ') || 'refused';
}
