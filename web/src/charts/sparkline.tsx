import { useMemo } from 'react';
import { encodings_of, measure_note, type ChartInput } from './encoding';
import { format_measure } from './format';
import { series_model } from './model';

const WIDTH = 300;
const HEIGHT = 60;
const MARGIN = 3;

// A line without axes, with its last point.
export function SparklineShape({ values, label }: { values: (number | null)[]; label: string }) {
  const present = values.filter((value) => value !== null);
  const low = Math.min(...present);
  const high = Math.max(...present);
  const x = (at: number) => MARGIN + (at / Math.max(1, values.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (value: number) => HEIGHT - MARGIN - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * MARGIN);
  let path = '';
  let drawing = false;
  values.forEach((value, at) => {
    if (value === null) {
      drawing = false;
      return;
    }
    path += `${drawing ? 'L' : 'M'}${x(at).toFixed(1)},${y(value).toFixed(1)}`;
    drawing = true;
  });
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

export function Sparkline({ input }: { input: ChartInput }) {
  const model = useMemo(() => series_model({ ...input, chart: { ...input.chart, color: null } }, { stacked: false }), [input]);
  const note = measure_note(encodings_of(input.chart.y)[0] ?? { field: null, aggregate: 'count' }, input.notes);
  const values = model.series[0]?.values ?? [];
  const present = values.map((value, at) => ({ value, at })).filter((one) => one.value !== null);
  const last = present[present.length - 1];
  return (
    <div className="sparkline-chart">
      <div className="sparkline-place">
        <SparklineShape values={values} label={`${note.label} from ${model.x.labels[0] ?? ''} to ${model.x.labels[model.x.labels.length - 1] ?? ''}`} />
      </div>
      <p className="sparkline-last">
        <strong>{format_measure(last?.value ?? null, note)}</strong>
        <span className="faint">{last ? model.x.labels[last.at] : ''}</span>
      </p>
    </div>
  );
}
