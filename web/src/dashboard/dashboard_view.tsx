import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { api } from '../api/client';
import type { Answer, Chart, DashboardData, DashboardDocument } from '../api/types';
import { format_age, humanize } from '../charts/format';
import type { Selection } from '../charts/option/drawing';
import { advice_for, ProblemNote } from '../components/problem_note';
import { cache_word, ChartCard } from './chart_card';
import { ParameterBar } from './parameter_bar';
import { data_query } from './parameters';
import { chart_title } from '../charts/chart_view';
import { shared_faults, type Fault } from './faults';
import { use_own_answers, type OwnAnswer, type OwnSource } from './own_answers';
import { chosen_by, own_choices, search_after_click } from './selection';

const NO_PARAMS = {};
const NO_NOTES = {};
const NO_OWN_ANSWERS: Record<string, OwnAnswer> = {};
const GRID_COLUMNS = 12;
const ROW_HEIGHT_DEFAULT = 6;

interface Props {
  document: DashboardDocument;
  search: string;
  heading?: 'h2' | 'h3';
  on_search: (search: string) => void;
}

// A saved dashboard: it loads its own data.
export function DashboardView({ document, search, heading = 'h2', on_search }: Props) {
  const client = useQueryClient();
  const query = data_query(document.params ?? NO_PARAMS, search);
  // Set by the button that asks for newer data, read by the request it starts.
  const fresh = useRef(false);
  const data = useQuery({
    queryKey: ['data', document.slug, document.version, query],
    queryFn: ({ signal }) => api.data(document.slug, query, { signal, fresh: fresh.current }).finally(() => (fresh.current = false)),
    placeholderData: keepPreviousData,
  });
  const retry = useCallback(() => void client.invalidateQueries({ queryKey: ['data', document.slug] }), [client, document.slug]);
  const refresh = () => {
    fresh.current = true;
    retry();
  };
  const own_source = useMemo<OwnSource>(
    () => ({
      key: (wanted) => ['data', document.slug, document.version, wanted],
      ask: (query_id, wanted, signal) => api.query_data(document.slug, query_id, wanted, { signal, fresh: fresh.current }),
    }),
    [document.slug, document.version],
  );
  return (
    <DashboardGrid
      document={document}
      search={search}
      on_search={on_search}
      data={data.data}
      fetched_at={data.dataUpdatedAt}
      fetching={data.isFetching}
      refreshing={data.isPlaceholderData}
      error={data.error}
      own_source={own_source}
      heading={heading}
      on_retry={retry}
      on_refresh={refresh}
    />
  );
}

interface GridProps extends Props {
  data: DashboardData | undefined;
  fetched_at: number;
  fetching: boolean;
  refreshing: boolean;
  error: unknown;
  own_source: OwnSource;
  on_retry: () => void;
  on_refresh: () => void;
}

// Filters and the grid of the layout, over data that somebody else has loaded.
export function DashboardGrid({ document, search, on_search, data, fetched_at, fetching, refreshing, error, own_source, heading = 'h2', on_retry, on_refresh }: GridProps) {
  const params = document.params ?? NO_PARAMS;
  const query = data_query(params, search);
  const own = use_own_answers(document, search, own_source);
  const select = useCallback(
    (id: string, selection: Selection) => {
      const chart = document.charts[id];
      const next = chart && search_after_click(chart, selection, params, search);
      if (next !== null && next !== undefined) on_search(next);
    },
    [document, params, search, on_search],
  );
  return (
    <>
      <div className="dashboard-bar">
        <ParameterBar params={params} search={search} data={data} on_change={on_search} />
        <DataAge data={data} fetched_at={fetched_at} fetching={fetching} on_refresh={on_refresh} />
      </div>
      {error !== null && !fetching && <ProblemNote error={error} retry={on_retry} />}
      <ChartGrid document={document} data={data} refreshing={refreshing} failed={error !== null} query={query} search={search} own={own} heading={heading} on_select={select} on_retry={on_retry} />
    </>
  );
}

interface ChartGridProps {
  document: DashboardDocument;
  data: DashboardData | undefined;
  refreshing: boolean;
  failed: boolean;
  // What of the address the server is told; null when there is no server behind the page.
  query: string | null;
  search: string;
  heading?: 'h2' | 'h3';
  // By chart.
  own?: Record<string, OwnAnswer>;
  on_select?: ((id: string, selection: Selection) => void) | undefined;
  on_retry?: (() => void) | undefined;
}

export function ChartGrid({ document, ...rest }: ChartGridProps) {
  const { data, failed, on_retry } = rest;
  const faults = useMemo(() => shared_faults(document, data), [document, data]);
  const told = useMemo(() => new Set(faults.flatMap((fault) => fault.charts)), [faults]);
  return (
    <>
      {faults.map((fault, index) => (
        <FaultNote key={index} fault={fault} document={document} on_retry={on_retry} />
      ))}
      <div className="grid" data-testid="grid">
        {document.layout.map((row, row_index) => (
          <div key={row_index} className="grid-row" style={{ '--h': row.h ?? default_height(row.items, document) } as React.CSSProperties}>
            {row.items.map((item, index) => (
              <div key={item.chart ?? `text-${index}`} className="grid-item" style={{ '--w': Math.min(GRID_COLUMNS, item.w || GRID_COLUMNS) } as React.CSSProperties}>
                {item.chart && document.charts[item.chart] ? (
                  // Without any data, why is told above the grid.
                  <GridChart id={item.chart} chart={document.charts[item.chart]!} document={document} told_above={told.has(item.chart) || (failed && !data)} {...rest} />
                ) : (
                  <div className="card card-text">{text_paragraphs(item.text ?? (item.chart ? `There is no chart “${item.chart}” in this dashboard.` : ''))}</div>
                )}
              </div>
            ))}
          </div>
        ))}
      </div>
    </>
  );
}

const NAMED_MAX = 4;

function FaultNote({ fault, document, on_retry }: { fault: Fault; document: DashboardDocument; on_retry: (() => void) | undefined }) {
  const { error, charts } = fault;
  const names = charts.map((id) => chart_title(id, { chart: document.charts[id]!, notes: document.queries[document.charts[id]!.query]?.columns ?? NO_NOTES }));
  const rest = names.length - NAMED_MAX;
  const details = [...new Set((error.errors ?? []).map((one) => one.message))].filter((message) => message !== error.detail).slice(0, 3);
  return (
    <div className="problem" role="alert" data-testid="shared-fault">
      <p className="problem-title">{error.detail ?? humanize(error.code)}</p>
      {details.map((message) => (
        <p key={message} className="problem-detail">
          {message}
        </p>
      ))}
      <p className="problem-detail">
        {charts.length} charts have no answer: {names.slice(0, NAMED_MAX).join(', ')}
        {rest > 0 && ` and ${rest} more`}.
      </p>
      {advice_for(error.code) && <p className="problem-advice">{advice_for(error.code)}</p>}
      {on_retry && (
        <p className="problem-foot">
          <button type="button" onClick={on_retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

interface GridChartProps extends ChartGridProps {
  id: string;
  chart: Chart;
  told_above: boolean;
}

function GridChart({ id, chart, document, data, refreshing, failed, query, search, own = NO_OWN_ANSWERS, heading = 'h2', told_above, on_select, on_retry }: GridChartProps) {
  const params = document.params ?? NO_PARAMS;
  const compare_id = chart.compare_query ?? (chart.compare ? `${chart.query}@${chart.compare}` : null);
  const mine = own[id];
  const shown_query = mine ? mine.query : query;
  const csv_url = useMemo(() => (shown_query === null ? null : api.csv_url(document.slug, chart.query, shown_query)), [document.slug, chart.query, shown_query]);
  // What else the address says is no reason to draw this chart again.
  const given = new URLSearchParams(search);
  const choices = JSON.stringify(own_choices(chart, params, search).map((name) => [name, given.getAll(name)]));
  const is_chosen = useMemo(() => chosen_by(chart, params, search), [chart, params, choices]);
  return (
    <ChartCard
      id={id}
      chart={chart}
      query={document.queries[chart.query]}
      answer={mine ? mine.answer : data ? (data.queries[chart.query] ?? MISSING_ANSWER) : undefined}
      compare={compare_id ? data?.queries[compare_id] : undefined}
      refreshing={mine ? mine.refreshing : refreshing}
      failed={failed}
      csv_url={csv_url}
      is_chosen={is_chosen}
      told_above={told_above}
      heading={heading}
      on_select={chart.on_click ? on_select : undefined}
      on_retry={on_retry}
    />
  );
}

const MISSING_ANSWER: Answer = { error: { code: 'missing', detail: 'The server sent no answer for this query.' } };

function default_height(items: { chart?: string | null }[], document: DashboardDocument): number {
  const marks = items.map((item) => (item.chart ? document.charts[item.chart]?.mark : 'text'));
  return marks.every((mark) => mark === 'kpi' || mark === 'text' || mark === 'sparkline') ? 2 : ROW_HEIGHT_DEFAULT;
}

function text_paragraphs(text: string) {
  return text.split(/\n{2,}/).map((paragraph, index) => <p key={index}>{paragraph}</p>);
}

interface AgeProps {
  data: DashboardData | undefined;
  fetched_at: number;
  fetching: boolean;
  on_refresh: () => void;
}

// The oldest answer speaks for the dashboard, and its age goes on while the page stays open.
function DataAge({ data, fetched_at, fetching, on_refresh }: AgeProps) {
  const [now, set_now] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => set_now(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  const known = Object.values(data?.queries ?? {}).flatMap((answer) => (answer.metadata ? [answer.metadata] : []));
  const oldest = known.reduce<(typeof known)[0] | null>((most, one) => (!most || one.age_s > most.age_s ? one : most), null);
  return (
    <p className="data-age faint" data-testid="data-age" role="status">
      {fetching ? 'Loading…' : oldest ? `As of ${format_age(oldest.age_s + Math.max(0, now - fetched_at) / 1000)} ago, ${cache_word(oldest.cache)}` : ''}
      <button type="button" className="icon-button" onClick={on_refresh} disabled={fetching} aria-label="Load the data again" title="Load the data again">
        <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9M12 1v3.4H8.6" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
      </button>
    </p>
  );
}
