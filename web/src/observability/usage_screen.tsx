import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api } from '../api/client';
import type { CostPeriod, CostSummary } from '../api/types';
import { chart_subtitle, ChartView } from '../charts/chart_view';
import type { ChartInput } from '../charts/encoding';
import { format_compact, format_count } from '../charts/format';
import { ProblemNote } from '../components/problem_note';
import { use_theme } from '../components/theme';
import '../styles/usage.css';
import { ModelCallList } from './model_call_list';
import { bars_of, breakdown_data, total_cost } from './usage';

const PERIODS: CostPeriod[] = ['day', 'week', 'month'];

export default function UsageScreen({ is_admin }: { is_admin: boolean }) {
  const [period, set_period] = useState<CostPeriod>('day');
  const [of_team, set_of_team] = useState(false);
  const summary = useQuery({ queryKey: ['cost-summary', period, of_team], queryFn: ({ signal }) => api.cost_summary(period, of_team, signal), placeholderData: keepPreviousData });
  useEffect(() => {
    document.title = 'Usage · Bridge';
  }, []);
  return (
    <main className="page" id="content">
      <div className="list-head">
        <h1>Usage</h1>
        <span className="header-space" />
        {is_admin && (
          <label>
            <span className="visually-hidden">Whose</span>
            <select value={of_team ? 'team' : 'own'} onChange={(event) => set_of_team(event.target.value === 'team')} data-testid="usage-of">
              <option value="own">My own</option>
              <option value="team">The whole team</option>
            </select>
          </label>
        )}
        <div className="segments" role="group" aria-label="Period">
          {PERIODS.map((one) => (
            <button key={one} type="button" aria-pressed={period === one} onClick={() => set_period(one)}>
              By {one}
            </button>
          ))}
        </div>
      </div>
      <p className="usage-about faint">What {of_team ? 'the team’s' : 'your own'} questions to models took.</p>
      {summary.error && <ProblemNote error={summary.error} retry={() => void summary.refetch()} />}
      {summary.isPending && <div className="skeleton usage-skeleton" />}
      {summary.data && <Costs summary={summary.data} period={summary.isPlaceholderData ? null : period} />}
      <ToolCache />
      {is_admin && <ModelCallList />}
    </main>
  );
}

function Costs({ summary, period }: { summary: CostSummary; period: CostPeriod | null }) {
  const cost = total_cost(summary);
  // While another period is on its way the bars stay as they are.
  const [shown_period, set_shown_period] = useState<CostPeriod>(period ?? 'day');
  useEffect(() => {
    if (period) set_shown_period(period);
  }, [period]);
  const empty = summary.breakdown.length === 0;
  return (
    <>
      <dl className="figures" data-testid="usage-figures">
        <div>
          <dt>Cost</dt>
          <dd>{empty ? '$0' : cost.text}</dd>
          {!empty && cost.note && <dd className="figure-note">{cost.note}</dd>}
        </div>
        <div>
          <dt>Tokens</dt>
          <dd title={summary.total_tokens?.toLocaleString('en')}>{summary.total_tokens === null ? 'unknown' : format_compact(summary.total_tokens)}</dd>
        </div>
      </dl>
      {empty ? (
        <p className="list-empty">Nothing has been asked yet.</p>
      ) : (
        <div className={period ? 'usage-charts' : 'usage-charts refreshing'}>
          <Bars key={`cost ${shown_period}`} summary={summary} field="cost" period={shown_period} />
          <Bars key={`tokens ${shown_period}`} summary={summary} field="tokens" period={shown_period} />
        </div>
      )}
    </>
  );
}

const NO_NOTES = {};
const ignore = () => {};

function Bars({ summary, field, period }: { summary: CostSummary; field: 'cost' | 'tokens'; period: CostPeriod }) {
  const { dark } = use_theme();
  const input = useMemo<ChartInput>(() => ({ chart: bars_of(field, period), data: breakdown_data(summary), compare: null, notes: NO_NOTES }), [summary, field, period]);
  const title = field === 'cost' ? `Cost by ${period}` : `Tokens by ${period}`;
  return (
    <section className="card" aria-label={title} data-testid={`usage-${field}`}>
      <header className="card-head">
        <div className="card-titles">
          <h2 className="card-title">{title}</h2>
          <p className="card-subtitle">{chart_subtitle(title, input)}</p>
        </div>
      </header>
      <div className="card-body">
        <ChartView input={input} title={title} dark={dark} as_table={false} is_chosen={null} on_captions={ignore} />
      </div>
    </section>
  );
}

// How often the answer of a tool was there already.
function ToolCache() {
  const stats = useQuery({ queryKey: ['tool-cache-stats'], queryFn: ({ signal }) => api.tool_cache_stats(signal) });
  if (stats.error) return <ProblemNote error={stats.error} retry={() => void stats.refetch()} />;
  if (!stats.data) return null;
  const { hit_rate_pct, total_hits, total_misses, total_cached_tools, storage_size_mb } = stats.data;
  const asked = total_hits + total_misses;
  return (
    <section className="usage-section" aria-labelledby="tool-cache-title" data-testid="tool-cache">
      <h2 id="tool-cache-title">Tool cache</h2>
      <p className="usage-about faint">What the agent’s tools found is kept for a while, so that the same look at the catalog is not taken twice.</p>
      <dl className="figures">
        <div>
          <dt>Found in the cache</dt>
          <dd>{asked === 0 ? '–' : `${hit_rate_pct.toFixed(1).replace(/\.0$/, '')}%`}</dd>
          <dd className="figure-note">{asked === 0 ? 'not used yet' : `${total_hits.toLocaleString('en')} of ${format_count(asked, 'call')}`}</dd>
        </div>
        <div>
          <dt>Kept</dt>
          <dd>{total_cached_tools.toLocaleString('en')}</dd>
          <dd className="figure-note">{`${total_cached_tools === 1 ? 'answer' : 'answers'}, ${storage_size_mb.toFixed(storage_size_mb < 10 ? 1 : 0)} MB`}</dd>
        </div>
      </dl>
    </section>
  );
}
