import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerData, Chart } from '../api/types';
import { with_chosen } from './chosen';
import { LIGHT } from './look';
import { drawer_of } from './option';
import type { Drawing } from './option/drawing';
import { points_of, series_of, summary_of } from './points';

const data: AnswerData = {
  columns: [{ name: 'origin', type: 'text' }, { name: 'year', type: 'text' }, { name: 'flights', type: 'integer' }],
  rows: [['ATL', 'a', 5], ['LAX', 'a', 9], ['SFO', 'a', 2], ['ATL', 'b', 4], ['LAX', 'b', null], ['SFO', 'b', 3]],
};
const draw = (chart: Partial<Chart>, rows = data.rows): Drawing => {
  const full = { query: 'q', x: 'origin', y: 'flights', ...chart } as Chart;
  return drawer_of(full.mark)!({ input: { chart: full, data: { columns: data.columns, rows }, compare: null, notes: {} }, look: LIGHT, width: 600, height: 300, selected: new Set() });
};
const bars = { mark: 'bar', on_click: { set: { origin: '$x' } } } as Partial<Chart>;
const single = data.rows.slice(0, 3);

test('a picture says its mark, how much it shows, and its highest value', () => {
  assert.equal(summary_of(draw(bars, single), 'Bar'), 'Bar, 3 values from ATL to SFO. Highest: LAX, 9');
  assert.equal(summary_of(draw({ mark: 'grouped_bar', color: 'year' }), 'Grouped bar'), 'Grouped bar, 3 values from ATL to SFO, 2 series');
});

test('the keys walk over every mark once, with its name and value', () => {
  assert.deepEqual(points_of(draw(bars, single), bars as Chart).map((point) => point.label), ['ATL, 5', 'LAX, 9', 'SFO, 2']);
  const grouped = { mark: 'grouped_bar', color: 'year' } as Partial<Chart>;
  assert.deepEqual(points_of(draw(grouped), grouped as Chart).map((point) => point.label), ['ATL, a: 5', 'ATL, b: 4', 'LAX, a: 9', 'SFO, a: 2', 'SFO, b: 3']);
});

test('marks that filter the same are one choice', () => {
  const grouped = { mark: 'grouped_bar', color: 'year', on_click: { set: { origin: '$x' } } } as Partial<Chart>;
  assert.deepEqual(points_of(draw(grouped), grouped as Chart).map((point) => point.selection?.x), ['ATL', 'LAX', 'SFO']);
});

test('what is chosen keeps its strength, the rest fades, and a choice that is not here changes nothing', () => {
  const drawing = draw(bars, single);
  const opacity = (chosen: string) => {
    const option = with_chosen(drawing, LIGHT, (selection) => selection.x === chosen);
    return (series_of({ ...drawing, option })[0]!.data as { itemStyle?: { opacity?: number } }[]).map((item) => item.itemStyle?.opacity ?? 1);
  };
  assert.deepEqual(opacity('LAX').map((one) => one === 1), [false, true, false]);
  assert.equal(with_chosen(drawing, LIGHT, (selection) => selection.x === 'JFK'), drawing.option);
  assert.equal(with_chosen(drawing, LIGHT, null), drawing.option);
});

test('cells of a heatmap can be chosen by both of their sides', () => {
  const heatmap = { mark: 'heatmap', y: 'year', color: { field: 'flights', aggregate: 'sum' }, on_click: { set: { origin: '$x', year: '$y' } } } as Partial<Chart>;
  const points = points_of(draw(heatmap), heatmap as Chart);
  assert.deepEqual(points[0]!.selection, { x: 'ATL', y: 'a' });
  assert.equal(points[0]!.label, 'ATL, a, 5');
});
