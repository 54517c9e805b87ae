import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTRIES, country_of } from './countries';

const names = (texts: string[]) => texts.map((text) => country_of(text)?.name ?? null);

test('a country is known by its codes, its common and its official names', () => {
  assert.deepEqual(names(['US', 'usa', '840', 'United States', 'United States of America', 'U.S.A.']), Array(6).fill('United States'));
  assert.deepEqual(names(['4', '004', 'AF']), Array(3).fill('Afghanistan'));
  assert.deepEqual(names(['Korea, Rep.', 'South Korea', 'Republic of Korea', 'Viet Nam', 'Türkiye', 'Turkiye', 'Ivory Coast', "Cote d'Ivoire"]), ['South Korea', 'South Korea', 'South Korea', 'Vietnam', 'Turkey', 'Turkey', "Côte d'Ivoire", "Côte d'Ivoire"]);
  assert.deepEqual(names(['Iran (Islamic Republic of)', 'Venezuela (Bolivarian Republic of)', 'Kingdom of Spain', 'Congo, Dem. Rep.', 'Republic of the Congo', 'Gambia, The', 'St. Lucia', 'Trinidad & Tobago', 'UK']), ['Iran', 'Venezuela', 'Spain', 'Democratic Republic of the Congo', 'Congo', 'Gambia', 'Saint Lucia', 'Trinidad and Tobago', 'United Kingdom']);
  assert.deepEqual(names(['Atlantis', 'World', 'EU', '', 'Republic']), [null, null, null, null, null]);
});

test('every country is found by what the table says of it', () => {
  assert.equal(COUNTRIES.length, 250);
  for (const country of COUNTRIES) assert.deepEqual(names([country.name, country.code, country.number]), Array(3).fill(country.name));
});
