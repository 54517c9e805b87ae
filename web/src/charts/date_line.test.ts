import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { feature } from 'topojson-client';
import world from 'world-atlas/countries-110m.json';
import type { FeatureCollection } from 'geojson';
import { cut_at_date_line } from './date_line';
import { COUNTRIES } from './option/countries';

const topology = world as unknown as Topology;
const outlines = () => (feature(topology, topology.objects.countries as GeometryCollection) as FeatureCollection).features.filter((one) => one.properties?.name !== 'Antarctica');

test('no outline of the world map jumps over the date line', () => {
  let jumps = 0;
  for (const one of outlines()) {
    cut_at_date_line(one.geometry);
    const polygons = one.geometry.type === 'Polygon' ? [one.geometry.coordinates] : one.geometry.type === 'MultiPolygon' ? one.geometry.coordinates : [];
    for (const ring of polygons.flat()) {
      ring.forEach((place, at) => (jumps += at > 0 && Math.abs(place[0]! - ring[at - 1]![0]!) > 180 ? 1 : 0));
      assert.ok(ring.every((place) => Math.abs(place[0]!) <= 180 && Math.abs(place[1]!) <= 90));
      assert.deepEqual(ring[0], ring[ring.length - 1]);
    }
  }
  assert.equal(jumps, 0);
});

test('a square over the date line becomes its two halves', () => {
  const square = { type: 'Polygon' as const, coordinates: [[[170, 0], [-170, 0], [-170, 10], [170, 10], [170, 0]]] };
  cut_at_date_line(square);
  const halves = (square.coordinates as unknown as number[][][][]).map((rings) => rings[0]!.map((place) => place[0]!));
  assert.deepEqual(halves.map((half) => [Math.min(...half), Math.max(...half)]), [[170, 180], [-180, -170]]);
});

test('the table knows which countries the map outlines', () => {
  const outlined = new Set(outlines().map((one) => (one.properties?.name === 'Kosovo' ? '983' : String(one.id))));
  assert.deepEqual(COUNTRIES.filter((country) => country.on_map !== outlined.has(country.number)), []);
});
