// pie, donut, funnel: the parts of one whole.
import type { EChartsOption } from 'echarts';
import { key_id } from '../aggregate';
import { encoding_of, type ChartInput } from '../encoding';
import { format_compact, format_number, isolate, short_unit, truncate_text, writer_of } from '../format';
import { shades, text_on } from '../look';
import { measures_of, series_model } from '../model';
import { adds_up, not_additive } from '../stacking';
import { draw_bars } from './cartesian';
import { base_option, measure_text, tooltip_base, tooltip_html, type DrawContext, type Drawing } from './drawing';

const SLICES_MAX = 8;
const COMPACT_FROM = 10_000_000;

// Shares of one whole, with equal digits: a decimal when one of them is small.
function percent_writer(portions: number[]): (portion: number) => string {
  const format = portions.some((portion) => portion > 0 && portion < 0.1) ? '.1%' : '.0%';
  return (portion) => format_number(portion, { format });
}

// A pie may name its slices in `x` or in `color`; both mean the same.
export function by_slice(input: ChartInput) {
  const { chart } = input;
  const x = encoding_of(chart.x) ?? encoding_of(chart.color);
  return series_model({ ...input, chart: { ...chart, x, color: null } }, { stacked: false, whole: true });
}

// What has no slices is drawn as bars, which tell the same without claiming a whole.
function draw_as_bars(context: DrawContext, caption: string): Drawing {
  const { chart } = context.input;
  const x = encoding_of(chart.x) ?? encoding_of(chart.color);
  const drawing = draw_bars({ ...context, input: { ...context.input, chart: { ...chart, mark: 'bar', x, color: null, sort: chart.sort ?? '-y' } } });
  return { ...drawing, captions: [...drawing.captions, caption] };
}

export function draw_pie(context: DrawContext): Drawing {
  const { input, look, width, height } = context;
  const model = by_slice(context.input);
  const values = model.series[0]?.values ?? [];
  const note = model.measures[0];
  const measure = measures_of(input)[0]!;
  const averages = not_additive(measure, input);
  if (averages && values.length > 1) return draw_as_bars(context, `${averages} are not parts of a whole: drawn as bars`);
  const below = model.x.keys.flatMap((_, at) => ((values[at] ?? 0) < 0 ? [model.x.labels[at]!] : []));
  if (below.length > 0) {
    const named = below.length > 2 ? `${below.length} values are` : `${below.join(' and ')} ${below.length > 1 ? 'are' : 'is'}`;
    return draw_as_bars(context, `${named} below zero, which has no slice: drawn as bars`);
  }
  let slices = model.x.keys.flatMap((key, at) => ((values[at] ?? null) === null ? [] : [{ key, name: model.x.labels[at]!, value: values[at]!, folded: 0 }]));
  const unknown = model.x.keys.length - slices.length;
  const captions = unknown > 0 ? [...model.captions, `${unknown} of ${model.x.keys.length} without a value`] : model.captions;
  if (!input.chart.sort) slices.sort((a, b) => b.value - a.value);
  const total = slices.reduce((sum, slice) => sum + slice.value, 0);
  if (slices.length > SLICES_MAX && adds_up(measure, input)) {
    const rest = slices.slice(SLICES_MAX - 1);
    const other = { key: null, name: `Other (${rest.length})`, value: rest.reduce((sum, slice) => sum + slice.value, 0), folded: rest.length };
    slices = [...slices.slice(0, SLICES_MAX - 1), other];
  }
  const percent = percent_writer(slices.map((slice) => slice.value / (total || 1)));
  const write = writer_of(slices.map((slice) => slice.value), note);
  // The panels of a facet give each slice the same shade.
  const order = input.like?.x_keys.map(key_id);
  const palette = shades(look, order?.length ?? slices.length);
  const colors = slices.map((slice, index) => (order ? (slice.folded ? look.mark_pale : (palette[order.indexOf(key_id(slice.key))] ?? look.mark_pale)) : palette[index]!));
  const donut = input.chart.mark === 'donut';
  const outside = width > 320;
  const radius = Math.max(30, Math.min(height / 2 - (outside && width <= 480 ? 30 : 16), outside ? width / 2 - 110 : width / 2 - 8));
  const option: EChartsOption = {
    ...base_option(look),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (item: unknown) => {
        const slice = slices[(item as { dataIndex: number }).dataIndex]!;
        return tooltip_html(look, slice.name, [{ name: note?.label ?? '', value: write(slice.value) }, { name: 'Share', value: percent(slice.value / (total || 1)) }]);
      },
    },
    series: [
      {
        type: 'pie',
        radius: [donut ? radius * 0.62 : 0, radius],
        center: ['50%', '50%'],
        // Small slices at the end lie on the left, where their labels have room one under the other.
        startAngle: (slices[slices.length - 1]?.value ?? 0) / (total || 1) < 0.1 && slices[0]!.value / (total || 1) > 0.25 ? 180 : 90,
        itemStyle: { borderColor: look.surface, borderWidth: 1.5 },
        emphasis: { scaleSize: 4 },
        label: outside
          ? { color: look.ink_soft, fontSize: 11, lineHeight: 14, formatter: (item) => `${isolate(truncate_text(item.name, 16))}${width > 480 ? '  ' : '\n'}${percent(Number(item.value) / (total || 1))}` }
          : { show: true, position: 'inside', fontSize: 11, formatter: (item) => (Number(item.value) / (total || 1) > 0.08 ? truncate_text(item.name, 8) : '') },
        labelLine: { lineStyle: { color: look.line }, length: 8, length2: 8 },
        data: slices.map((slice, index) => ({ name: slice.name, value: slice.value, itemStyle: { color: colors[index]! }, ...(outside ? {} : { label: { color: text_on(colors[index]!) } }) })),
      },
    ],
    ...(donut
      ? {
          title: {
            text: total >= COMPACT_FROM ? format_compact(total, { ...note, unit: short_unit(note?.unit) }) : measure_text(total, note && { ...note, unit: short_unit(note.unit) }),
            subtext: short_unit(note?.unit) ? '' : (note?.unit ?? ''),
            left: 'center',
            top: 'middle',
            itemGap: 0,
            textStyle: { color: look.ink, fontSize: Math.min(20, radius * 0.28), fontWeight: 600, fontFamily: look.font },
            subtextStyle: { color: look.ink_faint, fontSize: 11 },
          },
        }
      : {}),
  };
  return {
    option,
    height: height < 140 ? 140 : null,
    captions,
    table: {
      columns: [model.x.title, note?.label ?? '', 'Share'],
      rows: slices.map((slice) => [slice.name, write(slice.value), percent(slice.value / (total || 1))]),
    },
    selection: ({ dataIndex }) => {
      const slice = slices[dataIndex ?? -1];
      return slice && !slice.folded ? { x: slice.key, color: slice.key } : null;
    },
  };
}

// Each stage is a centred bar, as wide as what is left of the first.
export function draw_funnel(context: DrawContext): Drawing {
  const { look, height, width } = context;
  const model = by_slice(context.input);
  const values = (model.series[0]?.values ?? []).map((value) => value ?? 0);
  const note = model.measures[0];
  if (values.some((value) => value < 0)) return draw_as_bars(context, 'A value is below zero, which has no stage: drawn as bars');
  const percent = percent_writer(values.map((value) => value / (values[0] || 1)));
  const write = writer_of(values, { ...note, unit: short_unit(note?.unit) }, { brief: true });
  const first = values[0] || 1;
  const most = Math.max(...values, 0) || 1;
  const option: EChartsOption = {
    ...base_option(look),
    grid: { left: 0, right: Math.min(150, width * 0.34), top: 4, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (item: unknown) => {
        const at = (item as { dataIndex: number }).dataIndex;
        const before = values[at - 1];
        return tooltip_html(look, model.x.labels[at]!, [
          { name: note?.label ?? '', value: measure_text(values[at], note) },
          { name: `Of ${model.x.labels[0]}`, value: percent(values[at]! / first) },
          ...(before ? [{ name: `Of ${model.x.labels[at - 1]}`, value: percent(values[at]! / before) }] : []),
        ]);
      },
    },
    xAxis: { type: 'value', show: false, min: 0, max: most },
    yAxis: {
      type: 'category',
      inverse: true,
      data: model.x.labels,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: look.ink_soft, fontSize: 12, width: width * 0.3, overflow: 'truncate', interval: 0 },
    },
    series: [
      { type: 'bar', stack: 'funnel', silent: true, itemStyle: { color: 'transparent' }, data: values.map((value) => (most - value) / 2), barCategoryGap: '14%' },
      {
        type: 'bar',
        stack: 'funnel',
        data: values.map((value) => ({ value, itemStyle: { color: look.mark, borderRadius: 2 } })),
        emphasis: { itemStyle: { color: look.highlight } },
      },
      {
        type: 'bar',
        stack: 'funnel',
        silent: true,
        itemStyle: { color: 'transparent' },
        data: values.map((value) => (most - value) / 2),
        label: {
          show: true,
          position: 'right',
          color: look.ink_soft,
          fontSize: 11,
          formatter: ({ dataIndex }: { dataIndex: number }) => `${write(values[dataIndex]!)}  ·  ${percent(values[dataIndex]! / first)}`,
        },
      },
    ],
  };
  return {
    option,
    height: Math.max(values.length * 32, 0) > height ? values.length * 32 : null,
    captions: model.captions,
    table: {
      columns: [model.x.title, note?.label ?? '', `Of ${model.x.labels[0] ?? 'the first'}`],
      rows: model.x.labels.map((label, at) => [label, measure_text(values[at], note), percent(values[at]! / first)]),
    },
    selection: ({ dataIndex }) => {
      const key = model.x.keys[dataIndex ?? -1];
      return key === undefined ? null : { x: key, color: key };
    },
  };
}
