// Costs and tokens as the usage screen says them. Pure.
import type { AnswerData, Chart, CostPeriod, CostSummary, ModelCall } from '../api/types';
import { format_cost, format_count } from '../charts/format';

export const CALLS_AT_ONCE = 50;

// The rows that the bars are drawn of.
export function breakdown_data(summary: CostSummary): AnswerData {
  return {
    columns: [
      { name: 'date', type: 'date' },
      { name: 'cost', type: 'number' },
      { name: 'tokens', type: 'integer' },
    ],
    rows: summary.breakdown.map((one) => [one.date, one.cost, one.tokens]),
  };
}

export function bars_of(field: 'cost' | 'tokens', period: CostPeriod): Chart {
  return {
    query: 'usage',
    mark: 'bar',
    title: field === 'cost' ? 'Cost' : 'Tokens',
    x: { field: 'date', time_unit: period },
    y: { field, aggregate: 'sum', format: field === 'cost' ? '$,.3~r' : ',d', title: field === 'cost' ? 'Cost' : 'Tokens' },
  };
}

export interface TotalCost {
  text: string;
  // What the figure leaves out; null when nothing.
  note: string | null;
}

// A sum that leaves out calls without a price says so; a sum of nothing but such calls is no sum.
export function total_cost({ total_cost_usd, unpriced_calls }: CostSummary): TotalCost {
  if (unpriced_calls === 0 && total_cost_usd !== null) return { text: format_cost(total_cost_usd), note: null };
  if (!total_cost_usd) return { text: 'price unknown', note: unpriced_calls > 0 ? `${format_count(unpriced_calls, 'call')} without a price` : null };
  return { text: format_cost(total_cost_usd), note: `and ${format_count(unpriced_calls, 'call')} whose price is unknown` };
}

// A call whose price is known may still not have said what it used.
export function cost_text({ price_known, cost_usd }: Pick<ModelCall, 'price_known' | 'cost_usd'>): string {
  if (!price_known) return 'price unknown';
  return cost_usd === null ? 'usage unknown' : format_cost(cost_usd);
}

const FILTERS = ['session_id', 'provider', 'start_date', 'end_date'] as const;
export type CallFilter = (typeof FILTERS)[number];

// The address of the screen is the state of its filters.
export function with_filter(search: string, name: CallFilter, value: string): string {
  const parts = new URLSearchParams(search);
  if (value) parts.set(name, value);
  else parts.delete(name);
  parts.delete('offset');
  return parts.toString();
}

export function with_offset(search: string, offset: number): string {
  const parts = new URLSearchParams(search);
  if (offset > 0) parts.set('offset', String(offset));
  else parts.delete('offset');
  return parts.toString();
}

// What is asked of the server.
export function calls_query(search: string): string {
  const given = new URLSearchParams(search);
  const parts = new URLSearchParams({ limit: String(CALLS_AT_ONCE) });
  for (const name of [...FILTERS, 'offset']) {
    const value = given.get(name);
    if (value) parts.set(name, value);
  }
  return parts.toString();
}
