import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerData } from '../api/types';
import { aggregate_cells, bin_start, bin_step, box_summary, group_rows, measure, nice_step, truncate_time } from './aggregate';

const flights: AnswerData = {
  columns: [
    { name: 'day', type: 'timestamp' },
    { name: 'carrier', type: 'text' },
    { name: 'flights', type: 'integer' },
    { name: 'delay', type: 'number' },
    { name: 'revenue', type: 'decimal' },
  ],
  rows: [
    ['2001-01-01T00:00:00Z', 'AA', 10, 5, '10.10'],
    ['2001-01-01T00:00:00Z', 'DL', 20, null, '20.20'],
    ['2001-02-03T00:00:00Z', 'AA', 30, 7, '30.30'],
    ['2001-02-04T00:00:00Z', null, 1, 9, null],
  ],
};

test('a KPI sums the rows of its query, decimals in text included', () => {
  assert.equal(measure(flights, flights.rows, { field: 'flights', aggregate: 'sum' }), 61);
  assert.ok(Math.abs(measure(flights, flights.rows, { field: 'revenue', aggregate: 'sum' })! - 60.6) < 1e-9);
});

test('every aggregate skips nulls as SQL does', () => {
  const of = (aggregate: Parameters<typeof aggregate_cells>[1]) => measure(flights, flights.rows, { field: 'delay', aggregate });
  assert.deepEqual([of('sum'), of('mean'), of('min'), of('max'), of('median'), of('count')], [21, 7, 5, 9, 7, 3]);
  assert.equal(measure(flights, flights.rows, { field: 'carrier', aggregate: 'count_distinct' }), 2);
  assert.equal(measure(flights, flights.rows, { field: null, aggregate: 'count' }), 4);
});

test('the sum of nothing is null and the count of nothing is zero', () => {
  assert.equal(aggregate_cells([], 'sum'), null);
  assert.equal(aggregate_cells([null, null], 'mean'), null);
  assert.equal(aggregate_cells([], 'count'), 0);
});

test('groups keep the order in which they appear, and null is a group of its own', () => {
  const { groups, kinds } = group_rows(flights, [{ field: 'carrier' }], [{ field: 'flights', aggregate: 'sum' }]);
  assert.deepEqual(kinds, ['category']);
  assert.deepEqual(groups.map((group) => [group.keys[0], group.values[0]]), [['AA', 40], ['DL', 20], [null, 1]]);
});

test('a month groups the days in it', () => {
  const { groups, kinds } = group_rows(flights, [{ field: 'day', time_unit: 'month' }], [{ field: 'flights', aggregate: 'sum' }]);
  assert.deepEqual(kinds, ['time']);
  assert.deepEqual(groups.map((group) => [group.keys[0], group.values[0]]), [[Date.UTC(2001, 0, 1), 30], [Date.UTC(2001, 1, 1), 31]]);
});

test('time units start where they start in UTC', () => {
  const ms = Date.UTC(2024, 4, 15, 13, 45, 30); // a Wednesday
  assert.equal(truncate_time(ms, 'year'), Date.UTC(2024, 0, 1));
  assert.equal(truncate_time(ms, 'quarter'), Date.UTC(2024, 3, 1));
  assert.equal(truncate_time(ms, 'week'), Date.UTC(2024, 4, 13));
  assert.equal(truncate_time(Date.UTC(1969, 11, 28), 'week'), Date.UTC(1969, 11, 22)); // before 1970, a Sunday
  assert.equal(truncate_time(ms, 'hour'), Date.UTC(2024, 4, 15, 13));
  assert.deepEqual([truncate_time(ms, 'day_of_week'), truncate_time(ms, 'month_of_year'), truncate_time(ms, 'hour_of_day')], [2, 4, 13]);
});

test('bins have round steps and stay within the number asked for', () => {
  assert.equal(nice_step(0, 97, 10), 10);
  assert.equal(nice_step(0, 1, 10), 0.1);
  assert.equal(bin_step([3, 3, 3], true), 1);
  assert.equal(bin_step([0, 100], { step: 7 }), 7);
  assert.equal(bin_start(0.3, 0.1), 0.3);
  assert.equal(bin_start(-0.5, 1), -1);
});

test('binning groups numbers by the start of their bin', () => {
  const { groups, steps } = group_rows(flights, [{ field: 'flights', bin: { step: 20 } }], [{ field: null, aggregate: 'count' }]);
  assert.deepEqual(steps, [20]);
  assert.deepEqual(groups.map((group) => [group.keys[0], group.values[0]]), [[0, 2], [20, 2]]);
});

test('a single row without an aggregate is taken as it is, several add up', () => {
  assert.equal(measure(flights, [flights.rows[1]!], { field: 'delay' }), null);
  assert.equal(measure(flights, flights.rows, { field: 'flights' }), 61);
});

test('a box has whiskers inside the fences and outliers beyond them', () => {
  const box = box_summary([1, 2, 3, 4, 5, 6, 7, 8, 9, 100])!;
  assert.equal(box.median, 5.5);
  assert.deepEqual([box.low, box.high, box.outliers], [1, 9, [100]]);
  assert.equal(box_summary([]), null);
});
