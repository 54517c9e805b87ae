// line, area, bar, stacked_bar, grouped_bar.
import type { EChartsOption, SeriesOption } from 'echarts';
import { nice_step } from '../aggregate';
import { encoding_of } from '../encoding';
import { format_compact, format_time, truncate_text } from '../format';
import { greys } from '../look';
import { series_model, type Series, type SeriesModel } from '../model';
import {
  axis_line,
  base_option,
  legend_base,
  longest,
  measure_text,
  text_width,
  tooltip_base,
  tooltip_html,
  value_axis,
  type DrawContext,
  type Drawing,
  type TableAlternative,
} from './drawing';

const LABELLED_LINES_MAX = 6;
const LABEL_CHARACTERS = 18;
const BAR_HEIGHT = 22;
// What the top margin and the labels of the x axis take from the height of the plot.
const PLOT_MARGINS = 32;
const LABEL_HEIGHT = 13;
const LABELLED_TICKS = 5;

export function series_table(model: SeriesModel): TableAlternative {
  return {
    columns: [model.x.title, ...model.series.map((one) => one.name)],
    rows: model.x.labels.map((label, index) => [
      label,
      ...model.series.map((one) => measure_text(one.values[index], model.measures[one.measure])),
    ]),
  };
}

// Each value as its share of what stands at the same place.
export function as_shares(model: SeriesModel, stack: string | null | undefined): SeriesModel {
  if (stack !== 'normalize') return model;
  const totals = model.x.keys.map((_, at) => model.series.reduce((sum, one) => sum + Math.abs(one.values[at] ?? 0), 0));
  return {
    ...model,
    measures: model.measures.map((note) => ({ ...note, unit: null, format: '.0%' })),
    series: model.series.map((one) => ({ ...one, values: one.values.map((value, at) => (totals[at] ? (value ?? 0) / totals[at] : 0)) })),
  };
}

// Two measures of different units get an axis each; more share one.
function axis_of_measure(model: SeriesModel): (measure: number) => number {
  const [first, second] = model.measures;
  const apart = model.measures.length === 2 && first!.unit !== second!.unit;
  return (measure) => (apart ? measure : 0);
}

function axis_tooltip(model: SeriesModel, colors: string[], context: DrawContext) {
  return (given: unknown) => {
    const items = (Array.isArray(given) ? given : [given]) as { seriesIndex: number; dataIndex: number }[];
    const at = items[0]?.dataIndex ?? 0;
    const rows = items
      .map((item) => ({ item, one: model.series[item.seriesIndex] }))
      .filter((pair): pair is { item: (typeof items)[0]; one: Series } => !!pair.one && pair.one.values[at] !== null)
      .sort((a, b) => (b.one.values[at] ?? 0) - (a.one.values[at] ?? 0))
      .map(({ item, one }) => ({
        color: model.series.length > 1 ? colors[item.seriesIndex] : undefined,
        name: one.name,
        value: measure_text(one.values[at], model.measures[one.measure]),
      }));
    return tooltip_html(context.look, model.x.labels[at] ?? '', rows);
  };
}

function selection_of(model: SeriesModel, colored: boolean): Drawing['selection'] {
  return ({ seriesIndex, dataIndex }) => {
    const key = model.x.keys[dataIndex ?? -1];
    if (key === undefined) return null;
    const series = model.series[seriesIndex ?? 0];
    return { x: key, ...(colored && series ? { color: series.key } : {}), ...(model.x.kind === 'time' ? { x_grain: model.x.grain } : {}) };
  };
}

export function draw_lines(context: DrawContext): Drawing {
  const { input, look, width, height } = context;
  const filled = input.chart.mark === 'area';
  const stacked = filled && input.chart.stack !== 'none';
  const model = as_shares(series_model(input, { stacked }), input.chart.stack);
  const count = model.series.length;
  const colored = encoding_of(input.chart.color) !== null;
  const colors = filled && count > 1 ? greys(look, count) : line_colors(context, count);
  const over_time = model.x.kind === 'time';
  const axis_index = axis_of_measure(model);

  const labelled = !filled && count > 1 && width > 380 ? Math.min(count, LABELLED_LINES_MAX) : 0;
  const named = model.series.slice(0, labelled).map((one) => truncate_text(one.name, LABEL_CHARACTERS));
  const legend = count > 1 && labelled === 0;
  const extent = labelled > 0 && !context.y_extent && !model.measures.some((_, measure) => axis_index(measure) === 1) ? value_extent(model) : null;
  const label_offsets = extent ? spread_labels(model.series.slice(0, labelled), extent, height - PLOT_MARGINS) : model.series.map(() => 0);
  const few_points = model.x.keys.length <= 40;

  const series: SeriesOption[] = model.series.map((one, index) => ({
    type: 'line',
    name: one.name,
    data: one.values.map((value, at) => (over_time ? [Number(model.x.keys[at]), value] : value)),
    yAxisIndex: axis_index(one.measure),
    ...(stacked && count > 1 ? { stack: 'all' } : {}),
    showSymbol: model.x.keys.length === 1 || (few_points && has_lonely_point(one.values)),
    symbol: 'circle',
    symbolSize: 5,
    connectNulls: false,
    triggerLineEvent: true,
    lineStyle: { width: filled && count > 1 ? 0.5 : index < LABELLED_LINES_MAX ? 1.8 : 1, color: colors[index]!, ...(axis_index(one.measure) === 1 ? { type: 'dashed' } : {}) },
    itemStyle: { color: colors[index]! },
    ...(filled ? { areaStyle: { color: colors[index]!, opacity: stacked && count > 1 ? 0.85 : 0.16 } } : {}),
    emphasis: {
      focus: 'series',
      lineStyle: { width: 2.4, color: count > 1 && !filled ? look.highlight : colors[index]! },
      ...(count > 1 && !filled ? { itemStyle: { color: look.highlight }, endLabel: { color: look.highlight } } : {}),
    },
    blur: { lineStyle: { opacity: 0.35 } },
    ...(index < labelled
      ? {
          endLabel: { show: true, formatter: named[index]!, color: look.ink_soft, fontSize: 11, distance: 6, offset: [0, label_offsets[index]!] },
        }
      : {}),
    z: count - index + 2,
  }));

  const two_axes = model.measures.some((_, measure) => axis_index(measure) === 1);
  const option: EChartsOption = {
    ...base_option(look),
    grid: {
      left: 4,
      right: labelled > 0 ? Math.min(140, text_width('m'.repeat(longest(named))) + 16) : two_axes ? 4 : 16,
      top: legend ? 30 : two_axes ? 26 : 10,
      bottom: 2,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    ...(legend ? { legend: legend_base(look, model.series.map((one) => one.name), colors) } : {}),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: look.ink_faint, width: 1, type: 'solid' } },
      formatter: axis_tooltip(model, colors, context),
    },
    xAxis: over_time
      ? {
          type: 'time',
          ...axis_line(look),
          splitLine: { show: false },
          splitNumber: Math.max(2, Math.floor(width / 110)),
          ...(model.x.grain === 'year' || model.x.grain === 'month' || model.x.grain === 'quarter' ? { minInterval: 28 * 86_400_000 } : model.x.grain === 'day' || model.x.grain === 'week' ? { minInterval: 86_400_000 } : {}),
          axisLabel: {
            color: look.ink_faint,
            fontSize: 11,
            hideOverlap: true,
            formatter: { year: '{yyyy}', month: '{MMM}', day: '{d} {MMM}', hour: '{HH}:{mm}', minute: '{HH}:{mm}', second: '{HH}:{mm}:{ss}' },
          },
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
            name: axis_title(model.measures[index]!.unit ?? model.measures[index]!.label),
            nameTextStyle: { color: look.ink_faint, fontSize: 11, align: index === 0 ? 'left' : 'right' },
            ...(index === 1 ? { splitLine: { show: false } } : {}),
          }),
        )
      : value_axis(look, model.measures[0], extent ? { min: extent[0], max: extent[1], interval: nice_step(extent[0], extent[1], LABELLED_TICKS) } : { scale: !filled && spans_little(model), ...extent_option(context) }),
    series,
  };
  return {
    option,
    height: height < 90 ? 90 : null,
    captions: count > labelled && labelled > 0 ? [...model.captions, `${labelled} of ${count} lines named, the rest on hover`] : model.captions,
    table: series_table(model),
    selection: selection_of(model, colored),
  };
}

const axis_title = (text: string) => truncate_text(text, 16);

function line_colors(context: DrawContext, count: number): string[] {
  const { look } = context;
  if (count === 1) return [look.mark];
  const named = greys(look, Math.min(count, LABELLED_LINES_MAX) + 1);
  return Array.from({ length: count }, (_, index) => (index < LABELLED_LINES_MAX ? named[index]! : look.mark_pale));
}

function has_lonely_point(values: (number | null)[]): boolean {
  return values.some((value, at) => value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null);
}

// Round ends of the axis around all values; from zero unless all that happens is far from it.
function value_extent(model: SeriesModel): [number, number] | null {
  const values = model.series.flatMap((one) => one.values).filter((value) => value !== null);
  let high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  let low = values.reduce((least, value) => Math.min(least, value), Infinity);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  if (!spans_little(model)) {
    low = Math.min(0, low);
    high = Math.max(0, high);
  }
  if (low === high) return null;
  const step = nice_step(low, high, LABELLED_TICKS);
  const ends: [number, number] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  // The ticks of the wider span must still end where it ends.
  const tick = nice_step(ends[0], ends[1], LABELLED_TICKS);
  return [Math.floor(ends[0] / tick) * tick, Math.ceil(ends[1] / tick) * tick];
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

// A line may leave zero out when all it has to tell happens far from it; a bar or an area never may.
function spans_little(model: SeriesModel): boolean {
  let low = Infinity;
  let high = -Infinity;
  for (const one of model.series) {
    for (const value of one.values) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low > 0 && (high - low) / high < 0.35;
}

function extent_option(context: DrawContext): object {
  const { y_extent } = context;
  return y_extent ? { min: y_extent[0], max: y_extent[1], interval: nice_step(y_extent[0], y_extent[1], 3) } : {};
}

export function draw_bars(context: DrawContext): Drawing {
  const { input, look, width, height, selected } = context;
  const { mark } = input.chart;
  const colored = encoding_of(input.chart.color) !== null;
  const stacked = input.chart.stack !== 'none' && (mark === 'stacked_bar' || (mark === 'bar' && colored));
  const model = as_shares(series_model(input, { stacked }), input.chart.stack);
  const count = model.series.length;
  const categories = model.x.keys.length;
  const colors = count === 1 ? [look.mark] : greys(look, count);
  const label_length = longest(model.x.labels);
  const slot = width / Math.max(1, categories);
  const horizontal = model.x.kind === 'category' && !encoding_of(input.chart.x)?.time_unit && (label_length * 6.2 > slot * 1.1 || categories > 16);
  const legend = count > 1;
  const rows_per_category = stacked || count === 1 ? 1 : count;
  const wanted = horizontal ? categories * (BAR_HEIGHT + (rows_per_category - 1) * 12) + (legend ? 32 : 4) : null;
  const direct = count === 1 && (horizontal || (categories <= 12 && slot > 44));
  const note = model.measures[0];
  const axis_index = axis_of_measure(model);
  // A chosen value that is not among the bars leaves all of them as they are.
  const any_chosen = count === 1 && model.x.keys.some((key) => selected.has(String(key)));
  const two_axes = !horizontal && model.measures.some((_, measure) => axis_index(measure) === 1);

  const series: SeriesOption[] = model.series.map((one, index) => ({
    type: 'bar',
    name: one.name,
    ...(two_axes ? { yAxisIndex: axis_index(one.measure) } : {}),
    ...(stacked && count > 1 ? { stack: 'all' } : {}),
    data: one.values.map((value, at) => {
      const key = model.x.keys[at];
      const chosen = any_chosen ? selected.has(String(key)) : null;
      return { value, itemStyle: { color: chosen === null ? colors[index]! : chosen ? look.highlight : look.mark_pale } };
    }),
    itemStyle: { color: colors[index]!, borderRadius: 1, ...(stacked && count > 1 ? { borderColor: look.surface, borderWidth: 0.5 } : {}) },
    barMaxWidth: horizontal ? 16 : 88,
    barCategoryGap: horizontal ? '32%' : '22%',
    barGap: '8%',
    emphasis: { focus: count > 1 ? 'series' : 'none', itemStyle: { color: look.highlight } },
    blur: { itemStyle: { opacity: 0.4 } },
    ...(direct
      ? {
          label: {
            show: true,
            position: horizontal ? 'right' : 'top',
            color: look.ink_soft,
            fontSize: 11,
            formatter: ({ dataIndex }: { dataIndex: number }) => short_measure(one.values[dataIndex], note),
          },
          labelLayout: { hideOverlap: true },
        }
      : {}),
  }));

  const label_room = Math.min(width * 0.38, Math.min(label_length, 30) * 6.4 + 6);
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
        ? { interval: 0, width: label_room, overflow: 'truncate' as const }
        : { formatter: (label: string, at: number) => bar_label(model, label, at, slot) }),
    },
  };
  const value = value_axis(look, note, {
    // Bars that carry their numbers need no scale, nor the room that a round end of the axis takes.
    ...(direct ? { axisLabel: { show: false }, splitLine: { show: false }, max: ({ max }: { max: number }) => (max > 0 ? max : null) } : {}),
    ...extent_option(context),
  });
  const option: EChartsOption = {
    ...base_option(look),
    grid: {
      left: horizontal ? 0 : 4,
      right: horizontal && direct ? 64 : 12,
      top: (legend ? 30 : 6) + (direct && !horizontal ? 12 : 0) + (two_axes ? 16 : 0),
      bottom: 2,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    ...(legend ? { legend: legend_base(look, model.series.map((one) => one.name), colors) } : {}),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'axis',
      axisPointer: { type: 'shadow', shadowStyle: { color: look.dark ? 'rgba(255,255,255,.05)' : 'rgba(0,0,0,.04)' } },
      formatter: axis_tooltip(model, colors, context),
    },
    xAxis: horizontal ? value : category,
    yAxis: horizontal ? category : two_axes ? [0, 1].map((index) => value_axis(look, model.measures[index], index === 1 ? { splitLine: { show: false } } : {})) : value,
    series,
  };
  return {
    option,
    height: wanted !== null && wanted > height ? wanted : null,
    captions: model.captions,
    table: series_table(model),
    selection: selection_of(model, colored),
  };
}

function short_measure(value: number | null | undefined, note: { format: string | null; unit: string | null } | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' && Math.abs(value) >= 1_000_000) return format_compact(value, { format: note?.format });  // the exact one is in the tooltip
  return measure_text(value, { label: '', good: null, format: note?.format ?? null, unit: null });
}

// Ticks of bars over time are shorter than their tooltips: "Jan" rather than "Jan 2001", with the year where it starts.
function bar_label(model: SeriesModel, label: string, at: number, slot: number): string {
  const key = model.x.keys[at];
  if (model.x.kind === 'time' && typeof key === 'number') {
    if (model.x.grain === 'month') return format_time(key, 'month', new Date(key).getUTCMonth() === 0 || at === 0 ? '%b %Y' : '%b');
    if (model.x.grain === 'day' || model.x.grain === 'week') return format_time(key, 'day', '%-d %b');
  }
  return truncate_text(label, Math.max(4, Math.floor((slot * 1.6) / 6)));
}
