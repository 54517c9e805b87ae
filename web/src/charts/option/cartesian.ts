// line, area, bar, stacked_bar, grouped_bar.
import type { EChartsOption, SeriesOption } from 'echarts';
import { group_rows, nice_step } from '../aggregate';
import { encoding_of, measure_note, type ChartInput } from '../encoding';
import { with_even_times } from '../even_times';
import { format_number, format_time, isolate, short_unit, shorten, truncate_text, writer_of } from '../format';
import { shades } from '../look';
import { series_model, value_text, type Series, type SeriesModel } from '../model';
import { stacking_of, type Stacking } from '../stacking';
import { nearest_position, thin_positions } from '../thin';
import {
  TABLE_ROWS_MAX,
  axis_line,
  base_option,
  legend_base,
  longest,
  share_bounds,
  text_width,
  tooltip_base,
  tooltip_html,
  value_axis,
  type DrawContext,
  type Drawing,
  type TableAlternative,
} from './drawing';

const LABELLED_LINES_MAX = 6;
const LABEL_CHARACTERS = 22;
const BAR_HEIGHT = 22;
// Bars over time that would be thinner than this (with the gap beside them) are drawn as a filled line.
const BAR_WIDTH_MIN = 2.5;
const BARS_ALWAYS = 60;
// What the top margin and the labels of the x axis take from the height of the plot.
const PLOT_MARGINS = 32;
const LABEL_HEIGHT = 13;
const LABELLED_TICKS = 5;
const GRID_BOTTOM = 4;

export function series_table(model: SeriesModel): TableAlternative {
  return {
    columns: [model.x.title, ...model.series.map((one) => one.name)],
    rows: model.x.labels.slice(0, TABLE_ROWS_MAX).map((label, index) => [label, ...model.series.map((one) => value_text(one, index, model.measures[one.measure]))]),
    row_count: model.x.labels.length,
  };
}

// The series of a chart with axes, as they are drawn: stacked or not, as values or as shares.
export function cartesian_model(input: ChartInput, stacking: Stacking, measured: boolean): SeriesModel {
  const model = series_model(input, { stacked: stacking.stacked, measured });
  const captions = stacking.caption && model.series.length > 1 ? [...model.captions, stacking.caption] : model.captions;
  return as_shares({ ...model, captions }, stacking.shares);
}

// Each value as its share of what stands at the same place; where nothing is known there is no share either.
function as_shares(model: SeriesModel, shares: boolean): SeriesModel {
  if (!shares) return model;
  const totals = model.x.keys.map((_, at) => model.series.reduce((sum, one) => sum + Math.abs(one.values[at] ?? 0), 0));
  const share = (value: number | null, at: number) => (value === null ? null : totals[at]! > 0 ? value / totals[at]! : 0);
  return {
    ...model,
    measures: model.measures.map((note) => ({ ...note, unit: null, format: '.1%' })),
    series: model.series.map((one) => ({ ...one, exact: [], values: one.values.map(share) })),
  };
}

// From the lowest to the highest that is drawn, whole stacks included; null when there is nothing.
export function drawn_extent(model: SeriesModel, stacked: boolean): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  const reach = (value: number) => {
    if (value < low) low = value;
    if (value > high) high = value;
  };
  model.x.keys.forEach((_, at) => {
    let [above, below] = [0, 0];
    for (const one of model.series) {
      const value = one.values[at] ?? null;
      if (value === null) continue;
      if (!stacked) reach(value);
      else if (value >= 0) reach((above += value));
      else reach((below += value));
    }
  });
  return low > high ? null : [low, high];
}

// The scale of y that the panels of a facet share; undefined where the mark has none.
export function shared_extent(inputs: ChartInput[]): [number, number] | undefined {
  const mark = inputs[0]?.chart.mark ?? '';
  if (!['line', 'area', 'bar', 'stacked_bar', 'grouped_bar'].includes(mark)) return undefined;
  let [low, high, shares] = [Infinity, -Infinity, false];
  for (const input of inputs) {
    const stacking = stacking_of(input);
    shares ||= stacking.shares;
    const extent = drawn_extent(cartesian_model(input, stacking, mark === 'line' || mark === 'area'), stacking.stacked);
    if (!extent) continue;
    low = Math.min(low, extent[0]);
    high = Math.max(high, extent[1]);
  }
  if (low > high) return undefined;
  if (shares) return [low < 0 ? -1 : 0, high > 0 ? 1 : 0];
  // A line may leave zero out when all it has to tell happens far from it; a bar or an area never may.
  if (mark !== 'line' || !spans_little(low, high)) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) return undefined;
  const step = nice_step(low, high, FACET_TICKS);
  return [round_to(Math.floor(low / step + 1e-9) * step), round_to(Math.ceil(high / step - 1e-9) * step)];
}

const FACET_TICKS = 3;
const round_to = (value: number) => Number(value.toPrecision(12));

// Two measures of different units get an axis each; more share one.
function axis_of_measure(model: SeriesModel): (measure: number) => number {
  const [first, second] = model.measures;
  const apart = model.measures.length === 2 && first!.unit !== second!.unit;
  return (measure) => (apart ? measure : 0);
}

function axis_tooltip(model: SeriesModel, colors: string[], context: DrawContext, place: (item: PointedAt) => number) {
  return (given: unknown) => {
    const items = (Array.isArray(given) ? given : [given]) as PointedAt[];
    const at = items[0] ? place(items[0]) : 0;
    const rows = model.series
      .map((one, index) => ({ one, color: model.series.length > 1 ? colors[index] : undefined, value: one.values[at] ?? null }))
      .sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity))
      .map(({ one, color }) => ({ color, name: one.name, value: value_text(one, at, model.measures[one.measure]) }));
    return tooltip_html(context.look, model.x.labels[at] ?? '', rows);
  };
}

interface PointedAt {
  seriesIndex: number;
  dataIndex: number;
  axisValue?: number | string;
}

function selection_of(model: SeriesModel, colored: boolean, place: (seriesIndex: number, dataIndex: number) => number): Drawing['selection'] {
  return ({ seriesIndex, dataIndex }) => {
    const key = model.x.keys[place(seriesIndex ?? 0, dataIndex ?? -1)];
    if (key === undefined) return null;
    const series = model.series[seriesIndex ?? 0];
    return { x: key, ...(colored && series ? { color: series.key } : {}), ...(model.x.kind === 'time' ? { x_grain: model.x.grain } : {}) };
  };
}

// A shade for each series; lines that have no shade of their own are pale, the first of them on top.
const series_shades = (context: DrawContext, count: number): string[] => (count === 1 ? [context.look.mark] : shades(context.look, count));

export function draw_lines(context: DrawContext, made?: SeriesModel): Drawing {
  const { input, look, width, height } = context;
  const stacking = stacking_of(input);
  const { stacked } = stacking;
  // What is not stacked would cover each other, filled.
  const filled = input.chart.mark === 'area' && !(stacking.caption && encoding_of(input.chart.color));
  const model = made ?? cartesian_model(input, stacking, true);
  const count = model.series.length;
  const colored = encoding_of(input.chart.color) !== null;
  const colors = series_shades(context, count);
  const over_time = model.x.kind === 'time';
  const measured = (over_time || model.x.kind === 'number') && model.x.keys.every((key) => typeof key === 'number');
  const xs = measured ? (model.x.keys as number[]) : [];
  const axis_index = axis_of_measure(model);

  const two_axes = model.measures.some((_, measure) => axis_index(measure) === 1);
  // At the end of the lines stands the second axis already.
  const labelled = !filled && count > 1 && width > 380 && !two_axes && !input.like ? Math.min(count, LABELLED_LINES_MAX) : 0;
  const named = model.series.slice(0, labelled).map((one) => isolate(shorten(one.name, LABEL_CHARACTERS)));
  const legend = count > 1 && labelled === 0 && !input.like;
  const extent = labelled > 0 && !context.y_extent ? value_extent(model) : null;
  const label_offsets = extent ? spread_labels(model.series.slice(0, labelled), extent, height - PLOT_MARGINS) : model.series.map(() => 0);
  const positions = drawn_positions(model, xs, stacked, width);
  const drawn = drawn_extent(model, stacked);
  const lonely = model.series.map((one) => !scattered(one) && one.values.some((_, at) => is_alone(one, at)));

  const series: SeriesOption[] = model.series.map((one, index) => ({
    type: 'line',
    name: one.name,
    data: positions[index]!.map((at) => {
      const value = one.values[at] ?? null;
      return { value: measured ? [xs[at]!, value] : value, ...(lonely[index] && is_alone(one, at) ? { symbol: 'circle' } : {}) };
    }) as never,
    yAxisIndex: axis_index(one.measure),
    ...(stacked && count > 1 ? { stack: 'all' } : {}),
    // A point between two gaps has no line to be seen by.
    showSymbol: lonely[index]!,
    showAllSymbol: true,
    symbol: lonely[index] ? 'none' : 'circle',
    symbolSize: 5,
    connectNulls: false,
    triggerLineEvent: true,
    lineStyle: { width: filled && count > 1 ? 0.5 : index < LABELLED_LINES_MAX ? 1.8 : 1, color: colors[index]!, ...(axis_index(one.measure) === 1 ? { type: 'dashed' } : {}) },
    itemStyle: { color: colors[index]! },
    ...(filled ? { areaStyle: { color: colors[index]!, opacity: stacked && count > 1 ? 0.9 : 0.16 } } : {}),
    emphasis: { focus: 'series', lineStyle: { width: 2.4, color: colors[index]! } },
    blur: { lineStyle: { opacity: 0.35 } },
    ...(index < labelled
      ? {
          endLabel: { show: true, formatter: named[index]!, color: look.ink_soft, fontSize: 11, distance: 6, offset: [0, label_offsets[index]!] },
        }
      : {}),
    z: count - index + 2,
  }));

  const span = input.like?.x_span ?? (xs.length > 0 ? [xs[0]!, xs[xs.length - 1]!] : null);
  const place = (item: PointedAt) => (measured ? nearest_position(xs, Number(item.axisValue)) : item.dataIndex);
  const option: EChartsOption = {
    ...base_option(look),
    grid: {
      left: 4,
      right: labelled > 0 ? Math.min(140, text_width('m'.repeat(longest(named))) + 16) : two_axes ? 4 : 16,
      top: (legend ? 30 : 10) + (two_axes ? 18 : 0),
      bottom: GRID_BOTTOM,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    ...(legend ? { legend: legend_base(look, model.series.map((one) => one.name), colors) } : {}),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: look.ink_faint, width: 1, type: 'solid' } },
      formatter: axis_tooltip(model, colors, context, place),
    },
    xAxis: over_time
      ? {
          type: 'time',
          ...axis_line(look),
          splitLine: { show: false },
          splitNumber: Math.max(2, Math.floor(width / 110)),
          ...(span ? { min: span[0]!, max: span[1]! } : {}),
          ...(model.x.grain === 'year' || model.x.grain === 'month' || model.x.grain === 'quarter' ? { minInterval: 28 * 86_400_000 } : model.x.grain === 'day' || model.x.grain === 'week' ? { minInterval: 86_400_000 } : {}),
          axisLabel: { color: look.ink_faint, fontSize: 11, hideOverlap: true, showMinLabel: true, alignMinLabel: 'left', formatter: time_tick(span) },
        }
      : measured
        ? {
            ...value_axis(look, measure_note({ ...encoding_of(input.chart.x)!, aggregate: null }, input.notes)),
            ...axis_line(look),
            splitLine: { show: false },
            ...(span ? { min: span[0]!, max: span[1]! } : {}),
            ...(xs.every(Number.isInteger) ? { minInterval: 1 } : {}),
          }
        : {
            type: 'category',
            data: model.x.labels,
            boundaryGap: false,
            ...axis_line(look),
            axisLabel: { color: look.ink_faint, fontSize: 11, hideOverlap: true, formatter: (label: string) => truncate_text(label, 14) },
          },
    yAxis: two_axes
      ? [0, 1].map((index) =>
          value_axis(look, model.measures[index], {
            name: axis_title(short_unit(model.measures[index]!.unit) ? model.measures[index]!.label : (model.measures[index]!.unit ?? model.measures[index]!.label)),
            nameTextStyle: { color: look.ink_faint, fontSize: 11, align: index === 0 ? 'left' : 'right' },
            ...(index === 1 ? { splitLine: { show: false } } : {}),
          }),
        )
      : value_axis(look, model.measures[0], {
          ...(extent ? { min: extent[0], max: extent[1], interval: nice_step(extent[0], extent[1], LABELLED_TICKS) } : { scale: !filled && drawn !== null && spans_little(...drawn) }),
          ...(extent || !drawn ? {} : share_bounds(model.measures[0], ...drawn, !filled && spans_little(...drawn))),
          ...(stacking.shares ? share_scale(drawn) : {}),
          ...extent_option(context, stacking),
        }),
    series,
  };
  return {
    option,
    height: height < 90 ? 90 : null,
    captions: count > labelled && labelled > 0 ? [...model.captions, `${labelled} of ${count} lines named, the rest on hover`] : model.captions,
    table: series_table(model),
    selection: selection_of(model, colored, (one, at) => positions[one]?.[at] ?? -1),
  };
}

// The places of each series that its line goes through. Stacks need the same ones for all.
function drawn_positions(model: SeriesModel, xs: number[], stacked: boolean, width: number): number[][] {
  const all = model.x.keys.map((_, at) => at);
  if (xs.length === 0) return model.series.map(() => all);
  const pixels = Math.max(50, Math.round(width / (model.series.length > 6 ? 2 : 1)));
  const each = model.series.map((one) => {
    const known = scattered(one) ? all.filter((at) => one.values[at] !== null) : all;
    return thin_positions(known.map((at) => xs[at]!), known.map((at) => one.values[at]!), pixels).map((index) => known[index]!);
  });
  if (!stacked || model.series.length < 2) return each;
  const union = [...new Set(each.flat())].sort((a, b) => a - b);
  return model.series.map(() => union);
}

const is_alone = ({ values }: Series, at: number) => values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;

// A series that was never measured at the same time as the others has no neighbour to be joined with: its own next value is one.
function scattered(one: Series): boolean {
  let [alone, known] = [0, 0];
  one.values.forEach((value, at) => {
    if (value === null) return;
    known += 1;
    if (is_alone(one, at)) alone += 1;
  });
  return known > 2 && alone > known / 2;
}

const DAY = 86_400_000;

// Ticks of a time axis: the coarsest thing that begins there; the first says all that lies above it.
export function time_tick(span: readonly number[] | null): (value: number, index: number) => string {
  const length = span ? span[1]! - span[0]! : 0;
  return (value, index) => {
    const date = new Date(value);
    const first = index === 0;
    if (value % DAY !== 0) {
      const time = format_time(value, 'day', value % 60_000 === 0 ? '%H:%M' : '%H:%M:%S');
      return first ? `${format_time(value, 'day', '%-d %b %Y')}, ${time}` : time;
    }
    const year = first || (date.getUTCMonth() === 0 && date.getUTCDate() === 1);
    if (length < 60 * DAY) return format_time(value, 'day', year ? '%-d %b %Y' : '%-d %b');
    if (date.getUTCDate() !== 1) return format_time(value, 'day', year ? '%-d %b %Y' : '%-d %b');
    if (date.getUTCMonth() === 0 && (!first || length > 730 * DAY)) return format_time(value, 'year');
    return format_time(value, 'day', year ? '%b %Y' : '%b');
  };
}

const axis_title = (text: string) => truncate_text(text, 16);

// Shares end where the whole does.
const share_scale = (drawn: [number, number] | null) => ({ min: drawn && drawn[0] < 0 ? -1 : 0, max: drawn && drawn[1] <= 0 && drawn[0] < 0 ? 0 : 1, interval: drawn && drawn[0] < 0 ? 0.5 : 0.25 });

// Round ends of the axis around all values; from zero unless all that happens is far from it.
function value_extent(model: SeriesModel): [number, number] | null {
  const drawn = drawn_extent(model, false);
  if (!drawn) return null;
  let [low, high] = drawn;
  if (!spans_little(low, high)) {
    low = Math.min(0, low);
    high = Math.max(0, high);
  }
  if (low === high) return null;
  const bounds = share_bounds(model.measures[0], low, high) as { max?: number };
  if (bounds.max) return [0, bounds.max];
  const step = nice_step(low, high, LABELLED_TICKS);
  const ends: [number, number] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  // The ticks of the wider span must still end where it ends.
  const tick = nice_step(ends[0], ends[1], LABELLED_TICKS);
  return [round_to(Math.floor(ends[0] / tick + 1e-9) * tick), round_to(Math.ceil(ends[1] / tick - 1e-9) * tick)];
}

// How far each label at a line's end moves, in pixels downwards, so that none covers another.
function spread_labels(series: Series[], [low, high]: [number, number], height: number): number[] {
  const places = series.map((one, index) => {
    const last = one.values.findLast((value) => value !== null) ?? low;
    return { index, at: (1 - (last - low) / (high - low)) * height };
  });
  places.sort((a, b) => a.at - b.at);
  const moved = places.map((place) => place.at);
  for (let at = 1; at < moved.length; at += 1) moved[at] = Math.max(moved[at]!, moved[at - 1]! + LABEL_HEIGHT);
  // What was pushed below the plot comes back up, and pushes the ones above it.
  for (let at = moved.length - 1, floor = height; at >= 0; at -= 1) {
    moved[at] = Math.min(moved[at]!, floor);
    floor = moved[at]! - LABEL_HEIGHT;
  }
  const offsets = series.map(() => 0);
  places.forEach((place, at) => (offsets[place.index] = Math.round(moved[at]! - place.at)));
  return offsets;
}

// A line may leave zero out when all it has to tell happens far from it.
const spans_little = (low: number, high: number) => low > 0 && (high - low) / high < 0.35;

function extent_option(context: DrawContext, { shares }: Stacking): object {
  const { y_extent } = context;
  if (!y_extent) return {};
  return { min: y_extent[0], max: y_extent[1], interval: shares ? 0.5 : nice_step(y_extent[0], y_extent[1], FACET_TICKS) };
}

export function draw_bars(context: DrawContext): Drawing {
  const { input, look, width, height, selected } = context;
  const colored = encoding_of(input.chart.color) !== null;
  const stacking = stacking_of(input);
  const { stacked } = stacking;
  const over_time = over_times(input);
  // The panels of a facet have the same bars, in the same places.
  const known = cartesian_model(input, stacking, over_time && !input.like);
  const bars_max = Math.max(BARS_ALWAYS, width / BAR_WIDTH_MIN);
  if (over_time && known.x.keys.length > bars_max) return draw_as_lines(context, known, stacked);
  const model = with_even_times(known, bars_max);
  const count = model.series.length;
  const categories = model.x.keys.length;
  const colors = series_shades(context, count);
  const label_length = longest(model.x.labels);
  const slot = width / Math.max(1, categories);
  // Ids that are longer than a double are names.
  const named = model.x.kind === 'category' || model.x.keys.some((key) => typeof key === 'string');
  const horizontal = named && !encoding_of(input.chart.x)?.time_unit && (label_length * 6.2 > slot * 1.1 || categories > 16);
  const legend = count > 1 && !input.like;
  const rows_per_category = stacked || count === 1 ? 1 : count;
  const wanted = horizontal ? categories * (BAR_HEIGHT + (rows_per_category - 1) * 12) + (legend ? 32 : 4) : null;
  const direct = count === 1 && !context.y_extent && (horizontal || (categories <= 12 && slot > 44));
  const drawn = drawn_extent(model, stacked);
  const below = drawn !== null && drawn[0] < 0;
  const note = model.measures[0];
  const axis_index = axis_of_measure(model);
  // A chosen value that is not among the bars leaves all of them as they are.
  const any_chosen = count === 1 && model.x.keys.some((key) => selected.has(String(key)));
  const two_axes = !horizontal && model.measures.some((_, measure) => axis_index(measure) === 1);

  // Millions are short at the bars, the exact number is in the tooltip.
  const write = writer_of(model.series[0]?.values ?? [], { ...note, unit: short_unit(note?.unit) }, { brief: true });
  const label_width = direct ? model.series[0]!.values.reduce<number>((most, value) => Math.max(most, value === null ? 0 : text_width(write(value))), 0) : 0;

  const label_room = Math.min(width * 0.38, Math.min(label_length, 30) * 7.2 + 6);
  const right = horizontal && direct ? Math.max(36, label_width + 14) : 12;
  // Labels below zero lie between the bars and what the bars are called.
  const plot = Math.max(60, horizontal ? width - label_room - right : height - 40);
  const room_below = below && direct ? (Math.max(0, drawn[1]) - drawn[0]) * Math.min(0.5, (horizontal ? label_width + 14 : 18) / plot) : 0;

  const series: SeriesOption[] = model.series.map((one, index) => ({
    type: 'bar',
    name: one.name,
    ...(two_axes ? { yAxisIndex: axis_index(one.measure) } : {}),
    ...(stacked && count > 1 ? { stack: 'all' } : {}),
    data: one.values.map((value, at) => {
      const key = model.x.keys[at];
      const chosen = any_chosen ? selected.has(String(key)) : null;
      return {
        value,
        itemStyle: { color: chosen === null ? colors[index]! : chosen ? look.highlight : look.mark_pale },
        ...(direct && value !== null && value < 0 ? { label: { position: horizontal ? ('left' as const) : ('bottom' as const) } } : {}),
      };
    }),
    itemStyle: { color: colors[index]!, borderRadius: 1, ...(stacked && count > 1 ? { borderColor: look.surface, borderWidth: 0.5 } : {}) },
    barMaxWidth: horizontal ? 16 : 88,
    barCategoryGap: horizontal ? '32%' : '22%',
    barGap: '8%',
    emphasis: count > 1 ? { focus: 'series' } : { itemStyle: { color: look.highlight } },
    blur: { itemStyle: { opacity: 0.4 } },
    ...(direct
      ? {
          label: {
            show: true,
            position: horizontal ? 'right' : 'top',
            color: look.ink_soft,
            fontSize: 11,
            formatter: ({ dataIndex }: { dataIndex: number }) => (one.values[dataIndex] === null ? '' : write(one.values[dataIndex]!)),
          },
          labelLayout: { hideOverlap: true },
        }
      : {}),
  }));

  const category = {
    type: 'category' as const,
    data: model.x.labels,
    ...axis_line(look),
    ...(horizontal ? { inverse: true } : {}),
    axisLabel: {
      color: horizontal ? look.ink_soft : look.ink_faint,
      fontSize: 11,
      hideOverlap: true,
      ...(horizontal
        ? { interval: 0, width: label_room, overflow: 'truncate' as const, formatter: (label: string) => shorten(label, Math.max(8, Math.floor(label_room / 7.2))) }
        : { lineHeight: 14, formatter: (label: string, at: number) => bar_label(model, label, at, slot) }),
    },
  };
  const value = value_axis(look, note, {
    // Bars that carry their numbers need no scale, nor the room that a round end of the axis takes.
    ...(direct ? { axisLabel: { show: false }, splitLine: { show: false }, max: Math.max(0, drawn?.[1] ?? 0) || null, ...(below ? { min: drawn[0] - room_below } : {}) } : drawn ? share_bounds(note, ...drawn) : {}),
    ...(stacking.shares ? share_scale(drawn) : {}),
    ...extent_option(context, stacking),
  });
  const option: EChartsOption = {
    ...base_option(look),
    grid: {
      left: horizontal ? 0 : 4,
      right,
      top: (legend ? 30 : 8) + (direct && !horizontal ? 12 : 0) + (two_axes ? 16 : 0),
      bottom: GRID_BOTTOM,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    ...(legend ? { legend: legend_base(look, model.series.map((one) => one.name), colors) } : {}),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'axis',
      axisPointer: { type: 'shadow', shadowStyle: { color: look.dark ? 'rgba(255,255,255,.05)' : 'rgba(0,0,0,.04)' } },
      formatter: axis_tooltip(model, colors, context, (item) => item.dataIndex),
    },
    xAxis: horizontal ? value : category,
    yAxis: horizontal ? category : two_axes ? [0, 1].map((index) => value_axis(look, model.measures[index], index === 1 ? { splitLine: { show: false } } : {})) : value,
    series,
  };
  return {
    option,
    height: wanted !== null && wanted > height ? wanted : null,
    ...(wanted === null ? {} : { breaks: row_edges(wanted, legend ? 30 : 8, categories) }),
    captions: model.captions,
    table: series_table(model),
    selection: selection_of(model, colored, (_, at) => at),
  };
}

// Where the rows of lying bars meet, below the top margin and above the bottom one.
const row_edges = (height: number, top: number, rows: number): number[] => Array.from({ length: rows }, (_, row) => top + (row * (height - top - GRID_BOTTOM)) / rows);

// Whether x is a time, so that its axis measures.
export function over_times(input: ChartInput): boolean {
  const x = encoding_of(input.chart.x);
  return x !== null && group_rows({ columns: input.data.columns, rows: [] }, [x], []).kinds[0] === 'time';
}

// So many times that bars would be thinner than a pixel: the same values as a filled line, which is thinned and loses none of its peaks.
function draw_as_lines(context: DrawContext, model: SeriesModel, stacked: boolean): Drawing {
  const mark = model.series.length > 1 && !stacked ? 'line' : 'area';
  const { chart } = context.input;
  const drawing = draw_lines({ ...context, input: { ...context.input, chart: { ...chart, mark } } }, model);
  return { ...drawing, captions: [...drawing.captions, `${format_number(model.x.keys.length)} bars, drawn as ${mark === 'area' ? 'an area' : 'lines'}`] };
}

// Ticks of bars over time are shorter than their tooltips: "Jan" rather than "Jan 2001", with the year where it starts.
function bar_label(model: SeriesModel, label: string, at: number, slot: number): string {
  const key = model.x.keys[at];
  if (model.x.kind === 'time' && typeof key === 'number') {
    if (model.x.grain === 'month') return format_time(key, 'month', new Date(key).getUTCMonth() === 0 || at === 0 ? '%b %Y' : '%b');
    if (model.x.grain === 'day' || model.x.grain === 'week') {
      const date = new Date(key);
      return format_time(key, 'day', at === 0 || (date.getUTCMonth() === 0 && date.getUTCDate() <= (model.x.grain === 'week' ? 7 : 1)) ? '%-d %b %Y' : '%-d %b');
    }
    // Times of day say their day where it begins.
    if (model.x.grain === 'hour' || model.x.grain === 'minute' || model.x.grain === 'second') {
      const before = model.x.keys[at - 1];
      const begins = typeof before !== 'number' || Math.floor(before / DAY) !== Math.floor(key / DAY);
      return `${format_time(key, 'day', model.x.grain === 'second' ? '%H:%M:%S' : '%H:%M')}${begins ? `\n${format_time(key, 'day', at === 0 ? '%-d %b %Y' : '%-d %b')}` : ''}`;
    }
  }
  return truncate_text(label, Math.max(4, Math.floor((slot * 1.6) / 6)));
}
