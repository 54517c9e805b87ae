import { useMemo } from 'react';
import { column_index, exact_measure, measure, to_number } from './aggregate';
import { encoding_of, encodings_of, key_label, measure_note, type ChartInput } from './encoding';
import { format_cell, format_change, format_compact, format_exact, format_measure, NOTHING, short_unit } from './format';
import { series_model } from './model';
import { sparkline_points, SparklineShape } from './sparkline';

// Up to here a number is shown to its last digit: people compare it with what they know.
const COMPACT_FROM = 10_000_000;

const COMPARE_WORDS: Record<string, string> = { previous_period: 'the period before' };

// One number, what it was before, and whether that is good.
export function Kpi({ input }: { input: ChartInput }) {
  const { chart, data, compare, notes } = input;
  const y = encodings_of(chart.y)[0] ?? { field: data.columns[0]?.name ?? null };
  const note = measure_note(y, notes);
  const index = column_index(data.columns, y.field);
  const type = data.columns[index]?.type ?? 'number';
  const is_text = !y.aggregate && !['integer', 'number', 'decimal', 'big_integer', 'boolean'].includes(type);

  const value = is_text ? null : y.aggregate || data.rows.length > 1 ? measure(data, data.rows, y) : to_number(data.rows[0]?.[index]);
  const before = !is_text && compare && compare.rows.length > 0 ? measure(compare, compare.rows, y) : null;
  const change = value !== null && before !== null ? format_change(before, value, note) : null;
  const trend = useMemo(() => {
    const x = encoding_of(chart.x);
    if (!x) return null;
    const model = series_model({ ...input, chart: { ...chart, y, color: null, limit: null } }, { stacked: false, measured: true });
    return model.x.kind === 'time' && model.x.keys.length > 2 ? sparkline_points(model) : null;
  }, [input]);

  // A format from the document is used as it is while the number stays short; long ones are compact, the exact one is in the title.
  const digits = is_text || value === null ? null : exact_measure(data, y.aggregate || data.rows.length > 1 ? data.rows : data.rows.slice(0, 1), y);
  const exact = is_text ? format_cell(data.rows[0]?.[index], type, notes[y.field ?? ''] ?? {}) : digits ? format_exact(digits, note) : format_measure(value, note);
  const long = !is_text && value !== null && Math.abs(value) >= COMPACT_FROM && !note.identity && !note.format?.match(/[s%]/);
  // Units that are words stand small behind the number: "40.5M km". Signs belong to it: "$40.5M", "12.3%".
  const unit = is_text || value === null || short_unit(note.unit) ? null : note.unit;
  const bare = unit ? { ...note, unit: null } : note;
  const shown = is_text ? exact : long ? format_compact(value, bare) : digits ? format_exact(digits, bare) : format_measure(value, bare);
  const way = change?.way ?? 0;
  const verdict = way === 0 || !note.good ? 'neutral' : way > 0 === (note.good === 'up') ? 'good' : 'bad';

  return (
    <div className="kpi">
      <p className="kpi-value" title={exact} data-testid="kpi-value">
        {shown}
        {unit && <span className="kpi-unit"> {unit}</span>}
      </p>
      {chart.compare && (
        <p className={`kpi-delta ${verdict}`} data-testid="kpi-delta">
          {change === null ? (
            <span className="faint">nothing to compare with</span>
          ) : (
            <>
              <span aria-hidden="true">{way > 0 ? '▲' : way < 0 ? '▼' : '■'}</span> <strong>{change.text}</strong>
              <span className="visually-hidden">{way > 0 ? ' more' : way < 0 ? ' less' : ' change'}{verdict === 'neutral' ? '' : `, which is ${verdict}`}</span>
              <span className="faint" title={`${key_label(y, notes)} in ${COMPARE_WORDS[chart.compare] ?? chart.compare.replaceAll('_', ' ')}: ${format_measure(before, note)}`}>
                {' '}
                from {format_compact_or(before, note)}
              </span>
            </>
          )}
        </p>
      )}
      {trend && (
        <div className="kpi-trend">
          <SparklineShape points={trend} label={`${note.label} over time`} />
        </div>
      )}
    </div>
  );
}

function format_compact_or(value: number | null, note: { format: string | null; unit: string | null }): string {
  if (value === null) return NOTHING;
  return Math.abs(value) >= 10_000 ? format_compact(value, note) : format_measure(value, note);
}
