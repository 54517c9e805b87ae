// Shows in a drawing which of its marks are chosen: those keep their strength, and the others fade. Pure.
import type { EChartsOption } from 'echarts';
import type { Look } from './look';
import type { Drawing, Selection } from './option/drawing';
import { series_of } from './points';

const FADED = 0.28;

interface LooseSeries {
  type?: string;
  silent?: boolean;
  data?: unknown[];
  [key: string]: unknown;
}

export function with_chosen(drawing: Drawing, look: Look, is_chosen: ((selection: Selection) => boolean) | null): EChartsOption {
  const { option } = drawing;
  if (!is_chosen) return option;
  const series = series_of(drawing) as LooseSeries[];
  const verdicts = series.map((one, seriesIndex) =>
    one.silent || !Array.isArray(one.data)
      ? null
      : one.data.map((data, dataIndex) => {
          const selection = drawing.selection({ seriesIndex, dataIndex, data });
          return selection !== null && is_chosen(selection);
        }),
  );
  // A chosen value that is not among the marks leaves all of them as they are.
  if (!verdicts.some((all) => all?.includes(true))) return option;
  const alone = series.filter((one) => !one.silent).length === 1;
  return { ...option, series: series.map((one, at) => (verdicts[at] ? mark_series(one, verdicts[at], look, alone) : one)) as EChartsOption['series'] } as EChartsOption;
}

function mark_series(one: LooseSeries, chosen: boolean[], look: Look, alone: boolean): LooseSeries {
  if (one.type === 'line') return { ...one, ...(alone || chosen.includes(true) ? { markArea: span_of(one.data!, chosen, look) } : {}) };
  const paint = alone && one.type === 'bar';
  return {
    ...one,
    data: one.data!.map((datum, at) => {
      const item = typeof datum === 'object' && datum !== null && !Array.isArray(datum) ? (datum as { itemStyle?: object; label?: object }) : { value: datum };
      const { itemStyle = {}, label = {} } = item as { itemStyle?: object; label?: object };
      if (chosen[at]) return { ...item, itemStyle: { ...itemStyle, ...(paint ? { color: look.highlight } : {}), opacity: 1 } };
      return { ...item, itemStyle: { ...itemStyle, opacity: FADED }, label: { ...label, opacity: 0.6 } };
    }),
  };
}

// A line is not made of marks: the chosen stretch is a band behind it.
function span_of(data: unknown[], chosen: boolean[], look: Look): object {
  const x_of = (at: number) => (Array.isArray(data[at]) ? (data[at] as unknown[])[0] : at);
  const first = chosen.indexOf(true);
  const last = chosen.lastIndexOf(true);
  // Up to where the next point stands, so that one chosen point has a width.
  const end = Math.min(data.length - 1, last + 1);
  const begin = first === end ? Math.max(0, first - 1) : first;
  return { silent: true, itemStyle: { color: look.highlight, opacity: 0.14 }, data: [[{ xAxis: x_of(begin) }, { xAxis: x_of(end) }]] };
}
