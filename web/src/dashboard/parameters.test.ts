import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Parameter } from '../api/types';
import { data_query, default_values, newest_day, period_range, presets_text, range_text, values_of, with_values } from './parameters';

const carrier: Parameter = { type: 'enum', multiple: true, default: 'all' };
const period: Parameter = { type: 'date_range', default: 'last_90_days' };

test('the address wins over the default', () => {
  assert.deepEqual(values_of('carrier', carrier, 'carrier=AA&carrier=DL'), ['AA', 'DL']);
  assert.deepEqual(values_of('carrier', carrier, 'period=all'), ['all']);
  assert.deepEqual(default_values({ type: 'date_range', default: { from: '2001-01-01', to: null } }), ['2001-01-01..']);
});

test('a value that is the default leaves the address, others stay', () => {
  assert.equal(with_values('carrier=AA&period=all', 'carrier', carrier, ['all']), 'period=all');
  assert.equal(with_values('', 'carrier', carrier, ['AA', 'DL']), 'carrier=AA&carrier=DL');
  assert.equal(with_values('', 'period', period, ['last_90_days']), '');
});

test('nothing chosen means all', () => {
  assert.equal(with_values('carrier=AA', 'carrier', carrier, []), '');
  assert.equal(with_values('', 'carrier', { ...carrier, default: ['AA'] }, []), 'carrier=all');
});

test('only declared parameters reach the server, in a stable order', () => {
  assert.equal(data_query({ period, carrier }, 'period=2001-01-01..2001-03-31&utm=x&carrier=DL'), 'carrier=DL&period=2001-01-01..2001-03-31');
});

test('a click on a month filters to its days', () => {
  assert.equal(period_range(Date.UTC(2001, 1, 1), 'month'), '2001-02-01..2001-02-28');
  assert.equal(period_range(Date.UTC(2001, 1, 5), 'week'), '2001-02-05..2001-02-11');
  assert.equal(period_range(Date.UTC(2001, 1, 5), 'day'), '2001-02-05..2001-02-05');
  assert.equal(range_text('2001-02-05..2001-02-05'), '5 Feb 2001');
  assert.equal(range_text('..2001-02-05'), 'until 5 Feb 2001');
});

test('a period that is counted from the end of the data says which day that is, where it is before today', () => {
  assert.equal(range_text('last_90_days_of_data', '2001-03-31', '2026-01-01'), 'Last 90 days to 31 Mar 2001');
  assert.equal(range_text('last_1_year_of_data', '2001-03-31', '2026-01-01'), 'Last year to 31 Mar 2001');
  assert.equal(range_text('last_90_days_of_data', '2026-01-01', '2026-01-01'), 'Last 90 days');
  assert.equal(range_text('last_90_days_of_data', null, '2026-01-01'), 'Last 90 days');
  assert.equal(range_text('last_90_days', '2001-03-31', '2026-01-01'), 'Last 90 days until today');
  assert.equal(presets_text('2001-03-31', '2026-01-01'), 'Counted from 31 Mar 2001, where the data ends');
  assert.equal(presets_text(null, '2026-01-01'), 'Counted from the newest day of the data');
});

test('the newest day is the newest that any answer was counted from', () => {
  const answer = (day: string | undefined) => ({ metadata: { periods: { period: { from: null, to: null, ...(day ? { newest_day: day } : {}) } } } });
  const data = { queries: { a: answer('2001-03-30'), b: answer('2001-03-31'), c: answer(undefined), d: { error: { code: 'x' } } } } as never;
  assert.equal(newest_day('period', data), '2001-03-31');
  assert.equal(newest_day('other', data), null);
  assert.equal(newest_day('period', undefined), null);
});
