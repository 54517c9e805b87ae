import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerData, Chart } from '../api/types';
import { facet_panels, series_model } from './model';

const data: AnswerData = {
  columns: [
    { name: 'month', type: 'date' },
    { name: 'origin', type: 'text' },
    { name: 'flights', type: 'integer' },
  ],
  rows: [
    ['2001-02-01', 'LAX', 5],
    ['2001-01-01', 'SFO', 3],
    ['2001-01-01', 'LAX', 9],
    ['2001-01-01', 'OAK', 1],
  ],
};
const model = (chart: Partial<Chart>, stacked = false) =>
  series_model({ chart: { query: 'q', mark: 'bar', ...chart } as Chart, data, compare: null, notes: { flights: { label: 'Flights', unit: 'flights' } } }, { stacked });

test('time ascends, colours become series, largest first, and gaps stay gaps', () => {
  const { x, series } = model({ x: 'month', y: 'flights', color: 'origin' });
  assert.deepEqual(x.labels, ['Jan 2001', 'Feb 2001']);
  assert.deepEqual(series.map((one) => [one.name, one.values]), [['LAX', [9, 5]], ['SFO', [3, null]], ['OAK', [1, null]]]);
});

test('what is stacked has zeros where there is nothing', () => {
  const { series } = model({ x: 'month', y: 'flights', color: 'origin' }, true);
  assert.deepEqual(series[1]!.values, [3, 0]);
});

test('-y puts the largest first and the limit says how many there are', () => {
  const { x, series, captions } = model({ x: 'origin', y: { field: 'flights', aggregate: 'sum' }, sort: '-y', limit: 2 });
  assert.deepEqual(x.labels, ['LAX', 'SFO']);
  assert.deepEqual(series[0]!.values, [14, 3]);
  assert.deepEqual(captions, ['2 of 3']);
});

test('without a sort, categories keep the order of the query', () => {
  assert.deepEqual(model({ x: 'origin', y: 'flights' }).x.labels, ['LAX', 'SFO', 'OAK']);
  assert.deepEqual(model({ x: 'origin', y: 'flights', sort: 'x' }).x.labels, ['LAX', 'OAK', 'SFO']);
});

test('a colour that repeats x makes no series', () => {
  assert.equal(model({ x: 'origin', y: 'flights', color: 'origin' }).series.length, 1);
});

test('many parts of a whole end in "Other", and nothing is lost', () => {
  const many: AnswerData = {
    columns: data.columns,
    rows: Array.from({ length: 30 }, (_, index) => ['2001-01-01', `A${index}`, index + 1]),
  };
  const { series } = series_model(
    { chart: { query: 'q', mark: 'stacked_bar', x: 'month', y: 'flights', color: 'origin' }, data: many, compare: null, notes: {} },
    { stacked: true },
  );
  assert.equal(series.length, 8);
  assert.equal(series[7]!.name, 'Other (23)');
  assert.equal(series.reduce((total, one) => total + one.values[0]!, 0), 465);
});

test('facets split the rows by value', () => {
  const { panels } = facet_panels({ chart: { query: 'q', mark: 'line', facet: 'origin' }, data, compare: null, notes: {} });
  assert.deepEqual(panels.map((panel) => [panel.title, panel.data.rows.length]), [['LAX', 2], ['SFO', 1], ['OAK', 1]]);
});
