import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format_age, format_bytes, format_cell, format_change, format_compact, format_measure, format_tick, format_time, grain_of, group_digits, humanize, isolate, lower_first, NOTHING, parse_time, shorten, writer_of } from './format';

test('formats are d3 format strings, with the unit behind (or before) the number', () => {
  assert.equal(format_measure(1234.567, { format: ',.1f', unit: 'min' }), '1,234.6\u202fmin');
  assert.equal(format_measure(0.256, { format: '.0%' }), '26%');
  assert.equal(format_measure(-5, { unit: '$' }), '−$5');
  assert.equal(format_measure(12, { unit: '%' }), '12%');
  assert.equal(format_measure(null, { unit: 'min' }), '–');
});

test('numbers that travel as text keep their digits, but for those that a division made', () => {
  assert.equal(format_cell('12345678901234567890.25', 'decimal'), '12,345,678,901,234,567,890.25');
  assert.equal(format_cell('0.123456789012', 'decimal'), '0.123456789012');
  assert.equal(format_cell('250.0150000000000000', 'decimal'), format_cell(250.015, 'number'));
  assert.equal(format_cell('-0.3333333333333333', 'decimal'), format_cell(-1 / 3, 'number'));
  assert.equal(format_cell('12345678901234567890.1234567890123', 'decimal'), '12,345,678,901,234,567,890.1234567890123');
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

test('currencies stand before the number and other units after it, short or not', () => {
  assert.deepEqual(
    [['$', 40_512_345], ['€', -40_512_345], ['USD', 40_512_345], ['km', 40_512_345], ['percent', 12.3], ['°c', 4.5]].map(([unit, value]) => format_compact(value as number, { unit: unit as string })),
    ['$40.5M', '−€40.5M', 'USD\u202f40.5M', '40.5M\u202fkm', '12.3%', '4.5°C'],
  );
  assert.equal(format_compact(40_512_345, { format: '$,.0f' }), '$40.5M');
  assert.equal(format_measure(12.5, { format: '$,.2f', unit: '$' }), '$12.50');
  assert.deepEqual([format_tick(40_000_000, { unit: '$' }), format_tick(40_000_000, { unit: 'km' }), format_tick(0.25, { format: '.1%' }), format_tick(0.125, { format: '.1%' })], ['$40M', '40M', '25%', '12.5%']);
});

test('numbers beyond trillions stay numbers that people read', () => {
  assert.deepEqual([format_compact(9.007e15), format_compact(1e20)], ['9,007T', '1e+20']);
});

test('the numbers of one set have equal digits', () => {
  const all = (values: (number | null)[], note = {}, options = {}) => values.map(writer_of(values, note, options));
  assert.deepEqual(all([5, 10, 2.5]), ['5.0', '10.0', '2.5']);
  assert.deepEqual(all([1234.5, 2.25, null]), ['1,234.50', '2.25', NOTHING]);
  assert.deepEqual(all([1, 1.5, 2]), ['1.0', '1.5', '2.0']);
  assert.deepEqual(all([40_512_345, 3_200_000, 350_000], { unit: '$' }, { brief: true }), ['$40.51M', '$3.20M', '$0.35M']);
  assert.deepEqual(all([40_512_345, 3_200_000], {}, { brief: true }), ['40.5M', '3.2M']);
  assert.deepEqual(all([40_000_000, 12]), ['40,000,000', '12']);
  assert.deepEqual(all([0.25, 1e-9, 3]), ['0.250', '0.000000001', '3.000']);
});

test('in a sentence only the first letter is lowered, and not that of an abbreviation', () => {
  assert.deepEqual(['Average delay', 'US state', 'CO2'].map(lower_first), ['average delay', 'US state', 'CO2']);
});

test('right-to-left names keep their direction beside numbers', () => {
  assert.equal(isolate('دبي'), '\u2068دبي\u2069');
  assert.equal(isolate('Dubai'), 'Dubai');
});

test('a long id keeps the digits that tell it from its neighbours', () => {
  assert.equal(shorten('1688275058533285124', 12), '16…533285124');
  assert.equal(shorten('A rather long name', 10), 'A rather…');
});
