import { useEffect, useState, type Dispatch, type SetStateAction } from 'react';
import { api, ApiError } from '../api/client';
import { after_failure, after_report, WAITING, type Check } from './check';

const PAUSE_MS = 400;
// Trying the queries asks the warehouse: it waits until the typing rests.
const TRY_PAUSE_MS = 500;

// What is known of the text: first what the document says by itself, then what the warehouse says of its queries. Viewers may not try them.
export function use_check(text: string, may_try: boolean): [Check, Dispatch<SetStateAction<Check>>] {
  const [check, set_check] = useState<Check>(WAITING);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const ask = async () => {
      set_check((before) => ({ ...before, state: 'reading' }));
      await pause(PAUSE_MS, signal);
      const written = await api.validate(text, false, signal);
      set_check((before) => after_report(before, written, written.valid && may_try ? 'trying' : 'done'));
      if (!written.valid || !may_try) return;
      await pause(TRY_PAUSE_MS, signal);
      const tried = await api.validate(text, true, signal);
      set_check((before) => after_report(before, tried, 'done'));
    };
    ask().catch((error: unknown) => {
      if (!signal.aborted) set_check((before) => after_failure(before, error instanceof ApiError ? error.problem : null));
    });
    return () => controller.abort();
  }, [text, may_try]);
  return [check, set_check];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, give_up) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      give_up(signal.reason as Error);
    });
  });
}
