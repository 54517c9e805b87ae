// Reads the stream of a turn to its end, through lost connections.
import type { AgentEvent } from '../api/agent_events';
import { ApiError } from '../api/client';
import { event_number } from '../agent/answer';

export interface TurnSource {
  // The stream to begin with: a question that is asked, or a turn that is under way.
  open: () => AsyncIterable<AgentEvent>;
  // The events after `last_event_id`, then live.
  resume: (last_event_id: string) => AsyncIterable<AgentEvent>;
  // `turn:0` of the turn that runs now; null when none does. Asked when the connection was lost before the first event.
  find_running: () => Promise<string | null>;
  pause: (ms: number) => Promise<void>;
  on_event: (event: AgentEvent) => void;
  on_connection: (state: 'open' | 'lost') => void;
  signal: AbortSignal;
}

// The server keeps a turn going for 30 s after its reader is lost: these pauses stay below.
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 8000];

// Returns once `done` or `error` came. Throws the server's refusal, an abort, or a network problem when the turn could not be found again.
export async function follow_turn(source: TurnSource): Promise<void> {
  let last_id = '';
  let open: () => AsyncIterable<AgentEvent> = source.open;
  for (let lost = 0; ; ) {
    try {
      for await (const event of open()) {
        if (lost > 0) source.on_connection('open');
        lost = 0;
        if (event_number(event.id)[0] !== null) last_id = event.id;
        // The server has forgotten what came after the last event: only the transcript has it.
        if (event.type === 'error' && event.problem.code === 'resume_gone') throw new ApiError({ ...event.problem, status: 410 });
        source.on_event(event);
        if (event.type === 'done' || event.type === 'error') return;
      }
    } catch (error) {
      if (source.signal.aborted || is_refusal(error)) throw error;
    }
    source.signal.throwIfAborted();
    const pause = PAUSES_MS[lost];
    if (pause === undefined) throw new ApiError(LOST);
    lost += 1;
    source.on_connection('lost');
    await source.pause(pause);
    source.signal.throwIfAborted();
    if (last_id === '') {
      const running = await source.find_running().catch((error: unknown) => {
        if (is_refusal(error)) throw error;
        return undefined;
      });
      if (running === null) throw new ApiError(NOT_DELIVERED);
      if (running === undefined) open = never;
      else last_id = running;
    }
    if (last_id !== '') {
      const from = last_id;
      open = () => source.resume(from);
    }
  }
}

// What the server itself said no to. No answer at all, or a proxy's, is a lost connection.
const is_refusal = (error: unknown) => error instanceof ApiError && error.status !== 0 && !error.code.startsWith('http_5');

async function* never(): AsyncGenerator<AgentEvent> {}

const LOST = { title: 'The connection broke off', status: 0, code: 'network', detail: 'The server could not be reached again. What it had said until then is shown above.' };
const NOT_DELIVERED = { title: 'The message did not arrive', status: 0, code: 'not_delivered', detail: 'The connection broke off before the server took it in.' };
