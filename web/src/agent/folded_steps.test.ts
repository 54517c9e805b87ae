import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from './answer';
import { folded } from './folded_steps';

const words: Entry = { kind: 'words', text: 'x' };
const step = (name: string, outcome: 'answer' | 'shown' | 'saved' = 'answer'): Entry => ({ kind: 'step', step: { call: { id: name, name, input: {} }, started_at: 0, result: { id: name, name, ok: true, outcome, result: { columns: [], rows: [], slug: 's' } } } });
const sizes = (entries: Entry[]) => folded(entries).map((part) => part.length);

test('quiet steps in a row become one part, what is drawn and said stays apart', () => {
  assert.deepEqual(sizes([words, step('a'), step('b'), step('c'), step('d', 'shown'), step('e'), words]), [1, 3, 1, 1, 1]);
  assert.deepEqual(sizes([step('a'), step('b'), step('c', 'saved')]), [1, 1, 1]);
  assert.deepEqual(sizes([]), []);
});
