// Faults that several charts have in common: each is told once, above them. Pure.
import type { AnswerError, DashboardData, DashboardDocument } from '../api/types';

export interface Fault {
  error: AnswerError;
  charts: string[];
}

export function shared_faults(document: DashboardDocument, data: DashboardData | undefined): Fault[] {
  const faults = new Map<string, Fault>();
  const shown = new Set(document.layout.flatMap((row) => row.items.flatMap((item) => (item.chart ? [item.chart] : []))));
  for (const id of shown) {
    const chart = document.charts[id];
    const error = chart && data?.queries[chart.query]?.error;
    if (!error) continue;
    const key = fault_key(error);
    const known = faults.get(key) ?? { error, charts: [] };
    known.charts.push(id);
    faults.set(key, known);
  }
  return [...faults.values()].filter((fault) => fault.charts.length > 1);
}

const fault_key = ({ code, detail, errors }: AnswerError) => JSON.stringify([code, detail ?? null, (errors ?? []).map((one) => one.message)]);
