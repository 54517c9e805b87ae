// histogram, box, scatter, heatmap: how values are spread, and against what.
import type { EChartsOption, SeriesOption } from 'echarts';
import type { Cell } from '../../api/types';
import { aggregate_of, bin_start, bin_step, box_summary, column_index, compare_keys, group_rows, key_id, TIME_TYPES, to_number, to_time, type Key } from '../aggregate';
import { encoding_of, encodings_of, key_label, measure_note, note_of, type ChartInput } from '../encoding';
import { format_compact, format_count, format_number, format_time, grain_of, lower_first, short_unit, truncate_text, with_unit, writer_of } from '../format';
import { ramp_color, ramp_extent, shades, SHADES_MAX, text_on } from '../look';
import { axis_of, series_model } from '../model';
import { axis_line, base_option, legend_base, longest, measure_text, text_width, tooltip_base, tooltip_html, value_axis, type DrawContext, type Drawing } from './drawing';
import { draw_bars, series_table, time_tick } from './cartesian';

const POINTS_MAX = 5000;
const CELLS_MAX = 10_000;
const BOXES_MAX = 60;
const HISTOGRAM_BINS_MAX = 200;

export function draw_histogram(context: DrawContext): Drawing {
  const { input, look, width } = context;
  const x = encoding_of(input.chart.x) ?? encodings_of(input.chart.y)[0] ?? { field: null };
  const index = column_index(input.data.columns, x.field);
  const type = input.data.columns[index]?.type ?? 'text';
  // What is not a number, or was binned by its query already (it comes with a measure and no bin), is drawn as it came.
  const counted = encodings_of(input.chart.y).filter((one) => one.field !== x.field || one.aggregate);
  if (TIME_TYPES.has(type) || type === 'text' || x.time_unit || (!x.bin && counted.some((one) => !one.aggregate && one.field))) return draw_bars(context);

  const values = input.data.rows.map((row) => to_number(row[index])).filter((value) => value !== null);
  const bin = x.bin || true;
  let step = bin_step(values, bin);
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if ((high - low) / step > HISTOGRAM_BINS_MAX) step = bin_step(values, 50);
  const model = series_model(
    { ...input, chart: { ...input.chart, x: { ...x, bin: { step } }, y: counted.length > 0 ? counted : [{ field: null, aggregate: 'count' }], limit: null, sort: 'x' } },
    { stacked: true },
  );
  // Empty bins are part of the shape: the axis runs over all of them.
  const starts: number[] = [];
  if (values.length > 0) for (let at = bin_start(low, step); at <= high + step * 1e-9 && starts.length < HISTOGRAM_BINS_MAX; at = bin_start(at + step * 1.5, step)) starts.push(at);
  const position = new Map(model.x.keys.map((key, at) => [key_id(key), at]));
  const note = note_of(x, input.notes);
  const edge = writer_of([...starts, ...starts.map((start) => bin_start(start + step * 1.5, step))], { format: x.format ?? null }, { brief: true });
  const range = (start: number) => `${edge(start)} to ${with_unit(edge(bin_start(start + step * 1.5, step)), note.unit)}`;
  const unknown = input.data.rows.length - values.length;
  if (unknown > 0) model.captions.push(`${format_count(unknown, 'row')} without ${lower_first(key_label(x, input.notes))}`);
  const filled = model.series.map((one) => ({ ...one, values: starts.map((start) => one.values[position.get(key_id(start)) ?? -1] ?? 0) }));
  const full = { ...model, x: { ...model.x, keys: starts as Key[], labels: starts.map(range) }, series: filled };
  const colors = shades(look, filled.length);
  const legend = filled.length > 1;
  const every = Math.max(1, Math.ceil((starts.length * Math.max(34, longest(starts.map(edge)) * 7)) / Math.max(100, width - 60)));
  const option: EChartsOption = {
    ...base_option(look),
    grid: { left: 4, right: 12, top: legend ? 30 : 8, bottom: 2, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    ...(legend ? { legend: legend_base(look, filled.map((one) => one.name), colors) } : {}),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'axis',
      axisPointer: { type: 'shadow', shadowStyle: { color: look.dark ? 'rgba(255,255,255,.05)' : 'rgba(0,0,0,.04)' } },
      formatter: (given: unknown) => {
        const at = (given as { dataIndex: number }[])[0]?.dataIndex ?? 0;
        return tooltip_html(look, full.x.labels[at] ?? '', filled.map((one, series) => ({ color: legend ? colors[series] : undefined, name: one.name, value: measure_text(one.values[at], model.measures[0]) })));
      },
    },
    xAxis: { type: 'category', data: starts.map(edge), ...axis_line(look), axisLabel: { color: look.ink_faint, fontSize: 11, align: 'center', interval: (at: number) => at % every === 0 } },
    yAxis: value_axis(look, model.measures[0]),
    series: filled.map((one, series): SeriesOption => ({
      type: 'bar',
      name: one.name,
      stack: 'all',
      data: one.values,
      barCategoryGap: 1,
      itemStyle: { color: colors[series]! },
      emphasis: legend ? { focus: 'series' as const } : { itemStyle: { color: look.highlight } },
    })),
  };
  return { option, height: null, captions: model.captions, table: series_table(full), selection: () => null };
}

export function draw_boxes(context: DrawContext): Drawing {
  const { input, look, width, height } = context;
  const { chart, data, notes } = input;
  const x = encoding_of(chart.x);
  const measures = encodings_of(chart.y);
  const y = measures[0] ?? { field: null };
  const value_index = column_index(data.columns, y.field);
  // Five measures are a box that the query made itself: low, first quartile, median, third quartile, high.
  const ready_made = measures.length === 5;
  const grouped = group_rows(data, x ? [x] : [], []);
  const kind = (x && grouped.kinds[0]) || 'category';
  const boxes = grouped.groups.flatMap(({ keys, rows }) => {
    const key = keys[0] ?? null;
    if (ready_made) {
      const five = measures.map((one) => to_number(rows[0]?.[column_index(data.columns, one.field)]));
      if (five.some((value) => value === null)) return [];
      const [low, first_quartile, median, third_quartile, high] = five as number[];
      return [{ key, box: { low: low!, first_quartile: first_quartile!, median: median!, third_quartile: third_quartile!, high: high!, outliers: [] as number[], count: rows.length } }];
    }
    const box = box_summary(rows.map((row) => to_number(row[value_index])).filter((value) => value !== null));
    return box ? [{ key, box }] : [];
  });
  if (kind !== 'category' || x?.time_unit) boxes.sort((a, b) => compare_keys(a.key, b.key));
  if (chart.sort?.endsWith('y')) boxes.sort((a, b) => (chart.sort!.startsWith('-') ? -1 : 1) * (a.box.median - b.box.median));
  const count = boxes.length;
  const limit = Math.min(chart.limit ?? BOXES_MAX, BOXES_MAX);
  // Of times, the latest say most.
  if (count > limit) boxes.splice(kind === 'time' ? 0 : limit, count - limit);
  const axis = axis_of(x ?? { field: null }, kind, grouped.steps[0] ?? null, boxes.map((one) => one.key), input);
  const labels = x ? axis.labels : [measure_note(y, notes).label];
  const note = { ...measure_note({ ...y, aggregate: null }, notes) };
  const text = writer_of(boxes.flatMap(({ box }) => [box.low, box.first_quartile, box.median, box.third_quartile, box.high]), note);
  const slot = width / Math.max(1, boxes.length);
  const horizontal = longest(labels) * 6.2 > slot * 1.2 || boxes.length > 14;
  const category = {
    type: 'category' as const,
    data: labels,
    ...axis_line(look),
    ...(horizontal ? { inverse: true } : {}),
    axisLabel: { color: look.ink_soft, fontSize: 11, ...(horizontal ? { interval: 0, width: width * 0.35, overflow: 'truncate' as const } : { hideOverlap: true }) },
  };
  const value = value_axis(look, note, { scale: true });
  const option: EChartsOption = {
    ...base_option(look),
    grid: { left: 4, right: 16, top: 8, bottom: 2, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (given: unknown) => {
        const item = given as { seriesIndex: number; dataIndex: number; value: number[] };
        if (item.seriesIndex === 1) return tooltip_html(look, 'Outlier', [{ name: note.label, value: text(item.value[horizontal ? 0 : 1]!) }]);
        const one = boxes[item.dataIndex]!;
        return tooltip_html(look, labels[item.dataIndex]!, [
          { name: 'Upper whisker', value: text(one.box.high) },
          { name: 'Third quartile', value: text(one.box.third_quartile) },
          { name: 'Median', value: text(one.box.median) },
          { name: 'First quartile', value: text(one.box.first_quartile) },
          { name: 'Lower whisker', value: text(one.box.low) },
          { name: 'Rows', value: format_number(one.box.count) },
        ]);
      },
    },
    xAxis: horizontal ? value : category,
    yAxis: horizontal ? category : value,
    series: [
      {
        type: 'boxplot',
        boxWidth: [6, 40],
        itemStyle: { color: look.dark ? '#3a3a3a' : '#e2e2e2', borderColor: look.mark, borderWidth: 1.2 },
        emphasis: { itemStyle: { borderColor: look.highlight, borderWidth: 1.6 } },
        data: boxes.map(({ box }) => [box.low, box.first_quartile, box.median, box.third_quartile, box.high]),
      },
      {
        type: 'scatter',
        symbolSize: 4,
        itemStyle: { color: look.ink_faint, opacity: 0.5 },
        data: boxes.flatMap(({ box }, at) => thin(box.outliers, 200).map((outlier) => (horizontal ? [outlier, at] : [at, outlier]))),
      },
    ],
  };
  return {
    option,
    height: horizontal && boxes.length * 26 > height ? boxes.length * 26 : null,
    captions: count > boxes.length ? [`${kind === 'time' ? 'the latest ' : ''}${boxes.length} of ${count}`] : [],
    table: {
      columns: [axis.title || 'Group', 'Lower whisker', 'First quartile', 'Median', 'Third quartile', 'Upper whisker', 'Outliers'],
      rows: boxes.map(({ box }, at) => [labels[at]!, text(box.low), text(box.first_quartile), text(box.median), text(box.third_quartile), text(box.high), format_number(box.outliers.length)]),
    },
    selection: ({ seriesIndex, dataIndex }) => (seriesIndex === 0 && boxes[dataIndex ?? -1] ? { x: boxes[dataIndex!]!.key } : null),
  };
}

function thin<T>(values: T[], count_max: number): T[] {
  if (values.length <= count_max) return values;
  const every = values.length / count_max;
  return Array.from({ length: count_max }, (_, index) => values[Math.floor(index * every)]!);
}

interface Point {
  x: number;
  y: number;
  size: number | null;
  color: Key;
  label: string | null;
}

export function draw_scatter(context: DrawContext): Drawing {
  const { input, look, width } = context;
  const { chart, data, notes } = input;
  const x = encoding_of(chart.x) ?? { field: null };
  const y = encodings_of(chart.y)[0] ?? { field: null };
  const size = encoding_of(chart.size);
  const color = encoding_of(chart.color);
  const over_time = TIME_TYPES.has(data.columns[column_index(data.columns, x.field)]?.type ?? '');
  const points = scatter_points(input, over_time);
  const captions: string[] = [];
  const aggregated = [x, y].some((one) => one.aggregate || one.bin || one.time_unit);
  const unknown = aggregated ? 0 : data.rows.length - points.length;
  if (unknown > 0) captions.push(`${format_count(unknown, 'row')} without ${lower_first(key_label(x, notes))} or ${lower_first(key_label(y, notes))}`);
  const shown = thin(points, POINTS_MAX);
  if (shown.length < points.length) captions.push(`${shown.length.toLocaleString('en')} of ${points.length.toLocaleString('en')} points`);

  const color_kinds = color ? group_rows(data, [color], []) : null;
  const color_keys = color_kinds?.groups.map((group) => group.keys[0] ?? null) ?? [];
  const color_axis = color ? axis_of(color, color_kinds!.kinds[0]!, color_kinds!.steps[0] ?? null, color_keys, input) : null;
  const color_names = new Map(color_axis?.labels.map((label, at) => [key_id(color_keys[at]!), label]));
  const series = new Map<string, { name: string; key: Key; points: Point[] }>();
  for (const point of shown) {
    const id = key_id(point.color);
    const one = series.get(id) ?? { name: color_names.get(id) ?? '', key: point.color, points: [] };
    one.points.push(point);
    series.set(id, one);
  }
  // The panels of a facet give each colour the same shade.
  const order = input.like?.series.flatMap((one) => one.members.map(key_id)) ?? null;
  const rank = (key: Key) => (order ? (order.indexOf(key_id(key)) + order.length + 1) % (order.length + 1) : 0);
  const all = [...series.values()].sort((a, b) => rank(a.key) - rank(b.key) || b.points.length - a.points.length);
  const colors = order && color ? shades(look, order.length) : all.length === 1 ? [look.mark] : shades(look, all.length);
  const color_at = (index: number) => (order && color ? (colors[rank(all[index]!.key)] ?? look.mark_pale) : colors[index]!);
  if (all.length > SHADES_MAX && color) captions.push(`${SHADES_MAX} of ${all.length} ${lower_first(key_label(color, notes))} with a colour of their own`);
  const largest = shown.reduce((most, point) => Math.max(most, point.size ?? 0), 0);
  const x_note = measure_note({ ...x, aggregate: x.aggregate ?? null }, notes);
  const y_note = measure_note(y, notes);
  const size_note = size ? measure_note(size, notes) : null;
  const grain = over_time ? grain_of(shown.map((point) => point.x)) : 'day';
  const x_text = (value: number) => (over_time ? format_time(value, grain) : measure_text(value, x_note));
  const span = over_time && shown.length > 0 ? [shown.reduce((least, point) => Math.min(least, point.x), Infinity), shown.reduce((most, point) => Math.max(most, point.x), -Infinity)] : null;
  const legend = all.length > 1 && all.length <= 20 && !input.like;
  const opacity = shown.length > 1000 ? 0.35 : shown.length > 200 ? 0.55 : 0.8;
  const option: EChartsOption = {
    ...base_option(look),
    grid: { left: 4, right: 20, top: legend ? 30 : 10, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    ...(legend ? { legend: legend_base(look, all.map((one) => one.name), all.map((_, index) => color_at(index))) } : {}),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (given: unknown) => {
        const item = given as { seriesIndex: number; dataIndex: number };
        const point = all[item.seriesIndex]!.points[item.dataIndex]!;
        return tooltip_html(look, point.label ?? all[item.seriesIndex]!.name, [
          { name: x_note.label, value: x_text(point.x) },
          { name: y_note.label, value: measure_text(point.y, y_note) },
          ...(size_note ? [{ name: size_note.label, value: measure_text(point.size, size_note) }] : []),
        ]);
      },
    },
    xAxis: {
      ...(over_time ? { type: 'time' as const, splitNumber: Math.max(2, Math.floor(width / 110)), axisLabel: { color: look.ink_faint, fontSize: 11, hideOverlap: true, formatter: time_tick(span) } } : value_axis(look, x_note, { scale: true, splitNumber: Math.max(2, Math.floor(width / 110)) })),
      ...axis_line(look),
      splitLine: { show: false },
      name: over_time ? '' : truncate_text(x_note.unit ? `${x_note.label}, ${x_note.unit}` : x_note.label, 40),
      nameLocation: 'end',
      nameGap: 4,
      nameTextStyle: { color: look.ink_faint, fontSize: 11, align: 'right', verticalAlign: 'top', padding: [18, 0, 0, 0] },
    },
    yAxis: value_axis(look, y_note, { scale: true }),
    series: all.map((one, index): SeriesOption => ({
      type: 'scatter',
      name: one.name,
      data: one.points.map((point) => [point.x, point.y]),
      symbolSize: (_: unknown, item: { dataIndex: number }) => (size && largest > 0 ? 4 + 20 * Math.sqrt(Math.max(0, one.points[item.dataIndex]!.size ?? 0) / largest) : shown.length > 1000 ? 4 : 7),
      itemStyle: { color: color_at(index), opacity },
      emphasis: { itemStyle: { ...(all.length > 1 ? {} : { color: look.highlight }), opacity: 1, borderColor: look.ink, borderWidth: 1 } },
    })),
  };
  return {
    option,
    height: null,
    captions,
    table: {
      columns: [color ? key_label(color, notes) : 'Point', x_note.label, y_note.label, ...(size_note ? [size_note.label] : [])],
      rows: shown.slice(0, 500).map((point, at) => [point.label ?? (color ? (color_names.get(key_id(point.color)) ?? '') : String(at + 1)), x_text(point.x), measure_text(point.y, y_note), ...(size_note ? [measure_text(point.size, size_note)] : [])]),
    },
    selection: ({ seriesIndex, dataIndex }) => {
      const point = all[seriesIndex ?? -1]?.points[dataIndex ?? -1];
      return point ? { x: point.x, y: point.y, color: point.color } : null;
    },
  };
}

// Each row is a point; when x or y is aggregated, each group is (by colour, and by whichever of the two is not).
function scatter_points(input: ChartInput, over_time: boolean): Point[] {
  const { chart, data } = input;
  const x = encoding_of(chart.x) ?? { field: null };
  const y = encodings_of(chart.y)[0] ?? { field: null };
  const size = encoding_of(chart.size);
  const color = encoding_of(chart.color);
  const measures = [x, y, ...(size ? [size] : [])];
  if (measures.some((one) => one.aggregate || one.bin || one.time_unit)) {
    const keys = [x, y].filter((one) => !one.aggregate);
    const by = [...(color ? [color] : []), ...keys];
    const grouped = group_rows(data, by, measures.filter((one) => one.aggregate));
    return grouped.groups.flatMap((group) => {
      const key_values = group.keys.slice(color ? 1 : 0);
      const values = [...group.values];
      const take = (one: (typeof measures)[0]) => (one.aggregate ? (values.shift() ?? null) : one === size ? null : ((key_values.shift() as number | null | undefined) ?? null));
      const [at_x, at_y, at_size] = measures.map(take);
      if (typeof at_x !== 'number' || typeof at_y !== 'number') return [];
      return [{ x: at_x, y: at_y, size: at_size ?? null, color: color ? (group.keys[0] ?? null) : null, label: null }];
    });
  }
  const at = (one: { field: string | null } | null) => (one ? column_index(data.columns, one.field) : -1);
  const [x_at, y_at, size_at, color_at] = [at(x), at(y), at(size), at(color)];
  const label_at = data.columns.findIndex((column, index) => column.type === 'text' && index !== color_at);
  const colors = color ? new Map(group_rows(data, [color], []).groups.flatMap((group) => group.rows.map((row): [Cell[], Key] => [row, group.keys[0] ?? null]))) : null;
  return data.rows.flatMap((row) => {
    const px = over_time ? to_time(row[x_at]) : to_number(row[x_at]);
    const py = to_number(row[y_at]);
    if (px === null || py === null) return [];
    return [{ x: px, y: py, size: size_at < 0 ? null : to_number(row[size_at]), color: colors?.get(row) ?? null, label: label_at < 0 ? null : String(row[label_at] ?? '') }];
  });
}

export function draw_heatmap(context: DrawContext): Drawing {
  const { input, look, width, height } = context;
  const { chart, data, notes } = input;
  const x = encoding_of(chart.x) ?? { field: null };
  const y = encodings_of(chart.y)[0] ?? { field: null };
  const value = encoding_of(chart.color) ?? encoding_of(chart.size) ?? { field: null, aggregate: 'count' as const };
  const grouped = group_rows(data, [x, y], [value]);
  const note = measure_note({ ...value, aggregate: value.aggregate ?? aggregate_of(value) }, notes);
  const captions: string[] = [];
  const sides = [x, y].map((encoding, side) => {
    const keys = [...new Map(grouped.groups.map((group) => [key_id(group.keys[side]!), group.keys[side]!])).values()];
    if (grouped.kinds[side] !== 'category' || encoding.time_unit) keys.sort(compare_keys);
    const most = side === 0 ? 400 : 100;
    const latest = grouped.kinds[side] === 'time';
    if (keys.length > most) captions.push(`${latest ? 'the latest ' : ''}${most} of ${keys.length} ${lower_first(key_label(encoding, notes))}`);
    return axis_of(encoding, grouped.kinds[side]!, grouped.steps[side] ?? null, latest ? keys.slice(-most) : keys.slice(0, most), input);
  });
  const [columns, rows] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const column_at = new Map(columns.keys.map((key, index) => [key_id(key), index]));
  const row_at = new Map(rows.keys.map((key, index) => [key_id(key), index]));
  const cells = grouped.groups.flatMap((group) => {
    const at_x = column_at.get(key_id(group.keys[0]!));
    const at_y = row_at.get(key_id(group.keys[1]!));
    return at_x === undefined || at_y === undefined || group.values[0] === null ? [] : [[at_x, at_y, group.values[0]!] as [number, number, number]];
  });
  const shown = cells.slice(0, CELLS_MAX);
  const values = shown.map((cell) => cell[2]);
  const [low, high] = ramp_extent(values);
  const wanted = rows.keys.length * 18 + 56;
  const label_room = Math.min(width * 0.32, longest(rows.labels) * 7 + 8);
  const cell_width = (width - label_room) / Math.max(1, columns.keys.length);
  const cell_height = (Math.max(height, wanted) - 56) / Math.max(1, rows.keys.length);
  const short = writer_of(values, { ...note, unit: note.unit === '%' ? '%' : null }, { brief: true });
  const ends = (one: number) => (Number.isFinite(one) ? format_compact(one, { ...note, unit: short_unit(note.unit) }) : '');
  const written = cell_height > 16 && values.every((one) => text_width(short(one)) < cell_width - 4) && shown.length <= 300;
  const option: EChartsOption = {
    ...base_option(look),
    grid: { left: 0, right: 8, top: 4, bottom: 30, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (given: unknown) => {
        const [at_x, at_y, one] = (given as { value: [number, number, number] }).value;
        return tooltip_html(look, `${columns.labels[at_x]} · ${rows.labels[at_y]}`, [{ name: note.label, value: measure_text(one, note) }]);
      },
    },
    xAxis: { type: 'category', data: columns.labels, ...axis_line(look), axisLine: { show: false }, axisLabel: { color: look.ink_faint, fontSize: 11, hideOverlap: true, formatter: (label: string) => (columns.kind === 'time' ? label : truncate_text(label, Math.max(3, Math.floor((cell_width * 2) / 6)))) } },
    yAxis: { type: 'category', data: rows.labels, inverse: true, ...axis_line(look), axisLine: { show: false }, axisLabel: { color: look.ink_soft, fontSize: 11, interval: 0, width: label_room, overflow: 'truncate' } },
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
      textGap: 6,
      textStyle: { color: look.ink_faint, fontSize: 11 },
      calculable: false,
      hoverLink: false,
    },
    series: [
      {
        type: 'heatmap',
        data: shown,
        itemStyle: { borderColor: look.surface, borderWidth: cell_width > 8 && cell_height > 8 ? 1 : 0 },
        emphasis: { itemStyle: { borderColor: look.highlight, borderWidth: 2 } },
        label: {
          show: written,
          fontSize: 10,
          formatter: (item) => short((item.value as number[])[2]!),
          color: look.ink,
        },
        ...(written ? { data: shown.map((cell) => ({ value: cell, label: { color: text_on(ramp_color(look, (cell[2] - low) / (high - low))) } })) } : {}),
      },
    ],
  };
  return {
    option,
    height: wanted > height ? wanted : null,
    captions: cells.length > shown.length ? [...captions, `${shown.length} of ${cells.length} cells`] : captions,
    table: { columns: [columns.title, rows.title, note.label], rows: shown.slice(0, 500).map(([at_x, at_y, one]) => [columns.labels[at_x]!, rows.labels[at_y]!, measure_text(one, note)]) },
    selection: ({ data: clicked }) => {
      const cell = Array.isArray(clicked) ? clicked : (clicked as { value?: number[] } | undefined)?.value;
      if (!cell) return null;
      return { x: columns.keys[cell[0] as number] ?? null, y: rows.keys[cell[1] as number] ?? null, ...(columns.kind === 'time' ? { x_grain: columns.grain } : {}), ...(rows.kind === 'time' ? { y_grain: rows.grain } : {}) };
    },
  };
}
