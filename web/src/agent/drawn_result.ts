// What of a tool's result is worth drawing. Pure; a result of another shape is simply not drawn.
import type { AnswerData, Chart, ToolResult } from '../api/types';

export type DrawnResult =
  | { kind: 'table'; data: AnswerData; row_count: number; truncated: boolean }
  | { kind: 'chart'; title: string | null; chart: Chart; data: AnswerData; truncated: boolean }
  | { kind: 'dashboard'; slug: string; version: number | null };

export function drawn_result(result: ToolResult | null): DrawnResult | null {
  if (!result?.ok || typeof result.result !== 'object' || result.result === null) return null;
  const value = result.result as Record<string, unknown>;
  switch (result.name) {
    case 'run_query': {
      const data = data_of(value);
      return data && { kind: 'table', data, row_count: typeof value.row_count === 'number' ? value.row_count : data.rows.length, truncated: value.truncated === true };
    }
    case 'show_chart': {
      const data = data_of(value);
      const chart = value.chart as Chart | undefined;
      if (!data || typeof chart?.mark !== 'string') return null;
      return { kind: 'chart', title: typeof value.title === 'string' ? value.title : (chart.title ?? null), chart, data, truncated: value.truncated === true };
    }
    case 'save_dashboard_yaml':
      return typeof value.slug === 'string' ? { kind: 'dashboard', slug: value.slug, version: typeof value.version === 'number' ? value.version : null } : null;
    default:
      return null;
  }
}

function data_of(value: Record<string, unknown>): AnswerData | null {
  const { columns, rows } = value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  if (!columns.every((column) => typeof column?.name === 'string') || !rows.every(Array.isArray)) return null;
  return { columns: columns.map((column) => ({ name: column.name, type: column.type ?? 'text' })), rows };
}
