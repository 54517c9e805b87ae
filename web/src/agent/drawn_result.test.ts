import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToolResult } from '../api/types';
import { drawn_result } from './drawn_result';

const answer = { columns: [{ name: 'day', type: 'date' }], rows: [['2001-01-01']] };
const result_of = (outcome: ToolResult['outcome'], result: unknown, ok = true): ToolResult => ({ id: '1', name: 'any_tool', ok, outcome, result });

test('rows are drawn as a table, a chart as a chart, a saved dashboard as a link, whichever tool it was', () => {
  assert.equal(drawn_result(result_of('shown', { ...answer, row_count: 40, truncated: true }))?.kind, 'table');
  assert.equal(drawn_result(result_of('shown', { ...answer, title: 'T', chart: { mark: 'bar', query: 'q' } }))?.kind, 'chart');
  assert.deepEqual(drawn_result(result_of('saved', { slug: 's', version: 2 })), { kind: 'dashboard', slug: 's', version: 2 });
});

test('a refused call, a result of another shape and what is for the model alone are not drawn', () => {
  assert.equal(drawn_result(result_of('shown', answer, false)), null);
  assert.equal(drawn_result(result_of('shown', { columns: 'none' })), null);
  assert.equal(drawn_result(result_of('shown', { ...answer, chart: { query: 'q' } })), null);
  assert.equal(drawn_result(result_of('saved', answer)), null);
  assert.equal(drawn_result(result_of('answer', answer)), null);
  assert.equal(drawn_result(result_of(undefined, answer)), null);
  assert.equal(drawn_result(null), null);
});
