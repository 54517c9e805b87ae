// What of a tool's result is worth drawing: what it is says the server, whichever tool it was. Pure; a result of another shape is simply not drawn.
import type { AnswerData, Chart, ToolResult } from '../api/types';

export type DrawnResult =
  | { kind: 'table'; data: AnswerData; row_count: number; truncated: boolean }
  | { kind: 'chart'; title: string | null; chart: Chart; data: AnswerData; truncated: boolean }
  | { kind: 'dashboard'; slug: string; version: number | null };

export function drawn_result(result: ToolResult | null): DrawnResult | null {
  if (!result?.ok || typeof result.result !== 'object' || result.result === null) return null;
  const value = result.result as Record<string, unknown>;
  if (result.outcome === 'saved') return typeof value.slug === 'string' ? { kind: 'dashboard', slug: value.slug, version: typeof value.version === 'number' ? value.version : null } : null;
  if (result.outcome !== 'shown') return null;
  const data = data_of(value);
  if (!data) return null;
  const truncated = value.truncated === true;
  if (value.chart === undefined) return { kind: 'table', data, row_count: typeof value.row_count === 'number' ? value.row_count : data.rows.length, truncated };
  const chart = value.chart as Chart | null;
  if (typeof chart?.mark !== 'string') return null;
  return { kind: 'chart', title: typeof value.title === 'string' ? value.title : (chart.title ?? null), chart, data, truncated };
}

function data_of(value: Record<string, unknown>): AnswerData | null {
  const { columns, rows } = value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  if (!columns.every((column) => typeof column?.name === 'string') || !rows.every(Array.isArray)) return null;
  return { columns: columns.map((column) => ({ name: column.name, type: column.type ?? 'text' })), rows };
}
