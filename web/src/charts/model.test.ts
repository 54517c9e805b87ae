import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerData, Chart } from '../api/types';
import { facet_panels, panel_order, series_model, value_text } from './model';

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

test('what is stacked has gaps where nothing is known, and zeros where nothing was counted', () => {
  assert.deepEqual(model({ x: 'month', y: 'flights', color: 'origin' }, true).series[1]!.values, [3, null]);
  assert.deepEqual(model({ x: 'month', y: { field: null, aggregate: 'count' }, color: 'origin' }, true).series.find((one) => one.name === 'SFO')!.values, [1, 0]);
});

const costs: AnswerData = {
  columns: [{ name: 'month', type: 'date' }, { name: 'cost', type: 'integer' }],
  rows: [['2024-01-01', 20], ['2024-02-01', 30], ['2024-03-01', 50], [null, 40]],
};

test('a row without a time has no place: it is counted in a caption with what it sums up to', () => {
  for (const measured of [true, false]) {
    const { x, captions } = series_model({ chart: { query: 'q', mark: 'line', x: 'month', y: 'cost' }, data: costs, compare: null, notes: {} }, { stacked: false, measured });
    assert.deepEqual(x.labels, ['Jan 2024', 'Feb 2024', 'Mar 2024']);
    assert.deepEqual(captions, ['1 row without month (40)']);
  }
  const averages = series_model({ chart: { query: 'q', mark: 'line', x: 'month', y: { field: 'cost', aggregate: 'mean' } }, data: { ...costs, rows: [...costs.rows, [null, 60]] }, compare: null, notes: {} }, { stacked: false });
  assert.deepEqual(averages.captions, ['2 rows without month']);
});

test('a long time series is whole on a measured axis, and keeps its latest times where it is cut', () => {
  const days: AnswerData = { columns: costs.columns, rows: Array.from({ length: 1000 }, (_, at) => [new Date(Date.UTC(2020, 0, 1 + at)).toISOString().slice(0, 10), at]) };
  const of = (chart: Partial<Chart>, measured: boolean) => series_model({ chart: { query: 'q', mark: 'line', x: 'month', y: 'cost', ...chart }, data: days, compare: null, notes: {} }, { stacked: false, measured });
  assert.equal(of({}, true).x.keys.length, 1000);
  assert.equal(of({}, false).series[0]!.values.at(-1), 999);
  const cut = of({ limit: 10 }, true);
  assert.deepEqual([cut.series[0]!.values[0], cut.series[0]!.values.at(-1)], [990, 999]);
  assert.deepEqual(cut.captions, ['the latest 10 of 1,000']);
});

const ids: AnswerData = {
  columns: [{ name: 'id', type: 'big_integer' }, { name: 'm', type: 'text' }, { name: 'v', type: 'integer' }],
  rows: [['1688275058533285126', 'jan', 5], ['1688275058533285124', 'jan', 3], ['1688275058533285125', 'jan', 4], ['-7', 'jan', 1], ['99', 'jan', 2]],
};

test('integers beyond 2^53 stay apart on x, as colour and as facets, and ascend as numbers', () => {
  const sorted = ['−7', '99', '1688275058533285124', '1688275058533285125', '1688275058533285126'];
  const of = (chart: Partial<Chart>) => ({ chart: { query: 'q', mark: 'bar', y: 'v', ...chart } as Chart, data: ids, compare: null, notes: {} });
  const by_x = series_model(of({ x: 'id' }), { stacked: false });
  assert.deepEqual(by_x.x.labels, sorted);
  assert.deepEqual(by_x.series[0]!.values, [1, 2, 3, 4, 5]);
  assert.deepEqual(series_model(of({ x: 'm', color: 'id' }), { stacked: true }).series.map((one) => one.name), sorted);
  assert.deepEqual(facet_panels(of({ facet: 'id' })).panels.map((panel) => [panel.title, panel.data.rows.length]), sorted.map((title) => [title, 1]));
});

test('sums beyond 2^53 are said to the last digit', () => {
  const one = series_model({ chart: { query: 'q', mark: 'bar', x: 'm', y: { field: 'id', aggregate: 'sum' } }, data: { ...ids, rows: ids.rows.slice(0, 2) }, compare: null, notes: {} }, { stacked: false });
  assert.equal(value_text(one.series[0]!, 0, one.measures[0]), '3,376,550,117,066,570,250');
});

test('the panels of a facet draw the same series in the same order, and bars the same categories', () => {
  const input = { chart: { query: 'q', mark: 'bar' as const, x: 'month', y: 'flights', color: 'origin' }, data, compare: null, notes: {} };
  const like = panel_order(series_model(input, { stacked: true }));
  const panel = series_model({ ...input, data: { ...data, rows: data.rows.filter((row) => row[1] !== 'LAX') }, like }, { stacked: true });
  assert.deepEqual(panel.series.map((one) => one.name), ['LAX', 'SFO', 'OAK']);
  assert.deepEqual(panel.x.labels, ['Jan 2001', 'Feb 2001']);
  assert.deepEqual(panel.series.map((one) => one.values), [[null, null], [3, null], [1, null]]);
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
