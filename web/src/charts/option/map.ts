// map: regions (x names a state or a country, colour or y is the measure) or points (x longitude, y latitude).
import type { EChartsOption } from 'echarts';
import { column_index, group_rows, NUMBER_TYPES, to_number, type Key } from '../aggregate';
import { encoding_of, encodings_of, measure_note } from '../encoding';
import { format_compact, format_number } from '../format';
import { greys } from '../look';
import { key_text } from '../model';
import { base_option, measure_text, tooltip_base, tooltip_html, type DrawContext, type Drawing } from './drawing';
import { state_name } from './us_states';

const POINTS_MAX = 5000;

export function draw_map(context: DrawContext): Drawing {
  const { chart, data } = context.input;
  const x = encoding_of(chart.x);
  const type = data.columns[column_index(data.columns, x?.field)]?.type ?? 'text';
  const y = encodings_of(chart.y)[0];
  const y_type = data.columns[column_index(data.columns, y?.field)]?.type ?? 'text';
  const points = NUMBER_TYPES.has(type) && NUMBER_TYPES.has(y_type) && !y?.aggregate;
  return points ? draw_points(context) : draw_regions(context);
}

function geo_base(context: DrawContext) {
  const { look } = context;
  return {
    roam: false,
    itemStyle: { areaColor: look.dark ? '#262626' : '#f3f3f3', borderColor: look.dark ? '#3d3d3d' : '#d2d2d2', borderWidth: 0.6 },
    emphasis: { label: { show: false }, itemStyle: { areaColor: look.dark ? '#303030' : '#ebebeb' } },
    select: { disabled: true },
  };
}

function draw_regions(context: DrawContext): Drawing {
  const { input, look } = context;
  const { chart, notes } = input;
  const x = encoding_of(chart.x) ?? encoding_of(chart.color) ?? { field: null };
  const color = encoding_of(chart.color);
  const value = encodings_of(chart.y)[0] ?? (color && color.field !== x.field ? color : { field: null, aggregate: 'count' as const });
  const note = measure_note(value, notes);
  const regions = group_rows(input.data, [x], [value]).groups.map((group) => {
    const key = group.keys[0] ?? null;
    const state = key === null ? null : state_name(String(key));
    return { key, name: state ?? key_text(key, 'category', null, 'day'), is_state: state !== null, value: group.values[0] ?? null };
  });
  const us = chart.regions ? chart.regions === 'us_states' : regions.filter((region) => region.is_state).length * 2 > regions.length;
  const values = regions.map((region) => region.value).filter((one) => one !== null);
  const low = values.reduce((least, one) => Math.min(least, one), Infinity);
  const high = values.reduce((most, one) => Math.max(most, one), -Infinity);
  const by_name = new Map(regions.map((region) => [region.name, region]));
  const option: EChartsOption = {
    ...base_option(look),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (given: unknown) => {
        const { name } = given as { name: string };
        return tooltip_html(look, name, [{ name: note.label, value: measure_text(by_name.get(name)?.value, note) }]);
      },
    },
    visualMap: {
      type: 'continuous',
      min: Number.isFinite(low) ? Math.min(0, low) : 0,
      max: Number.isFinite(high) && high !== low ? high : (Number.isFinite(high) ? high : 0) + 1,
      inRange: { color: look.dark ? ['#2b2b2b', '#e6e6e6'] : ['#ececec', '#2b2b2b'] },
      orient: 'horizontal',
      right: 4,
      bottom: 0,
      itemWidth: 8,
      itemHeight: 100,
      text: [Number.isFinite(high) ? format_compact(high, { format: note.format }) : '', Number.isFinite(low) ? format_compact(Math.min(0, low), { format: note.format }) : ''],
      textStyle: { color: look.ink_faint, fontSize: 11 },
      calculable: false,
      hoverLink: false,
    },
    series: [
      {
        type: 'map',
        map: us ? 'us' : 'world',
        aspectScale: us ? 1 : 0.78,
        ...geo_base(context),
        top: 4,
        bottom: 24,
        left: 4,
        right: 4,
        emphasis: { label: { show: false }, itemStyle: { areaColor: look.highlight } },
        data: regions.filter((region) => region.value !== null).map((region) => ({ name: region.name, value: region.value! })),
      },
    ],
  };
  return {
    option,
    height: null,
    captions: [],
    geometry: us ? 'us' : 'world',
    table: { columns: ['Region', note.label], rows: regions.map((region) => [region.name, measure_text(region.value, note)]) },
    selection: ({ data: clicked }) => {
      const region = by_name.get((clicked as { name?: string } | undefined)?.name ?? '');
      return region ? { x: region.key } : null;
    },
  };
}

function draw_points(context: DrawContext): Drawing {
  const { input, look } = context;
  const { chart, data, notes } = input;
  const index = (written: typeof chart.x) => column_index(data.columns, encoding_of(written)?.field);
  const [x_at, y_at] = [index(chart.x), column_index(data.columns, encodings_of(chart.y)[0]?.field)];
  const [size_at, color_at] = [index(chart.size), index(chart.color)];
  const label_at = data.columns.findIndex((column, at) => column.type === 'text' && at !== color_at);
  const size = encoding_of(chart.size);
  const size_note = size ? measure_note(size, notes) : null;
  const all = data.rows.flatMap((row) => {
    const longitude = to_number(row[x_at]);
    const latitude = to_number(row[y_at]);
    if (longitude === null || latitude === null || Math.abs(longitude) > 180 || Math.abs(latitude) > 90) return [];
    const color: Key = color_at < 0 ? null : String(row[color_at] ?? '');
    return [{ longitude, latitude, size: size_at < 0 ? null : to_number(row[size_at]), color, label: label_at < 0 ? '' : String(row[label_at] ?? '') }];
  });
  const located = all.slice(0, POINTS_MAX);
  const inside_us = located.filter((point) => point.longitude > -179 && point.longitude < -64 && point.latitude > 17 && point.latitude < 72).length;
  const us = chart.regions ? chart.regions === 'us_states' : located.length > 0 && inside_us / located.length > 0.95;
  const points = us ? located.filter(on_us_map) : located;
  const colors = [...new Set(points.map((point) => point.color))];
  const shades = colors.length > 1 ? greys(look, Math.min(6, colors.length)) : [look.mark];
  const largest = points.reduce((most, point) => Math.max(most, point.size ?? 0), 0);
  const option: EChartsOption = {
    ...base_option(look),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (given: unknown) => {
        const item = given as { seriesType?: string; dataIndex: number };
        const point = item.seriesType === 'scatter' ? points[item.dataIndex] : undefined;
        if (!point) return '';
        return tooltip_html(look, point.label || String(point.color ?? ''), [
          { name: 'Latitude', value: format_number(point.latitude, { format: '.2f' }) },
          { name: 'Longitude', value: format_number(point.longitude, { format: '.2f' }) },
          ...(size_note ? [{ name: size_note.label, value: measure_text(point.size, size_note) }] : []),
        ]);
      },
    },
    geo: {
      map: us ? 'us_points' : 'world',
      ...geo_base(context),
      silent: true,
      top: 8,
      bottom: 8,
      left: 8,
      right: 8,
      ...(us ? { projection: UNITED_STATES } : {}),
    },
    series: [
      {
        type: 'scatter',
        coordinateSystem: 'geo',
        data: points.map((point) => ({ value: [point.longitude, point.latitude], itemStyle: { color: shades[Math.min(colors.indexOf(point.color), shades.length - 1)]! } })),
        symbolSize: (_: unknown, item: { dataIndex: number }) => (size_note && largest > 0 ? 3 + 18 * Math.sqrt(Math.max(0, points[item.dataIndex]!.size ?? 0) / largest) : points.length > 500 ? 3 : 6),
        itemStyle: { opacity: 0.6 },
        emphasis: { itemStyle: { color: look.highlight, opacity: 1 } },
      },
    ],
  };
  return {
    option,
    height: null,
    captions: all.length > points.length ? [`${points.length.toLocaleString('en')} of ${all.length.toLocaleString('en')} points`] : [],
    geometry: us ? 'us' : 'world',
    table: {
      columns: ['Place', 'Latitude', 'Longitude', ...(size_note ? [size_note.label] : [])],
      rows: points.slice(0, 500).map((point) => [point.label || String(point.color ?? ''), String(point.latitude), String(point.longitude), ...(size_note ? [measure_text(point.size, size_note)] : [])]),
    },
    selection: ({ dataIndex }) => {
      const point = points[dataIndex ?? -1];
      return point ? { x: point.longitude, y: point.latitude, color: point.color } : null;
    },
  };
}

// The islands of the Caribbean and the Pacific are not on this map; the caption counts what is left out.
const on_us_map = ({ longitude, latitude }: { longitude: number; latitude: number }) =>
  latitude > 50 ? longitude < -125 || longitude > 165 : longitude < -140 ? latitude > 18 && longitude > -161 : longitude < -66 && latitude > 24 && longitude > -125.5;

const RADIAN = Math.PI / 180;

// Albers' equal-area conic projection about a meridian, placed so that `centre` comes to lie at `place`; y grows downwards.
function albers(meridian: number, parallels: [number, number], centre: [number, number], scale: number, place: [number, number]) {
  const cone = (Math.sin(parallels[0] * RADIAN) + Math.sin(parallels[1] * RADIAN)) / 2;
  const constant = Math.cos(parallels[0] * RADIAN) ** 2 + 2 * cone * Math.sin(parallels[0] * RADIAN);
  const raw = (longitude: number, latitude: number): [number, number] => {
    const radius = Math.sqrt(Math.max(0, constant - 2 * cone * Math.sin(latitude * RADIAN))) / cone;
    const angle = cone * (longitude - meridian) * RADIAN;
    return [radius * Math.sin(angle), radius * Math.cos(angle)];
  };
  const [origin_x, origin_y] = raw(meridian + centre[0], centre[1]);
  return (longitude: number, latitude: number): [number, number] => {
    const [x, y] = raw(longitude, latitude);
    return [scale * (x - origin_x) + place[0], scale * (y - origin_y) + place[1]];
  };
}

// The United States as atlases print them: Alaska at a third of its size and Hawaii below the south-west. The parallels and places are those
// of d3's geoAlbersUsa.
const MAINLAND = albers(-96, [29.5, 45.5], [-0.6, 38.7], 1, [0, 0]);
const ALASKA = albers(-154, [55, 65], [-2, 58.5], 0.35, [-0.307, 0.201]);
const HAWAII = albers(-157, [8, 18], [-3, 19.9], 1, [-0.205, 0.212]);

const UNITED_STATES = {
  project: ([longitude, latitude]: number[]): number[] => {
    // Beyond the antimeridian lie the last of the Aleutians: they belong on the left.
    const east = longitude! > 0 ? longitude! - 360 : longitude!;
    if (latitude! > 50) return ALASKA(east, latitude!);
    return east < -140 ? HAWAII(east, latitude!) : MAINLAND(east, latitude!);
  },
  // Only moving the map by hand would ask for the way back, and this map does not move.
  unproject: (point: number[]): number[] => point,
};
