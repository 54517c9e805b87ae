// Maps and their outlines; loaded when the first map is drawn. The outlines come with the page: no tile is ever fetched.
import { MapChart } from 'echarts/charts';
import { GeoComponent } from 'echarts/components';
import type { FeatureCollection } from 'geojson';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { cut_at_date_line } from './date_line';
import { registerMap, use } from './echarts';
import { COUNTRIES } from './option/countries';

use([MapChart, GeoComponent]);

const registered = new Set<string>();

function collection(topology: unknown, object: string): FeatureCollection {
  const typed = topology as Topology;
  return feature(typed, typed.objects[object] as GeometryCollection) as FeatureCollection;
}

type Registered = Parameters<typeof registerMap>[1];

// Outlines in the plane of the screen have y downwards, while the library expects latitudes.
function flip(outlines: FeatureCollection): FeatureCollection {
  const turn = (value: unknown): unknown =>
    Array.isArray(value) ? (typeof value[0] === 'number' ? [value[0], -(value[1] as number)] : value.map(turn)) : value;
  for (const one of outlines.features) {
    if ('coordinates' in one.geometry) one.geometry.coordinates = turn(one.geometry.coordinates) as never;
  }
  return outlines;
}

export async function load_geometry(which: 'us' | 'world'): Promise<void> {
  if (registered.has(which)) return;
  if (which === 'us') {
    const [plane, sphere] = await Promise.all([import('us-atlas/states-albers-10m.json'), import('us-atlas/states-10m.json')]);
    registerMap('us', flip(collection(plane.default, 'states')) as unknown as Registered);
    const outlines = collection(sphere.default, 'states');
    const far = new Set(['Guam', 'American Samoa', 'Commonwealth of the Northern Mariana Islands', 'United States Virgin Islands', 'Puerto Rico']);
    outlines.features = outlines.features.filter((one) => !far.has(String(one.properties?.name)));
    registerMap('us_points', outlines as unknown as Registered);
  } else {
    const world = await import('world-atlas/countries-110m.json');
    const outlines = collection(world.default, 'countries');
    outlines.features = outlines.features.filter((one) => one.properties?.name !== 'Antarctica');
    // The atlas abbreviates its names; its numbers are those of ISO 3166-1.
    const names = new Map(COUNTRIES.map((country) => [country.number, country.name]));
    for (const one of outlines.features) {
      one.properties = { name: names.get(String(one.id)) ?? one.properties?.name };
      cut_at_date_line(one.geometry);
    }
    registerMap('world', outlines as unknown as Registered);
  }
  registered.add(which);
}
