// The answers of charts whose own click is among the filters: each is asked for without it, so that its other marks stay.
import { keepPreviousData, useQueries, useQueryClient } from '@tanstack/react-query';
import type { Answer, DashboardData, DashboardDocument } from '../api/types';
import { own_choices, own_query } from './selection';

export interface OwnAnswer {
  // Undefined while it is on its way.
  answer: Answer | undefined;
  query: string;
  refreshing: boolean;
}

export interface OwnSource {
  // Where the answers of the whole dashboard are kept.
  key: (query: string) => readonly unknown[];
  ask: (query_id: string, query: string, signal: AbortSignal) => Promise<Answer>;
}

const KEPT_MS = 60_000;
const NO_PARAMS = {};

export function use_own_answers(document: DashboardDocument, search: string, source: OwnSource): Record<string, OwnAnswer> {
  const client = useQueryClient();
  const params = document.params ?? NO_PARAMS;
  const wanted = Object.entries(document.charts)
    .filter(([, chart]) => own_choices(chart, params, search).length > 0)
    .map(([id, chart]) => ({ id, query_id: chart.query, query: own_query(chart, params, search) }));
  // Before the click the whole dashboard was there without it: mostly there is nothing to ask.
  const known = (query_id: string, query: string): Answer | undefined => {
    const state = client.getQueryState<DashboardData>(source.key(query));
    const fresh = state && !state.isInvalidated && Date.now() - state.dataUpdatedAt < KEPT_MS;
    return fresh ? state.data?.queries[query_id] : undefined;
  };
  const results = useQueries({
    queries: wanted.map(({ query_id, query }) => ({
      queryKey: [...source.key(query), 'of', query_id],
      queryFn: async ({ signal }: { signal: AbortSignal }) => known(query_id, query) ?? (await source.ask(query_id, query, signal)),
      initialData: () => known(query_id, query),
      placeholderData: keepPreviousData,
      staleTime: KEPT_MS,
    })),
  });
  return Object.fromEntries(
    // One that failed leaves the chart its filtered answer, as if it had not been asked for.
    wanted.flatMap(({ id, query }, at) => (results[at]!.isError ? [] : [[id, { answer: results[at]!.data, query, refreshing: results[at]!.isPlaceholderData }]])),
  );
}
