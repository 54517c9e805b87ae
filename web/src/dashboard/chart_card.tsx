import { memo, useCallback, useMemo, useState } from 'react';
import type { Answer, Chart, DocumentQuery } from '../api/types';
import { chart_subtitle, chart_title, ChartView } from '../charts/chart_view';
import type { ChartInput, ColumnNotes } from '../charts/encoding';
import { format_age, format_bytes, format_duration, humanize } from '../charts/format';
import type { Selection } from '../charts/option/drawing';
import { Popover } from '../components/menu';
import { advice_for } from '../components/problem_note';
import { use_theme } from '../components/theme';

interface Props {
  id: string;
  chart: Chart;
  query: DocumentQuery | undefined;
  // Undefined while the first answer is on its way.
  answer: Answer | undefined;
  compare: Answer | undefined;
  // True while a newer answer (other parameters) is on its way.
  refreshing: boolean;
  failed: boolean;
  csv_url: string | null;
  is_chosen: ((selection: Selection) => boolean) | null;
  // The same fault is told once, above the cards that have it.
  told_above: boolean;
  // Which level of heading its title is.
  heading: 'h2' | 'h3';
  on_select?: ((id: string, selection: Selection) => void) | undefined;
  on_retry?: (() => void) | undefined;
}

const NO_NOTES: ColumnNotes = {};

export const ChartCard = memo(function ChartCard({ id, chart, query, answer, compare, refreshing, failed, csv_url, is_chosen, told_above, heading: Heading, on_select, on_retry }: Props) {
  const { dark } = use_theme();
  const [as_table, set_as_table] = useState(false);
  const [show_sql, set_show_sql] = useState(false);
  const [captions, set_captions] = useState<string[]>([]);
  const notes = query?.columns ?? NO_NOTES;
  const data = answer?.data;
  const compare_data = compare?.data ?? null;
  const input = useMemo<ChartInput | null>(() => (data ? { chart, data, compare: compare_data, notes, sql: query?.sql } : null), [chart, data, compare_data, notes, query]);
  const title = chart_title(id, { chart, notes });
  const subtitle = chart_subtitle(title, { chart, notes });
  const select = useCallback((selection: Selection) => on_select?.(id, selection), [id, on_select]);
  const state = answer?.error ? 'error' : !data ? (failed ? 'error' : 'loading') : data.rows.length === 0 ? 'empty' : 'ready';
  const { metadata } = answer ?? {};
  const quiet = chart.mark === 'kpi' || chart.mark === 'sparkline';
  const facts = [...captions, ...(metadata?.truncated ? [`first ${metadata.row_count.toLocaleString('en')} rows only`] : [])];

  return (
    <article className={`card ${quiet ? 'card-quiet' : ''} ${refreshing ? 'refreshing' : ''}`} aria-label={title} aria-busy={state === 'loading' || refreshing} data-testid={`chart-${id}`} data-chart={id} data-mark={chart.mark} data-state={state}>
      <header className="card-head">
        <div className="card-titles">
          <Heading className="card-title" title={chart.description ?? undefined}>
            {title}
          </Heading>
          {(subtitle || facts.length > 0) && (
            <p className="card-subtitle">{[subtitle, ...facts].filter(Boolean).join(' · ')}</p>
          )}
        </div>
        <Popover label={`Options of ${title}`} className="icon-button card-menu" button={<Dots />} test_id={`menu-${id}`}>
          {(close) => (
            <div className="popover-body menu">
              {chart.description && <p className="menu-about">{chart.description}</p>}
              {csv_url && (
                <a href={csv_url} download={`${id}.csv`} className="choice" onClick={close} data-testid={`csv-${id}`}>
                  Download CSV
                </a>
              )}
              {chart.mark !== 'table' && chart.mark !== 'kpi' && state === 'ready' && (
                <button
                  type="button"
                  className="choice"
                  onClick={() => {
                    set_as_table(!as_table);
                    close();
                  }}
                >
                  {as_table ? `Show as ${humanize(chart.mark).toLowerCase()}` : 'Show as table'}
                </button>
              )}
              {query?.sql && (
                <button
                  type="button"
                  className="choice"
                  onClick={() => {
                    set_show_sql(!show_sql);
                    close();
                  }}
                >
                  {show_sql ? 'Hide SQL' : 'Show SQL'}
                </button>
              )}
              {metadata && (
                <dl className="menu-facts">
                  <dt>Rows</dt>
                  <dd>{metadata.row_count.toLocaleString('en')}</dd>
                  <dt>Scanned</dt>
                  <dd>{format_bytes(metadata.bytes_scanned)}</dd>
                  <dt>Took</dt>
                  <dd>{format_duration(metadata.duration_ms)}</dd>
                  <dt>As of</dt>
                  <dd>
                    {format_age(metadata.age_s)} ago, {cache_word(metadata.cache)}
                  </dd>
                </dl>
              )}
            </div>
          )}
        </Popover>
      </header>
      <div className="card-body">
        {show_sql && query?.sql && (
          <pre className="card-sql" tabIndex={0}>
            {query.sql.trim()}
          </pre>
        )}
        {state === 'loading' && <CardSkeleton mark={chart.mark} />}
        {state === 'empty' && (
          <div className="card-empty">
            <p>No rows</p>
            <p className="faint">The query answered, but with nothing in it. Other filters may bring more.</p>
          </div>
        )}
        {state === 'error' && told_above && (
          <div className="card-empty faint">
            <p>No answer</p>
          </div>
        )}
        {state === 'error' && !told_above && (
          <div className="card-error" role="alert">
            <p className="problem-title">{answer?.error ? (answer.error.detail ?? humanize(answer.error.code)) : 'There is no answer to this query.'}</p>
            {further_messages(answer?.error).map((message) => (
              <p key={message} className="problem-detail">
                {message}
              </p>
            ))}
            {advice_for(answer?.error?.code) && <p className="problem-advice">{advice_for(answer?.error?.code)}</p>}
            {on_retry && (
              <p>
                <button type="button" onClick={on_retry}>
                  Try again
                </button>
              </p>
            )}
          </div>
        )}
        {state === 'ready' && input && <ChartView input={input} title={title} dark={dark} as_table={as_table} is_chosen={is_chosen} on_select={on_select ? select : undefined} on_captions={set_captions} />}
      </div>
    </article>
  );
});

const MESSAGES_MAX = 3;

// What the single errors say beyond the one sentence that tells of all.
function further_messages(error: Answer['error']): string[] {
  const said = error?.detail ?? '';
  return [...new Set((error?.errors ?? []).map((one) => one.message).filter((message) => !said.includes(message)))].slice(0, MESSAGES_MAX);
}

export function cache_word(cache: string): string {
  return cache === 'hit' ? 'cached' : cache === 'stale' ? 'cached, being renewed' : 'fresh';
}

function CardSkeleton({ mark }: { mark: string }) {
  return (
    <div className={`skeleton-chart ${mark === 'kpi' ? 'skeleton-kpi' : ''}`} data-testid="skeleton">
      <span className="visually-hidden">Loading</span>
      <div className="skeleton" />
    </div>
  );
}

function Dots() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">
      <circle cx="3" cy="8" r="1.25" />
      <circle cx="8" cy="8" r="1.25" />
      <circle cx="13" cy="8" r="1.25" />
    </svg>
  );
}
