import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chart } from '../api/types';
import { chosen_by, own_query, search_after_click } from './selection';

const params = { origin: { type: 'enum', multiple: true, default: 'all' }, period: { type: 'date_range', default: 'all' } } as const;
const chart = { query: 'q', mark: 'bar', on_click: { set: { origin: '$x' } } } as Chart;

test('a click filters, and the same click again takes the filter back', () => {
  const filtered = search_after_click(chart, { x: 'LAX' }, params, '')!;
  assert.equal(filtered, 'origin=LAX');
  assert.equal(chosen_by(chart, params, filtered)!({ x: 'LAX' }), true);
  assert.equal(chosen_by(chart, params, filtered)!({ x: 'SFO' }), false);
  assert.equal(chosen_by(chart, params, ''), null);
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

test('the chart that was clicked is asked for without its own choice, so that its other bars stay', () => {
  assert.equal(own_query(chart, params, 'origin=LAX&period=2001-01-01..2001-03-31'), 'period=2001-01-01..2001-03-31');
  assert.equal(own_query({ ...chart, on_click: null }, params, 'origin=LAX'), 'origin=LAX');
});

test('both sides of a heatmap may be times', () => {
  const by_day = { ...chart, mark: 'heatmap', on_click: { set: { period: '$y' } } } as Chart;
  const clicked = { x: 3, y: Date.UTC(2001, 1, 1), y_grain: 'month' as const };
  assert.equal(search_after_click(by_day, clicked, params, ''), 'period=2001-02-01..2001-02-28');
});

test('a longer period chooses every mark inside it', () => {
  const by_month = { ...chart, on_click: { set: { period: '$x' } } } as Chart;
  const chosen = chosen_by(by_month, params, 'period=2001-01-01..2001-02-28')!;
  const month = (at: number) => chosen({ x: Date.UTC(2001, at, 1), x_grain: 'month' });
  assert.deepEqual([month(0), month(1), month(2)], [true, true, false]);
});
