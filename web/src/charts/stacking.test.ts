import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chart } from '../api/types';
import { not_additive, sql_aggregate, stacking_of } from './stacking';

const of = (chart: Partial<Chart>, notes = {}, sql: string | null = null) => ({ chart: { query: 'q', mark: 'bar', x: 'm', color: 'k', ...chart } as Chart, data: { columns: [], rows: [] }, compare: null, notes, sql });

test('averages, medians and extremes are side by side, and the caption says why', () => {
  for (const aggregate of ['mean', 'median', 'min', 'max'] as const) {
    const { stacked, caption } = stacking_of(of({ y: { field: 'v', aggregate } }));
    assert.equal(stacked, false);
    assert.match(caption!, /do not add up: side by side, not stacked/);
  }
  assert.equal(stacking_of(of({ y: 'v' })).stacked, true);
  assert.equal(stacking_of(of({ mark: 'stacked_bar', y: 'v', stack: 'normalize' })).shares, true);
  assert.equal(stacking_of(of({ mark: 'stacked_bar', y: { field: 'v', aggregate: 'mean' }, stack: 'normalize' })).shares, false);
});

test('a name, a label or the SQL tells that a column is an average', () => {
  assert.equal(not_additive({ field: 'avg_delay' }, of({})), 'Averages');
  assert.equal(not_additive({ field: 'd' }, of({}, { d: { label: 'Median delay' } })), 'Medians');
  assert.equal(not_additive({ field: 'maxTemp' }, of({})), 'Highest values');
  assert.equal(not_additive({ field: 'delay_min' }, of({})), null); // minutes
  assert.equal(not_additive({ field: 'd', aggregate: 'count' }, of({}, { d: { label: 'Median delay' } })), null);
  assert.equal(not_additive({ field: 'v' }, of({}, {}, 'SELECT m, k, round(avg(v), 1) AS v FROM t GROUP BY 1, 2')), 'Averages');
});

test('the SQL is read as far as the expression that makes the column', () => {
  assert.equal(sql_aggregate('SELECT avg(a) AS a, sum(b) AS b FROM t', 'b'), null);
  assert.equal(sql_aggregate('SELECT sum(b) AS b, max(c) AS "c" FROM t', 'c'), 'max');
  assert.equal(sql_aggregate("SELECT 'avg(x) AS v', sum(x) AS v -- avg(x) AS v", 'v'), null);
  assert.equal(sql_aggregate('WITH w AS (SELECT avg(x) AS mid FROM t) SELECT sum(mid) AS v FROM w', 'v'), null);
  assert.equal(sql_aggregate('SELECT quantile_cont(x, 0.5) AS v FROM t', 'v'), 'quantile_cont');
});
