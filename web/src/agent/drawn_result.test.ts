import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn_result } from './drawn_result';

const answer = { columns: [{ name: 'day', type: 'date' }], rows: [['2001-01-01']] };

test('a query is drawn as a table, a chart as a chart, a saved dashboard as a link', () => {
  assert.equal(drawn_result({ id: '1', name: 'run_query', ok: true, result: { ...answer, row_count: 40, truncated: true } })?.kind, 'table');
  assert.equal(drawn_result({ id: '1', name: 'show_chart', ok: true, result: { ...answer, title: 'T', chart: { mark: 'bar', query: 'q' } } })?.kind, 'chart');
  assert.deepEqual(drawn_result({ id: '1', name: 'save_dashboard_yaml', ok: true, result: { slug: 's', version: 2 } }), { kind: 'dashboard', slug: 's', version: 2 });
});

test('a refused call and a result of another shape are not drawn', () => {
  assert.equal(drawn_result({ id: '1', name: 'run_query', ok: false, result: answer }), null);
  assert.equal(drawn_result({ id: '1', name: 'run_query', ok: true, result: { columns: 'none' } }), null);
  assert.equal(drawn_result({ id: '1', name: 'show_chart', ok: true, result: answer }), null);
  assert.equal(drawn_result({ id: '1', name: 'list_tables', ok: true, result: answer }), null);
  assert.equal(drawn_result(null), null);
});
