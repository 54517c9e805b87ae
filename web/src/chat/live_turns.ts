// The turns that this page has asked for or joined. They go on while the person looks at something else, and their cost and errors, which
// no transcript has, are kept as long as the page.
import { useSyncExternalStore } from 'react';
import { event_number, failed, started, stopped, with_event } from '../agent/answer';
import { api, ApiError, resume_chat, say } from '../api/client';
import { recall_question, remember_question } from './asked';
import type { Turn } from './conversation';
import { follow_turn, type TurnSource } from './follow_turn';

export interface LiveTurn extends Turn {
  connection: 'open' | 'lost';
  stopping: boolean;
}

const NONE: LiveTurn[] = [];
// How long a stopped turn may take to say its last word.
const STOP_MS = 8000;
// Words arrive faster than a page can be drawn: changes within this time are drawn at once.
const DRAW_MS = 40;

const sessions = new Map<string, LiveTurn[]>();
const readers = new Map<string, AbortController>();
const listeners = new Set<() => void>();
let ended_listener: ((session_id: string) => void) | null = null;
let drawing: ReturnType<typeof setTimeout> | null = null;

function notify(): void {
  drawing ??= setTimeout(() => {
    drawing = null;
    for (const listener of listeners) listener();
  }, DRAW_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function use_live_turns(session_id: string): LiveTurn[] {
  return useSyncExternalStore(subscribe, () => sessions.get(session_id) ?? NONE);
}

export const live_turns = (session_id: string): LiveTurn[] => sessions.get(session_id) ?? NONE;

export const is_running = (turns: Turn[]): boolean => turns[turns.length - 1]?.answer.state === 'running';

// `listener` is told of every session whose turn has ended: what the server knows of it has changed.
export function on_turn_ended(listener: ((session_id: string) => void) | null): void {
  ended_listener = listener;
}

export function ask(session_id: string, question: string): void {
  remember_question(session_id, question);
  begin(session_id, { number: null, question, answer: started(Date.now()), connection: 'open', stopping: false }, (signal) => say(session_id, question, signal));
}

// Shows a turn that is under way from its beginning. When it began is not known.
export function join(session_id: string, number: number, question: string | null): void {
  if (live_turns(session_id).some((turn) => turn.number === number)) return;
  begin(session_id, { number, question: question ?? recall_question(session_id), answer: started(0), connection: 'open', stopping: false }, (signal) => resume_chat(session_id, `${number}:0`, signal));
}

// The stream's own last event says that it has stopped; the page does not wait for it for ever.
export async function stop(session_id: string): Promise<void> {
  change(session_id, (turn) => ({ ...turn, stopping: true }));
  const reader = readers.get(session_id);
  try {
    await api.stop_chat(session_id);
    setTimeout(() => reader?.abort(), STOP_MS);
  } catch (error) {
    change(session_id, (turn) => ({ ...turn, stopping: false }));
    throw error;
  }
}

function begin(session_id: string, turn: LiveTurn, open: (signal: AbortSignal) => ReturnType<typeof say>): void {
  if (is_running(live_turns(session_id))) return;
  const controller = new AbortController();
  readers.set(session_id, controller);
  // A question that never arrived and is asked again replaces itself.
  const kept = live_turns(session_id).filter((one) => one.number !== null || one.question !== turn.question);
  sessions.set(session_id, [...kept, turn]);
  notify();
  void read(session_id, controller.signal, () => open(controller.signal)).finally(() => {
    readers.delete(session_id);
    remember_question(session_id, null);
    ended_listener?.(session_id);
  });
}

async function read(session_id: string, signal: AbortSignal, open: TurnSource['open']): Promise<void> {
  try {
    await follow_turn({
      open,
      resume: (last_event_id) => resume_chat(session_id, last_event_id, signal),
      find_running: async () => {
        const session = await api.chat_session(session_id, signal);
        const [number] = event_number(session.last_event_id ?? '');
        return session.running && number !== null ? `${number}:0` : null;
      },
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      on_event: (event) => change(session_id, (turn) => ({ ...turn, number: turn.number ?? event_number(event.id)[0], answer: with_event(turn.answer, event, Date.now()) })),
      on_connection: (connection) => change(session_id, (turn) => ({ ...turn, connection })),
      signal,
    });
    change(session_id, (turn) => (turn.stopping ? { ...turn, answer: stopped(turn.answer, Date.now()) } : turn));
  } catch (error) {
    if (signal.aborted) return change(session_id, (turn) => ({ ...turn, answer: stopped(turn.answer, Date.now()) }));
    // A turn that the server no longer streams has ended: its transcript says how.
    if (error instanceof ApiError && GONE.has(error.status) && live_turns(session_id).at(-1)?.number != null) {
      sessions.set(session_id, live_turns(session_id).slice(0, -1));
      return notify();
    }
    const problem = error instanceof ApiError ? error.problem : { title: 'Something went wrong on this page', status: 0, code: 'internal', detail: error instanceof Error ? error.message : String(error) };
    change(session_id, (turn) => ({ ...turn, answer: failed(turn.answer, Date.now(), problem) }));
  }
}

const GONE = new Set([400, 404, 409, 410, 412]);

// Changes the latest turn.
function change(session_id: string, how: (turn: LiveTurn) => LiveTurn): void {
  const turns = live_turns(session_id);
  const last = turns[turns.length - 1];
  if (!last) return;
  sessions.set(session_id, [...turns.slice(0, -1), how(last)]);
  notify();
}
