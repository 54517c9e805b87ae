// pie, donut, funnel: the parts of one whole.
import type { EChartsOption } from 'echarts';
import { aggregate_of } from '../aggregate';
import { encoding_of, encodings_of } from '../encoding';
import { format_number, truncate_text } from '../format';
import { greys } from '../look';
import { series_model } from '../model';
import { base_option, measure_text, tooltip_base, tooltip_html, type DrawContext, type Drawing } from './drawing';

const SLICES_MAX = 8;
const percent = (portion: number) => format_number(portion, { format: portion < 0.1 ? '.1%' : '.0%' });

// A pie may name its slices in `x` or in `color`; both mean the same.
function by_slice(context: DrawContext) {
  const { chart } = context.input;
  const x = encoding_of(chart.x) ?? encoding_of(chart.color);
  return series_model({ ...context.input, chart: { ...chart, x, color: null } }, { stacked: true });
}

export function draw_pie(context: DrawContext): Drawing {
  const { input, look, width, height } = context;
  const model = by_slice(context);
  const values = model.series[0]?.values ?? [];
  const note = model.measures[0];
  let slices = model.x.keys.map((key, at) => ({ key, name: model.x.labels[at]!, value: Math.max(0, values[at] ?? 0), folded: 0 }));
  if (!input.chart.sort) slices.sort((a, b) => b.value - a.value);
  const total = slices.reduce((sum, slice) => sum + slice.value, 0);
  const measure = encodings_of(input.chart.y)[0] ?? { field: null };
  if (slices.length > SLICES_MAX && ['sum', 'count'].includes(aggregate_of(measure))) {
    const rest = slices.slice(SLICES_MAX - 1);
    const other = { key: null, name: `Other (${rest.length})`, value: rest.reduce((sum, slice) => sum + slice.value, 0), folded: rest.length };
    slices = [...slices.slice(0, SLICES_MAX - 1), other];
  }
  const colors = greys(look, slices.length);
  const donut = input.chart.mark === 'donut';
  const outside = width > 320;
  const radius = Math.max(30, Math.min(height / 2 - 16, outside ? width / 2 - 110 : width / 2 - 8));
  const option: EChartsOption = {
    ...base_option(look),
    tooltip: {
      ...tooltip_base(look),
      trigger: 'item',
      formatter: (item: unknown) => {
        const slice = slices[(item as { dataIndex: number }).dataIndex]!;
        return tooltip_html(look, slice.name, [{ name: note?.label ?? '', value: measure_text(slice.value, note) }, { name: 'Share', value: percent(slice.value / (total || 1)) }]);
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
        emphasis: { scale: false, itemStyle: { color: look.highlight } },
        label: outside
          ? { color: look.ink_soft, fontSize: 11, formatter: (item) => `${truncate_text(item.name, 16)}  ${percent(Number(item.value) / (total || 1))}` }
          : { show: true, position: 'inside', fontSize: 11, color: look.surface, formatter: (item) => (Number(item.value) / (total || 1) > 0.08 ? truncate_text(item.name, 8) : '') },
        labelLine: { lineStyle: { color: look.line }, length: 8, length2: 8 },
        data: slices.map((slice, index) => ({ name: slice.name, value: slice.value, itemStyle: { color: colors[index]! } })),
      },
    ],
    ...(donut
      ? {
          title: {
            text: measure_text(total, { label: '', good: null, format: note?.format ?? null, unit: null }),
            subtext: note?.unit ?? '',
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
    captions: model.captions,
    table: {
      columns: [model.x.title, note?.label ?? '', 'Share'],
      rows: slices.map((slice) => [slice.name, measure_text(slice.value, note), percent(slice.value / (total || 1))]),
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
  const model = by_slice(context);
  const values = (model.series[0]?.values ?? []).map((value) => value ?? 0);
  const note = model.measures[0];
  const first = values[0] || 1;
  const most = Math.max(...values, 0) || 1;
  const colors = greys(look, values.length + 1);
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
        data: values.map((value, index) => ({ value, itemStyle: { color: colors[index]!, borderRadius: 2 } })),
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
          formatter: ({ dataIndex }: { dataIndex: number }) => `${measure_text(values[dataIndex], { label: '', good: null, format: note?.format ?? null, unit: null })}  ·  ${percent(values[dataIndex]! / first)}`,
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
