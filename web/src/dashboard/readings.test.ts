import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChartReading, DashboardDocument } from '../api/types';
import { can_take, reading_sql, reading_text, with_reading } from './readings';

const reading: ChartReading = { mark: 'bar', x: 'origin', y: 'delay', aggregate: 'mean', filters: [], sort: '-y', limit: 5, score: 0.5, why: '' };
const document = {
  queries: { lead: { sql: 'SELECT 1 FROM flights WHERE filter(:period, date)' } },
  charts: { total: { query: 'lead', mark: 'kpi' }, main: { query: 'lead', mark: 'line' } },
  layout: [{ items: [{ chart: 'total', w: 3 }] }, { items: [{ chart: 'main', w: 12 }] }],
} as unknown as DashboardDocument;
const yaml = ['bridge: 1', 'queries:', '  lead:', '    sql: |', '      SELECT 1 FROM flights WHERE filter(:period, date)', '', 'charts:', '  total: {query: lead, mark: kpi}', '  main:', '    query: lead', '    mark: line', '', 'layout:', '  - row: [{chart: main, w: 12}]', ''].join('\n');

test('a reading is said in words', () => {
  assert.equal(reading_text(reading), 'Average delay by origin, first 5, as bars');
  assert.equal(reading_text({ ...reading, y: null, aggregate: 'count', x: 'date', time_unit: 'month', mark: 'line', limit: null, filters: [{ field: 'carrier', op: 'in', values: ['AA', 'DL'] }] }), 'Rows by date (month), carrier in AA, DL, as lines');
});

test('its query groups in the warehouse, keeps the filters of the page, and quotes names and values', () => {
  const given = { ...reading, x: 'the "origin"', filters: [{ field: 'carrier', op: '=', values: ["O'Hare"] }, { field: 'delay', op: '>', values: ['30'] }] };
  assert.equal(
    reading_sql(given, 'flights', 'duckdb', document.queries.lead!.sql),
    `SELECT "the ""origin""", avg("delay") AS value\nFROM flights\nWHERE "carrier" = 'O''Hare' AND "delay" > 30 AND filter(:period, date)\nGROUP BY 1\nORDER BY 2 DESC, 1\nLIMIT 5`,
  );
  assert.match(reading_sql({ ...reading, x: 'date', time_unit: 'month', sort: null, limit: null }, 'flights', 'duckdb', ''), /date_trunc\('month', "date"\) AS "date"/);
});

test('the lead chart is replaced, and the rest of the text stays as it was written', () => {
  const changed = with_reading(yaml, document, { table: 'flights' }, reading, 'duckdb')!;
  assert.match(changed, /^ {2}total: \{query: lead, mark: kpi\}\n {2}main:\n {4}query: reading\n {4}mark: bar\n/m);
  assert.match(changed, /^queries:\n {2}reading:\n {4}sql: \|\n {6}SELECT "origin", avg\("delay"\) AS value\n {6}FROM flights\n/m);
  assert.ok(changed.endsWith('\n\nlayout:\n  - row: [{chart: main, w: 12}]\n'));
  assert.equal(with_reading('{bridge: 1}', document, { table: 'flights' }, reading, 'duckdb'), null);
});

test('what could only be written as something else is not offered', () => {
  assert.equal(can_take(reading, 'duckdb'), true);
  assert.equal(can_take(reading, 'bigquery'), false);
  assert.equal(can_take({ ...reading, filters: [{ field: 'a', op: 'almost', values: ['b'] }] }, 'duckdb'), false);
  assert.equal(can_take({ ...reading, mark: 'histogram', bin: 20 }, 'duckdb'), false);
  assert.equal(can_take({ ...reading, x: 'date', time_unit: 'day_of_week' }, 'duckdb'), false, 'a mean of means is not the mean');
  assert.equal(can_take({ ...reading, x: 'date', time_unit: 'day_of_week', aggregate: 'sum' }, 'duckdb'), true);
});
