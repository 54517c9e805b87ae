import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest_position, thin_positions } from './thin';

const count = 100_000;
const xs = Array.from({ length: count }, (_, at) => at * 60_000);

test('a long series keeps its ends and every extreme', () => {
  const values = xs.map((_, at) => (at === 51_234 ? 1000 : at === 77_777 ? -1000 : Math.sin(at / 100)));
  const kept = thin_positions(xs, values, 800);
  assert.ok(kept.length <= 4 * 801, String(kept.length));
  assert.deepEqual([kept[0], kept.at(-1)], [0, count - 1]);
  assert.ok(kept.includes(51_234) && kept.includes(77_777));
  assert.deepEqual(kept, [...kept].sort((a, b) => a - b));
});

test('a gap stays a gap', () => {
  const values = xs.map((_, at) => (at > 40_000 && at < 60_000 ? null : at));
  const kept = thin_positions(xs, values, 500);
  assert.ok(kept.some((at) => values[at] === null));
  assert.ok(kept.includes(40_000) || kept.some((at) => at <= 40_000 && at > 39_700));
});

test('what fits is left as it is, and irregular times have their pixels', () => {
  assert.deepEqual(thin_positions([0, 1, 9], [1, null, 3], 100), [0, 1, 2]);
  const crowded = [...Array.from({ length: 500 }, (_, at) => at / 1000), 1000];
  const kept = thin_positions(crowded, crowded.map((_, at) => at), 100);
  assert.deepEqual([kept[0], kept.at(-1), kept.length], [0, 500, 3]);
});

test('the nearest place is found', () => {
  assert.deepEqual([-5, 4, 6, 99].map((x) => nearest_position([0, 10, 20], x)), [0, 0, 1, 2]);
  assert.equal(nearest_position([], 1), -1);
});
