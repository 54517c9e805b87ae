import type { Entry } from './answer';
import { drawn_result } from './drawn_result';

// From this many on, steps in a row that drew nothing are one part of a finished answer. Pure.
const FOLDED_STEPS_MIN = 3;

// The entries in order, in parts: one entry each, or several steps to be folded into one line.
export function folded(entries: Entry[]): Entry[][] {
  const parts: Entry[][] = [];
  let quiet: Entry[] = [];
  const close = () => {
    if (quiet.length >= FOLDED_STEPS_MIN) parts.push(quiet);
    else parts.push(...quiet.map((entry) => [entry]));
    quiet = [];
  };
  for (const entry of entries) {
    if (entry.kind === 'step' && !drawn_result(entry.step.result)) {
      quiet.push(entry);
      continue;
    }
    close();
    parts.push([entry]);
  }
  close();
  return parts;
}
