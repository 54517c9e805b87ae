import { useMemo, useState } from 'react';
import { chart_subtitle, chart_title, ChartView } from '../charts/chart_view';
import type { ChartInput } from '../charts/encoding';
import { format_count } from '../charts/format';
import { use_theme } from '../components/theme';
import type { DrawnResult } from './drawn_result';

const NO_NOTES = {};

// A chart as on a dashboard, over the rows that came with it.
export default function ResultChart({ result }: { result: Extract<DrawnResult, { kind: 'chart' }> }) {
  const { dark } = use_theme();
  const [as_table, set_as_table] = useState(false);
  const [captions, set_captions] = useState<string[]>([]);
  const input = useMemo<ChartInput>(() => ({ chart: result.chart, data: result.data, compare: null, notes: NO_NOTES }), [result]);
  const title = result.title ?? chart_title('chart', input);
  const facts = [chart_subtitle(title, input), ...captions, result.truncated ? `first ${format_count(result.data.rows.length, 'row')} only` : null].filter(Boolean);
  const small = result.chart.mark === 'kpi' || result.chart.mark === 'sparkline';
  return (
    <section className={`result card ${small ? 'result-small' : result.chart.mark === 'table' ? 'result-fit' : 'result-chart'}`} aria-label={title} data-testid="result-chart">
      <header className="card-head">
        <div className="card-titles">
          <h2 className="card-title">{title}</h2>
          {facts.length > 0 && <p className="card-subtitle">{facts.join(' · ')}</p>}
        </div>
        {!small && result.chart.mark !== 'table' && result.data.rows.length > 0 && (
          <button type="button" className="quiet" onClick={() => set_as_table(!as_table)}>
            {as_table ? 'As a chart' : 'As a table'}
          </button>
        )}
      </header>
      <div className="card-body">
        {result.data.rows.length === 0 ? (
          <div className="card-empty">
            <p>No rows</p>
          </div>
        ) : (
          <ChartView input={input} title={title} dark={dark} as_table={as_table} is_chosen={null} on_captions={set_captions} />
        )}
      </div>
    </section>
  );
}
