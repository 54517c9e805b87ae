import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DashboardData, DashboardDocument } from '../api/types';
import { shared_faults } from './faults';

const document = {
  charts: { a: { query: 'one', mark: 'kpi' }, b: { query: 'two', mark: 'bar' }, c: { query: 'three', mark: 'bar' }, d: { query: 'three', mark: 'line' }, hidden: { query: 'one', mark: 'bar' } },
  layout: [{ items: ['a', 'b', 'c', 'd'].map((chart) => ({ chart, w: 3 })) }],
} as unknown as DashboardDocument;
const down = { code: 'unavailable', detail: 'The warehouse does not answer.' };

test('a fault of several charts is told once', () => {
  const data: DashboardData = { queries: { one: { error: { ...down } }, two: { error: { ...down } }, three: { data: { columns: [], rows: [] } } } };
  assert.deepEqual(shared_faults(document, data), [{ error: down, charts: ['a', 'b'] }]);
});

test('charts of one broken query have one fault', () => {
  const data: DashboardData = { queries: { three: { error: { code: 'syntax', detail: 'no' } } } };
  assert.deepEqual(shared_faults(document, data).map((fault) => fault.charts), [['c', 'd']]);
});

test('faults that differ stay with their charts', () => {
  const data: DashboardData = { queries: { one: { error: down }, two: { error: { code: 'syntax', detail: 'no table' } } } };
  assert.deepEqual(shared_faults(document, data), []);
  assert.deepEqual(shared_faults(document, undefined), []);
});
