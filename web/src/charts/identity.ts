// Whole numbers that name something (ids, years, postal codes) are no quantities: they have no thousands separators and no short form.
import type { AnswerData } from '../api/types';
import { to_number } from './aggregate';
import type { ColumnNotes } from './encoding';

const NAMING = new Set(
  'id ids uid uuid guid key code codes zip zipcode zips postcode plz number no nr num nbr phone telephone tel fax mobile fips iso ean isbn upc gtin sku serial account iban ref reference pin ssn vin barcode asin gid oid pid rowid index'.split(' '),
);
const YEARS = new Set('year years yr yrs jahr fy fiscal vintage season annee anno'.split(' '));

// "orderId", "order_id", "Order ID" → order, id.
const words_of = (name: string) =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter(Boolean);

// "id", "station_id", "year_built", "birth year"; not "number of flights", which counts. `numbers` are the column's.
export function names_things(name: string, numbers: Iterable<number>): boolean {
  let [low, high, any] = [Infinity, -Infinity, false];
  for (const one of numbers) {
    if (!Number.isInteger(one)) return false;
    any = true;
    if (one < low) low = one;
    if (one > high) high = one;
  }
  if (!any) return false;
  const words = words_of(name);
  if (NAMING.has(words[words.length - 1] ?? '')) return true;
  // Without the separator a number like 1,850 reads as well, so that what may be years is written as years.
  return words.some((word) => YEARS.has(word)) ? low >= 1000 && high < 3000 : low >= 1700 && high <= 2100;
}

// The notes of the document, with the columns marked whose numbers name things. A format of the document itself always holds.
export function notes_with_identities(notes: ColumnNotes, data: AnswerData): ColumnNotes {
  const added: ColumnNotes = {};
  data.columns.forEach(({ name, type }, index) => {
    if (!['integer', 'big_integer', 'number'].includes(type) || notes[name]?.format || notes[name]?.unit) return;
    function* numbers() {
      for (const row of data.rows) {
        const one = to_number(row[index]);
        if (one !== null) yield one;
      }
    }
    if (names_things(name, numbers())) added[name] = { ...notes[name], identity: true };
  });
  return Object.keys(added).length > 0 ? { ...notes, ...added } : notes;
}
