import { useEffect, useMemo } from 'react';
import { measures_of, series_model, type SeriesModel } from './model';
import { measure_note, type ChartInput } from './encoding';
import { format_exact, format_measure } from './format';
import { thin_positions } from './thin';

const WIDTH = 300;
const HEIGHT = 60;
const MARGIN = 3;

export interface SparklinePoints {
  // Places on the x axis, ascending; null at the values where nothing is known.
  xs: number[];
  values: (number | null)[];
}

// What a sparkline draws: times and numbers where they are, categories one after the other.
export function sparkline_points(model: SeriesModel): SparklinePoints {
  const { keys, kind } = model.x;
  const measured = kind !== 'category' && keys.every((key) => typeof key === 'number');
  const xs = keys.map((key, at) => (measured ? (key as number) : at));
  const values = model.series[0]?.values ?? [];
  // A time axis runs forward whatever the query's order is.
  const order = xs.map((_, at) => at).sort((a, b) => xs[a]! - xs[b]!);
  return { xs: order.map((at) => xs[at]!), values: order.map((at) => values[at] ?? null) };
}

// The path through the points, thinned to its pixels; gaps stay open, and what stands alone between two is a dot.
export function sparkline_path({ xs, values }: SparklinePoints): string {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const start = xs[0] ?? 0;
  const width = (xs[xs.length - 1] ?? 0) - start || 1;
  const x = (at: number) => (MARGIN + ((xs[at]! - start) / width) * (WIDTH - 2 * MARGIN)).toFixed(1);
  const y = (value: number) => (high > low ? HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN) : HEIGHT / 2).toFixed(1);
  const kept = thin_positions(xs, values, WIDTH);
  const known = (index: number) => (values[kept[index] ?? -1] ?? null) !== null;
  return kept
    .map((at, index) => {
      const value = values[at] ?? null;
      if (value === null) return '';
      const joined = known(index - 1);
      return `${joined ? 'L' : 'M'}${x(at)},${y(value)}${!joined && !known(index + 1) ? 'h0.01' : ''}`;
    })
    .join('');
}

// A line without axes.
export function SparklineShape({ points, label }: { points: SparklinePoints; label: string }) {
  const path = useMemo(() => sparkline_path(points), [points]);
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

export function Sparkline({ input, on_captions }: { input: ChartInput; on_captions: (captions: string[]) => void }) {
  const model = useMemo(() => series_model({ ...input, chart: { ...input.chart, color: null } }, { stacked: false, measured: true }), [input]);
  const points = useMemo(() => sparkline_points(model), [model]);
  const captions = model.captions.join(' · ');
  useEffect(() => on_captions(captions ? captions.split(' · ') : []), [captions, on_captions]);
  const note = measure_note(measures_of(input)[0]!, input.notes);
  const series = model.series[0];
  const last = series?.values.findLastIndex((value) => value !== null) ?? -1;
  const exact = series?.exact[last];
  return (
    <div className="sparkline-chart">
      <div className="sparkline-place">
        <SparklineShape points={points} label={`${note.label} from ${model.x.labels[0] ?? ''} to ${model.x.labels[model.x.labels.length - 1] ?? ''}`} />
      </div>
      <p className="sparkline-last">
        <strong>{exact ? format_exact(exact, note) : format_measure(series?.values[last] ?? null, note)}</strong>
        <span className="faint">{last >= 0 ? model.x.labels[last] : ''}</span>
      </p>
    </div>
  );
}
