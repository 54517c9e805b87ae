import assert from 'node:assert/strict';
import { test } from 'node:test';
import { started } from '../agent/answer';
import type { ChatMessage } from '../api/types';
import { merged, title_of, turns_of, turn_number } from './conversation';

const messages: ChatMessage[] = [
  { turn: 1, role: 'user', text: 'How many?' },
  { turn: 1, role: 'assistant', text: 'I will look.', tool_calls: [{ id: 'a', name: 'run_query', title: 'Asking the warehouse', arguments: { sql: 'SELECT 1' } }] },
  { turn: 1, role: 'tool', text: null, tool_results: [{ call_id: 'a', name: 'run_query', ok: true, outcome: 'shown', content: '{"columns":[{"name":"n","type":"integer"}],"rows":[[1]]}' }] },
  { turn: 1, role: 'assistant', text: 'One.' },
  { turn: 2, role: 'user', text: 'And now?' },
];

test('the transcript becomes turns: question, words, steps with their results', () => {
  const turns = turns_of(messages);
  assert.deepEqual(turns.map((turn) => [turn.number, turn.question]), [[1, 'How many?'], [2, 'And now?']]);
  assert.deepEqual(turns[0]!.answer.entries.map((entry) => entry.kind), ['words', 'step', 'words']);
  const step = turns[0]!.answer.entries[1]!;
  assert.ok(step.kind === 'step');
  assert.equal(step.step.call.title, 'Asking the warehouse');
  assert.equal(step.step.result?.outcome, 'shown');
  assert.deepEqual(step.step.result?.result, { columns: [{ name: 'n', type: 'integer' }], rows: [[1]] });
});

test('a turn that this page saw is shown as it saw it', () => {
  const live = [{ number: 2, question: 'And now?', answer: started(5) }];
  assert.deepEqual(merged(turns_of(messages), live).map((turn) => turn.answer.state), ['done', 'running']);
  // Of a turn that was joined while it ran, only the transcript knows the question.
  assert.equal(merged(turns_of(messages), [{ number: 2, question: null, answer: started(5) }])[1]?.question, 'And now?');
  const undelivered = [{ number: null, question: 'Lost', answer: started(5) }];
  assert.equal(merged(turns_of(messages), undelivered).length, 3);
});

test('a conversation is called after its first sentence', () => {
  assert.equal(title_of('  How   many\nflights?'), 'How many');
  assert.equal(title_of('x'.repeat(100)).length, 80);
  assert.equal(turn_number('3:17'), 3);
  assert.equal(turn_number(null), null);
});
