// A conversation as turns: what was asked, and the answer. Stored messages and running streams become the same thing. Pure.
import { event_number, started, type Answer, type Entry } from '../agent/answer';
import type { ChatMessage } from '../api/types';

export interface Turn {
  // Null until the server has said which turn it is.
  number: number | null;
  question: string | null;
  answer: Answer;
}

// The turns of the transcript. What a stored answer took and cost is not in it.
export function turns_of(messages: ChatMessage[]): Turn[] {
  const turns = new Map<number, Turn>();
  for (const message of messages) {
    let turn = turns.get(message.turn);
    if (!turn) {
      turn = { number: message.turn, question: null, answer: { ...started(0), state: 'done', ended_at: 0 } };
      turns.set(message.turn, turn);
    }
    if (message.role === 'user') turn.question = message.text;
    else turn.answer.entries = with_message(turn.answer.entries, message);
  }
  return [...turns.values()].sort((a, b) => a.number! - b.number!);
}

function with_message(entries: Entry[], message: ChatMessage): Entry[] {
  const added: Entry[] = [];
  if (message.role === 'assistant' && message.text?.trim()) added.push({ kind: 'words', text: message.text });
  for (const call of message.tool_calls ?? []) added.push({ kind: 'step', step: { call: { id: call.id, name: call.name, title: call.title, input: call.arguments ?? {} }, started_at: 0, result: null } });
  const all = [...entries, ...added];
  for (const result of message.tool_results ?? []) {
    const at = all.findLastIndex((entry) => entry.kind === 'step' && entry.step.call.id === result.call_id && entry.step.result === null);
    const entry = all[at];
    if (entry?.kind === 'step') all[at] = { kind: 'step', step: { ...entry.step, result: { id: result.call_id, name: result.name, ok: result.ok, outcome: result.outcome, result: value_of(result.content) } } };
  }
  return all;
}

// What a tool answered is kept as the model got it, which may be JSON as text.
function value_of(content: unknown): unknown {
  if (typeof content !== 'string') return content;
  try {
    return JSON.parse(content);
  } catch {
    return { text: content };
  }
}

// The turns on the screen: of a turn that this page saw happen, what it saw (with its cost, and what went wrong) rather than the transcript.
export function merged(stored: Turn[], live: Turn[]): Turn[] {
  const seen = new Set(live.map((turn) => turn.number));
  const question_of = (number: number | null) => stored.find((turn) => turn.number === number)?.question ?? null;
  return [...stored.filter((turn) => !seen.has(turn.number)), ...live.map((turn) => (turn.question === null && turn.number !== null ? { ...turn, question: question_of(turn.number) } : turn))];
}

// The turn that an event id (`turn:seq`) belongs to.
export const turn_number = (event_id: string | null): number | null => event_number(event_id ?? '')[0];

// What a conversation is called until somebody names it: its first sentence, shortened.
export function title_of(question: string): string {
  const line = question.trim().split('\n')[0]!.replace(/\s+/g, ' ');
  return line.length <= 80 ? line : `${line.slice(0, 79).trimEnd()}…`;
}
