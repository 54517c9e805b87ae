import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format_age, format_bytes, format_cell, format_change, format_compact, format_measure, format_time, grain_of, group_digits, humanize, parse_time } from './format';

test('formats are d3 format strings, with the unit behind (or before) the number', () => {
  assert.equal(format_measure(1234.567, { format: ',.1f', unit: 'min' }), '1,234.6\u202fmin');
  assert.equal(format_measure(0.256, { format: '.0%' }), '26%');
  assert.equal(format_measure(-5, { unit: '$' }), '−$5');
  assert.equal(format_measure(12, { unit: '%' }), '12%');
  assert.equal(format_measure(null, { unit: 'min' }), '–');
});

test('a wrong format string does not break the page', () => {
  assert.equal(format_measure(5, { format: 'not a format' }), '5');
});

test('compact numbers fit a tile and an axis', () => {
  assert.deepEqual([0, 0.25, 1.5, 950, 9_999, 12_345, 1_200_000, 3.4e9, -45_000].map((value) => format_compact(value)), [
    '0', '0.25', '1.5', '950', '9,999', '12.3k', '1.2M', '3.4B', '−45k',
  ]);
  assert.equal(format_compact(0.125, { format: '.1%' }), '12.5%');
});

test('dates are UTC, with or without a zone', () => {
  assert.equal(parse_time('2001-01-01T00:00:00Z'), Date.UTC(2001, 0, 1));
  assert.equal(parse_time('2001-01-01'), Date.UTC(2001, 0, 1));
  assert.equal(parse_time('2001-01-01 12:30:15.250'), Date.UTC(2001, 0, 1, 12, 30, 15, 250));
  assert.equal(parse_time('2001-01-01T02:00:00+02:00'), Date.UTC(2001, 0, 1));
  assert.equal(parse_time('soon'), null);
  assert.equal(format_time(Date.UTC(2001, 3, 5), 'day'), '5 Apr 2001');
  assert.equal(format_time(Date.UTC(2001, 3, 5), 'day', '%d.%m.%Y'), '05.04.2001');
});

test('the grain is the coarsest that tells the times apart', () => {
  assert.equal(grain_of([Date.UTC(2001, 0, 1), Date.UTC(2002, 0, 1)]), 'year');
  assert.equal(grain_of([Date.UTC(2001, 0, 1), Date.UTC(2001, 1, 1)]), 'month');
  assert.equal(grain_of([Date.UTC(2001, 0, 1), Date.UTC(2001, 0, 2), Date.UTC(2001, 1, 1)]), 'day');
  assert.equal(grain_of([Date.UTC(2001, 0, 2, 3), Date.UTC(2001, 1, 1)]), 'minute');
});

test('big integers and decimals keep every digit', () => {
  assert.equal(format_cell('12345678901234567890', 'big_integer'), '12,345,678,901,234,567,890');
  assert.equal(format_cell('-1234.500', 'decimal'), '−1,234.500');
  assert.equal(group_digits('abc'), 'abc');
});

test('bytes, ages and names read as people say them', () => {
  assert.deepEqual([format_bytes(0), format_bytes(1_480_000), format_bytes(100_000_000)], ['0 B', '1.5 MB', '100 MB']);
  assert.deepEqual([format_age(12), format_age(600), format_age(86_400)], ['12 s', '10 min', '24 h']);
  assert.equal(humanize('average_delay'), 'Average delay');
});

test('a change is said in per cent, in points for shares, and in the unit across zero', () => {
  assert.deepEqual(format_change(100, 121, {}), { way: 1, text: '21%' });
  assert.deepEqual(format_change(0.2, 0.21, { format: '.1%' }), { way: 1, text: '1.0 points' });
  assert.deepEqual(format_change(6.4, -5, { unit: 'min', format: ',.1f' }), { way: -1, text: '11.4\u202fmin' });
  assert.deepEqual(format_change(6937, 8, {}), { way: -1, text: '99.9%' });
  assert.deepEqual(format_change(5, 5, {}), { way: 0, text: '0.0%' });
});
