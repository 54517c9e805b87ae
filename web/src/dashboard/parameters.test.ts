import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Parameter } from '../api/types';
import { data_query, default_values, period_range, range_text, values_of, with_values } from './parameters';

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
