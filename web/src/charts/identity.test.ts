import assert from 'node:assert/strict';
import { test } from 'node:test';
import { names_things, notes_with_identities } from './identity';

test('ids, codes and years name things, quantities do not', () => {
  assert.deepEqual(['id', 'station_id', 'orderId', 'zip', 'Flight number'].map((name) => names_things(name, [10_173, 7])), [true, true, true, true, true]);
  assert.deepEqual(['flights', 'number_of_flights', 'paid', 'distance'].map((name) => names_things(name, [10_173, 7])), [false, false, false, false]);
  assert.deepEqual([names_things('year', [2022, 2023]), names_things('year_built', [1066]), names_things('sales_last_year', [1_200_000]), names_things('v', [1999, 2004])], [true, true, false, true]);
  assert.equal(names_things('id', [1.5]), false);
});

test('a format of the document itself holds', () => {
  const data = { columns: [{ name: 'year', type: 'integer' as const }], rows: [[2022]] };
  assert.deepEqual(notes_with_identities({}, data), { year: { identity: true } });
  assert.deepEqual(notes_with_identities({ year: { format: ',d' } }, data), { year: { format: ',d' } });
});
