// map: regions (x names a state or a country, colour or y is the measure) or points (x longitude, y latitude).
import type { EChartsOption } from 'echarts';
import type { Cell } from '../../api/types';
import { column_index, group_rows, key_id, measure, NUMBER_TYPES, to_number, type Key } from '../aggregate';
import { encoding_of, encodings_of, key_label, measure_note } from '../encoding';
import { format_compact, format_count, format_number, lower_first, short_unit } from '../format';
import { ramp_extent, shades, SHADES_MAX } from '../look';
import { axis_of, key_text } from '../model';
import { country_of } from './countries';
import { base_option, legend_base, measure_text, tooltip_base, tooltip_html, type DrawContext, type Drawing } from './drawing';
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

const NAMED_MAX = 5;

interface Region {
  name: string;
  key: Key;
  rows: Cell[][];
  outlined: boolean;
  value: number | null;
}

// "CA" may be California or Canada: what most of the values mean, and in doubt what the column is called.
function means_states(groups: { state: string | null; country: unknown }[], field: string): boolean {
  const states = groups.filter((group) => group.state !== null).length;
  const countries = groups.filter((group) => group.country !== null).length;
  if (/countr|nation|iso/i.test(field) && countries > 0) return false;
  return states > countries || (states === countries && states > 0 && /state/i.test(field)) || (states === countries && states * 2 > groups.length);
}

function geo_base(context: DrawContext) {
  const { look } = context;
  return {
    roam: false,
    // Without a value a region is paper with an outline, which no value is drawn as.
    itemStyle: { areaColor: look.dark ? '#222222' : '#f9f9f9', borderColor: look.dark ? '#4a4a4a' : '#bdbdbd', borderWidth: 0.6 },
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
  const groups = group_rows(input.data, [x], [value]).groups.map((group) => {
    const text = group.keys[0] === null ? '' : String(group.keys[0]);
    return { ...group, text, state: state_name(text), country: country_of(text) };
  });
  const us = chart.regions ? chart.regions === 'us_states' : means_states(groups, x.field ?? '');
  // "UK" and "United Kingdom" are one region.
  const by_name = new Map<string, Region>();
  const unmatched: string[] = [];
  let without_place = 0;
  for (const group of groups) {
    if (group.keys[0] === null || group.text === '') {
      without_place += group.rows.length;
      continue;
    }
    const name = us ? group.state : (group.country?.name ?? null);
    const outlined = us ? name !== null && name !== 'Puerto Rico' : (group.country?.on_map ?? false);
    if (!outlined) unmatched.push(name ?? key_text(group.keys[0]!, 'category', null, 'day'));
    const shown = name ?? group.text;
    const before = by_name.get(shown);
    const rows = before ? [...before.rows, ...group.rows] : group.rows;
    by_name.set(shown, { name: shown, key: before?.key ?? group.keys[0]!, rows, outlined, value: before ? measure(input.data, rows, value) : (group.values[0] ?? null) });
  }
  const regions = [...by_name.values()];
  const drawn = regions.filter((region) => region.outlined && region.value !== null);
  const [low, high] = ramp_extent(drawn.map((region) => region.value!));
  const captions: string[] = [];
  if (unmatched.length > 0) captions.push(`not on this map: ${unmatched.slice(0, NAMED_MAX).join(', ')}${unmatched.length > NAMED_MAX ? ` and ${unmatched.length - NAMED_MAX} more` : ''}`);
  if (without_place > 0) captions.push(`${format_count(without_place, 'row')} without ${lower_first(key_label(x, notes))}`);
  const ends = (one: number) => format_compact(one, { ...note, unit: short_unit(note.unit) });
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
      min: low,
      max: high,
      inRange: { color: [...look.ramp] },
      orient: 'horizontal',
      right: 4,
      bottom: 0,
      itemWidth: 8,
      itemHeight: 100,
      text: [ends(high), ends(low)],
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
        data: drawn.map((region) => ({ name: region.name, value: region.value! })),
      },
    ],
  };
  return {
    option,
    height: null,
    captions,
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
  const color = encoding_of(chart.color);
  const colored = color ? group_rows(data, [color], []) : null;
  const color_keys = colored?.groups.map((group) => group.keys[0] ?? null) ?? [];
  const color_axis = color ? axis_of(color, colored!.kinds[0]!, colored!.steps[0] ?? null, color_keys, input) : null;
  const color_names = new Map(color_keys.map((key, at) => [key_id(key), color_axis!.labels[at]!]));
  const color_of = new Map(colored?.groups.flatMap((group) => group.rows.map((row): [Cell[], Key] => [row, group.keys[0] ?? null])));
  const all = data.rows.flatMap((row) => {
    const longitude = to_number(row[x_at]);
    const latitude = to_number(row[y_at]);
    if (longitude === null || latitude === null || Math.abs(longitude) > 180 || Math.abs(latitude) > 90) return [];
    return [{ longitude, latitude, size: size_at < 0 ? null : to_number(row[size_at]), color: color_of.get(row) ?? null, label: label_at < 0 ? '' : String(row[label_at] ?? '') }];
  });
  const located = all.slice(0, POINTS_MAX);
  const unplaced = data.rows.length - all.length;
  const inside_us = located.filter((point) => point.longitude > -179 && point.longitude < -64 && point.latitude > 17 && point.latitude < 72).length;
  const us = chart.regions ? chart.regions === 'us_states' : located.length > 0 && inside_us / located.length > 0.95;
  const points = us ? located.filter(on_us_map) : located;
  const by_color = new Map<string, typeof points>();
  for (const point of points) {
    const id = key_id(point.color);
    const same = by_color.get(id);
    if (same) same.push(point);
    else by_color.set(id, [point]);
  }
  const colors = [...by_color.values()].sort((a, b) => b.length - a.length);
  const palette = colors.length > 1 ? shades(look, colors.length) : [look.mark];
  const legend = colors.length > 1 && colors.length <= 20;
  const color_label = (key: Key) => (color ? (color_names.get(key_id(key)) ?? '') : '');
  const captions: string[] = [];
  if (all.length > points.length) captions.push(`${points.length.toLocaleString('en')} of ${all.length.toLocaleString('en')} points`);
  if (unplaced > 0) captions.push(`${format_count(unplaced, 'row')} without a place`);
  if (colors.length > SHADES_MAX) captions.push(`${SHADES_MAX} of ${colors.length} ${lower_first(key_label(color!, notes))} with a colour of their own`);
  const largest = points.reduce((most, point) => Math.max(most, point.size ?? 0), 0);
  const option: EChartsOption = {
    ...base_option(look),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (given: unknown) => {
        const item = given as { seriesType?: string; seriesIndex: number; dataIndex: number };
        const point = item.seriesType === 'scatter' ? colors[item.seriesIndex]?.[item.dataIndex] : undefined;
        if (!point) return '';
        return tooltip_html(look, point.label || color_label(point.color), [
          ...(color && point.label ? [{ name: key_label(color, notes), value: color_label(point.color) }] : []),
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
      top: legend ? 30 : 8,
      bottom: 8,
      left: 8,
      right: 8,
      ...(us ? { projection: UNITED_STATES } : {}),
    },
    ...(legend ? { legend: legend_base(look, colors.map((one) => color_label(one[0]!.color)), palette) } : {}),
    series: colors.map((same, index) => ({
      type: 'scatter',
      name: color_label(same[0]!.color),
      coordinateSystem: 'geo',
      data: same.map((point) => [point.longitude, point.latitude]),
      symbolSize: (_: unknown, item: { dataIndex: number }) => (size_note && largest > 0 ? 3 + 18 * Math.sqrt(Math.max(0, same[item.dataIndex]!.size ?? 0) / largest) : points.length > 500 ? 3 : 6),
      itemStyle: { color: palette[index]!, opacity: 0.7 },
      emphasis: { itemStyle: { opacity: 1, borderColor: look.ink, borderWidth: 1 } },
    })),
  };
  return {
    option,
    height: null,
    captions,
    geometry: us ? 'us' : 'world',
    table: {
      columns: ['Place', 'Latitude', 'Longitude', ...(size_note ? [size_note.label] : [])],
      rows: points.slice(0, 500).map((point) => [point.label || color_label(point.color), String(point.latitude), String(point.longitude), ...(size_note ? [measure_text(point.size, size_note)] : [])]),
    },
    selection: ({ seriesIndex, dataIndex }) => {
      const point = colors[seriesIndex ?? -1]?.[dataIndex ?? -1];
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
