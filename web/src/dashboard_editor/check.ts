// What is known of the text in the editor, and how it is said. Pure.
import type { Problem, ValidationReport, Violation } from '../api/types';

export interface Check {
  // `trying`: the document is right by itself, and its queries are on their way to the warehouse; `failed`: nobody could say.
  state: 'reading' | 'trying' | 'done' | 'failed';
  errors: Violation[];
  warnings: Violation[];
  // Why there is no verdict.
  reason: string | null;
}

export const WAITING: Check = { state: 'reading', errors: [], warnings: [], reason: null };

// What the warehouse refuses leaves the rest of the document drawable.
export const is_of_a_query = (violation: Violation) => /^queries\..+\.sql$/.test(violation.path);

export function after_report(before: Check, report: ValidationReport, state: 'trying' | 'done'): Check {
  // What the queries were refused for stays marked until they have been tried again.
  const kept = state === 'trying' && before.errors.every(is_of_a_query);
  return { state, errors: kept ? before.errors : report.errors, warnings: report.warnings, reason: null };
}

// A failure that names places in the text is a verdict; any other leaves the text unjudged, which must not look like valid.
export function after_failure(before: Check, problem: Problem | null): Check {
  if (problem?.errors && problem.errors.length > 0) return { state: 'done', errors: problem.errors, warnings: [], reason: null };
  return { ...before, state: 'failed', reason: problem?.detail ?? problem?.title ?? 'The server did not answer.' };
}

const counted = (count: number, one: string) => `${count} ${count === 1 ? one : `${one}s`}`;

export function check_text({ state, errors, warnings, reason }: Check, tried: boolean): string {
  if (state === 'reading') return 'Checking…';
  if (state === 'trying') return 'Trying the queries…';
  if (errors.length > 0) return counted(errors.length, 'error');
  if (state === 'failed') return `Not checked: ${reason}`;
  const verdict = tried ? 'Valid, and the queries work' : 'Valid as written; the queries were not tried';
  return warnings.length > 0 ? `${verdict} · ${counted(warnings.length, 'warning')}` : verdict;
}
