// The steps of the agent, collected from its events. Pure.
import type { GenerationEvent } from '../api/client';
import type { GenerationDone, Problem, ToolCall, ToolResult } from '../api/types';

export interface Step {
  call: ToolCall;
  started_at: number;
  result: ToolResult | null;
}

export interface Run {
  state: 'idle' | 'running' | 'done' | 'failed' | 'cancelled';
  prompt: string;
  started_at: number;
  ended_at: number | null;
  session_id: string | null;
  // What the agent said and did, in order; words between two steps are one entry.
  entries: ({ kind: 'words'; text: string } | { kind: 'step'; step: Step })[];
  problem: Problem | null;
  done: GenerationDone | null;
}

export const IDLE: Run = { state: 'idle', prompt: '', started_at: 0, ended_at: null, session_id: null, entries: [], problem: null, done: null };

export function started(prompt: string, now: number): Run {
  return { ...IDLE, state: 'running', prompt, started_at: now };
}

export function with_event(run: Run, event: GenerationEvent, now: number): Run {
  switch (event.type) {
    case 'session':
      return { ...run, session_id: event.session_id };
    case 'token': {
      const last = run.entries[run.entries.length - 1];
      if (last?.kind === 'words') return { ...run, entries: [...run.entries.slice(0, -1), { kind: 'words', text: last.text + event.text }] };
      return { ...run, entries: [...run.entries, { kind: 'words', text: event.text }] };
    }
    case 'tool_call':
      return { ...run, entries: [...run.entries, { kind: 'step', step: { call: event.call, started_at: now, result: null } }] };
    case 'tool_result':
      return {
        ...run,
        entries: run.entries.map((entry) => (entry.kind === 'step' && entry.step.call.id === event.result.id ? { kind: 'step', step: { ...entry.step, result: event.result } } : entry)),
      };
    case 'error':
      return { ...run, state: 'failed', ended_at: now, problem: event.problem };
    case 'done':
      // The stream's end says how it went even when the server sends `done` after an error.
      return { ...run, state: run.problem && !event.done.dashboard_slug ? 'failed' : 'done', ended_at: now, done: event.done };
  }
}

export function ended(run: Run, now: number): Run {
  if (run.state !== 'running') return run;
  return { ...run, state: 'failed', ended_at: now, problem: { title: 'The connection broke off', status: 0, code: 'network', detail: 'The server stopped answering before the dashboard was finished.' } };
}

const words = (value: unknown) => (typeof value === 'string' ? value : '');

// What a call means to somebody who has never heard of tools.
export function step_title(call: ToolCall): string {
  const { name, arguments: given } = call;
  switch (name) {
    case 'list_datasets':
      return 'Looking at which datasets there are';
    case 'list_tables':
      return words(given.dataset) ? `Looking at the tables of ${words(given.dataset)}` : 'Looking at which tables there are';
    case 'get_table_schema':
      return `Reading the columns of ${words(given.table) || words(given.table_id) || 'a table'}`;
    case 'run_dry_run_query':
      return 'Trying a query without running it';
    case 'validate_dashboard_yaml':
      return 'Checking the dashboard';
    case 'save_dashboard_yaml':
      return 'Saving the dashboard';
    default:
      return name.replaceAll('_', ' ');
  }
}

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
