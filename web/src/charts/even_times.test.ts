import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerData, Cell, Chart } from '../api/types';
import { with_even_times } from './even_times';
import { series_model } from './model';

const bars = (times: Cell[], chart: Partial<Chart> = {}) => {
  const data: AnswerData = { columns: [{ name: 'time', type: 'timestamp' }, { name: 'sales', type: 'integer' }], rows: times.map((time, at) => [time, at + 1]) };
  return series_model({ chart: { query: 'q', mark: 'bar', x: 'time', y: 'sales', ...chart } as Chart, data, compare: null, notes: {} }, { stacked: false, measured: true });
};
const even = (times: Cell[], chart: Partial<Chart> = {}, places = 400) => {
  const { x, series, captions } = with_even_times(bars(times, chart), places);
  return { labels: x.labels, values: series[0]!.values, captions };
};

test('months without rows leave a hole', () => {
  assert.deepEqual(even(['2024-01-01', '2024-02-01', '2024-05-01']), { labels: ['Jan 2024', 'Feb 2024', 'Mar 2024', 'Apr 2024', 'May 2024'], values: [1, 2, null, null, 3], captions: [] });
});

test('the step is what all times have in common: quarters, weeks, hours', () => {
  assert.deepEqual(even(['2024-01-01', '2024-04-01', '2024-10-01']).values, [1, 2, null, 3]);
  assert.deepEqual(even(['2024-01-03', '2024-01-10', '2024-01-24']).values, [1, 2, null, 3]);
  assert.deepEqual(even(['2024-01-01T08:00:00Z', '2024-01-01T09:00:00Z', '2024-01-01T11:00:00Z']).values, [1, 2, null, 3]);
  assert.deepEqual(even(['1999-01-01', '2000-01-01', '2002-01-01']).labels, ['1999', '2000', '2001', '2002']);
});

test('the latest first stays the latest first', () => {
  assert.deepEqual(even(['2024-01-01', '2024-02-01', '2024-04-01'], { sort: '-x' }), { labels: ['Apr 2024', 'Mar 2024', 'Feb 2024', 'Jan 2024'], values: [3, null, 2, 1], captions: [] });
});

test('what is sorted by its values is in no order of time, and stays as it is', () => {
  assert.deepEqual(even(['2024-01-01', '2024-05-01', '2024-02-01'], { sort: 'y' }).values, [1, 2, 3]);
});

test('where nearly all would be empty the times stay side by side, and the caption says so', () => {
  assert.deepEqual(even(['2020-01-01', '2020-02-03', '2024-05-06']), { labels: ['1 Jan 2020', '3 Feb 2020', '6 May 2024'], values: [1, 2, 3], captions: ['times without rows take no room'] });
  assert.deepEqual(even(['2024-01-01', '2024-01-02', '2024-02-01'], {}, 20).captions, ['times without rows take no room']);
});
