import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChartReading, DashboardDocument } from '../api/types';
import { lead_sql, reading_text, with_reading } from './readings';

const reading: ChartReading = { mark: 'bar', x: 'origin', y: 'delay', aggregate: 'mean', filters: [], sort: '-y', limit: 5, score: 0.5, why: '', sql: 'SELECT origin AS origin, avg(delay) AS value\nFROM flights' };
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

test('the query whose place it takes is that of the first chart', () => {
  assert.equal(lead_sql(document), 'SELECT 1 FROM flights WHERE filter(:period, date)');
  assert.equal(lead_sql({ ...document, layout: [] }), '');
});

test('the lead chart is replaced, and the rest of the text stays as it was written', () => {
  const changed = with_reading(yaml, document, reading)!;
  assert.match(changed, /^ {2}total: \{query: lead, mark: kpi\}\n {2}main:\n {4}query: reading\n {4}mark: bar\n/m);
  assert.match(changed, /^queries:\n {2}reading:\n {4}sql: \|\n {6}SELECT origin AS origin, avg\(delay\) AS value\n {6}FROM flights\n/m);
  assert.ok(changed.endsWith('\n\nlayout:\n  - row: [{chart: main, w: 12}]\n'));
  assert.equal(with_reading('{bridge: 1}', document, reading), null);
});

test('what has no query is not taken', () => {
  assert.equal(with_reading(yaml, document, { ...reading, sql: null }), null);
});
