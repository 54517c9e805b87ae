import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chart } from '../api/types';
import { search_after_click, selected_values } from './selection';

const params = { origin: { type: 'enum', multiple: true, default: 'all' }, period: { type: 'date_range', default: 'all' } } as const;
const chart = { query: 'q', mark: 'bar', on_click: { set: { origin: '$x' } } } as Chart;

test('a click filters, and the same click again takes the filter back', () => {
  const filtered = search_after_click(chart, { x: 'LAX' }, params, '')!;
  assert.equal(filtered, 'origin=LAX');
  assert.deepEqual(selected_values(chart, params, filtered), ['LAX']);
  assert.equal(search_after_click(chart, { x: 'LAX' }, params, filtered), '');
});

test('a click on a time sets the days of its period', () => {
  const by_month = { ...chart, on_click: { set: { period: '$x' } } } as Chart;
  assert.equal(search_after_click(by_month, { x: Date.UTC(2001, 1, 1), x_grain: 'month' }, params, ''), 'period=2001-02-01..2001-02-28');
});

test('a click on nothing changes nothing', () => {
  assert.equal(search_after_click(chart, { x: null }, params, ''), null);
  assert.equal(search_after_click({ ...chart, on_click: null }, { x: 'LAX' }, params, ''), null);
});
