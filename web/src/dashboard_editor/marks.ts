// Where in the text a violation is, and what would mend it. Pure.
import type { Violation } from '../api/types';

export interface TextRange {
  from: number;
  to: number;
}

// The range of a violation: the value it got, the word at its place, or its whole line.
export function range_in(text: string, violation: Violation): TextRange {
  if (!violation.line || violation.line < 1) return { from: 0, to: Math.min(text.length, line_end(text, 0)) };
  let start = 0;
  for (let line = 1; line < violation.line; line += 1) {
    const next = text.indexOf('\n', start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = line_end(text, start);
  const at = Math.min(end, start + Math.max(0, (violation.column ?? 1) - 1));
  const got = typeof violation.got === 'string' ? violation.got : null;
  if (got) {
    const found = text.slice(at, end).startsWith(got) ? at : text.slice(start, end).indexOf(got) >= 0 ? start + text.slice(start, end).indexOf(got) : -1;
    if (found >= 0) return { from: found, to: found + got.length };
  }
  const word = /^[\w$.:-]+/.exec(text.slice(at, end))?.[0];
  if (word) return { from: at, to: at + word.length };
  const indent = /^\s*/.exec(text.slice(start, end))![0].length;
  return end > start ? { from: Math.min(start + indent, end - 1), to: end } : { from: start, to: start };
}

// What the mark says: the server's message, and the suggestion unless the message makes it already.
export function violation_text(violation: Violation): string {
  const { message, suggestion } = violation;
  return suggestion && !message.includes(suggestion) ? `${message}. Did you mean “${suggestion}”?` : message;
}

function line_end(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

// Replacing the wrong word by the suggested one is safe only when that word is what the mark covers.
export function quick_fixes(text: string, violation: Violation): { name: string; range: TextRange; insert: string }[] {
  const range = range_in(text, violation);
  if (typeof violation.got !== 'string' || text.slice(range.from, range.to) !== violation.got) return [];
  const choices = violation.suggestion ? [violation.suggestion] : (violation.allowed ?? []).slice(0, 3);
  return choices.map((insert) => ({ name: `Replace by “${insert}”`, range, insert }));
}
