import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quick_fixes, range_in } from './marks';

const text = 'charts:\n  trend: {query: q, mark: line, y: dealy}\n';
const violation = { path: 'charts.trend.y', line: 2, column: 36, code: 'unknown_column', message: '', got: 'dealy', suggestion: 'delay' };

test('the mark covers the wrong word, and the fix replaces just that', () => {
  const { from, to } = range_in(text, violation);
  assert.equal(text.slice(from, to), 'dealy');
  assert.deepEqual(quick_fixes(text, violation), [{ name: 'Replace by “delay”', range: { from, to }, insert: 'delay' }]);
});

test('a column that is a little off still finds the word on its line', () => {
  const { from, to } = range_in(text, { ...violation, column: 3 });
  assert.equal(text.slice(from, to), 'dealy');
});

test('a place outside of the text marks something that is there', () => {
  const { from, to } = range_in(text, { ...violation, line: 99, column: 99, got: null });
  assert.ok(from >= 0 && to <= text.length && from <= to);
  assert.deepEqual(quick_fixes(text, { ...violation, line: 99 }), []);
});
