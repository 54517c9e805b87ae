// The wire between the server and the page. What the API's description spells out is taken from there (openapi.generated.ts, made by
// `npm run generate-api` from schemas/openapi.json); what it only calls an object (the document, answers, events) is spelled out below.
import type { components } from './openapi.generated';

type Schemas = components['schemas'];

export type Role = Schemas['Me']['role'];

export type TeamOfCaller = Schemas['Me']['teams'][number];

export type Me = Schemas['Me'];

export interface Violation {
  path: string;
  line?: number | null;
  column?: number | null;
  code: string;
  message: string;
  got?: unknown;
  allowed?: string[] | null;
  suggestion?: string | null;
}

// RFC 9457. `code` is stable; `detail` is for people.
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code: string;
  trace_id?: string;
  errors?: Violation[];
}

export interface List<Item> {
  items: Item[];
  next_cursor: string | null;
  total?: number;
}

export type ViewType = 'analytical' | 'operational' | 'strategic';

export type DashboardMetadata = Schemas['Dashboard'];

export type Connection = Schemas['Connection'];

export type ConnectionField = Schemas['ConnectionTypes'][number]['fields'][number];

export type ConnectionType = Schemas['ConnectionTypes'][number];

export type NewConnection = Schemas['NewConnection'];

export type ConnectionTest = Schemas['ConnectionTest'];

export type Dataset = Schemas['DatasetList']['items'][number];

export type ColumnType =
  | 'boolean'
  | 'integer'
  | 'number'
  | 'decimal'
  | 'big_integer'
  | 'text'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'json';

export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  type: ColumnType | string;
}

export interface AnswerData {
  columns: Column[];
  rows: Cell[][];
}

export interface AnswerMetadata {
  row_count: number;
  truncated: boolean;
  bytes_scanned: number;
  cost_usd: number;
  cache: 'hit' | 'miss' | 'stale' | string;
  age_s: number;
  executed_at: string;
  duration_ms: number;
  query_hash: string;
  version: number;
}

export interface AnswerError {
  code: string;
  detail?: string;
  errors?: Violation[];
}

export interface Answer {
  data?: AnswerData;
  metadata?: AnswerMetadata;
  error?: AnswerError;
}

export interface DashboardData {
  queries: Record<string, Answer>;
}

export type Mark =
  | 'kpi'
  | 'line'
  | 'area'
  | 'bar'
  | 'stacked_bar'
  | 'grouped_bar'
  | 'scatter'
  | 'pie'
  | 'donut'
  | 'heatmap'
  | 'histogram'
  | 'box'
  | 'funnel'
  | 'table'
  | 'sparkline'
  | 'map';

export type Aggregate = 'sum' | 'mean' | 'avg' | 'min' | 'max' | 'count' | 'median' | 'count_distinct';

export type TimeUnit =
  | 'year'
  | 'quarter'
  | 'month'
  | 'week'
  | 'day'
  | 'hour'
  | 'minute'
  | 'month_of_year'
  | 'day_of_week'
  | 'hour_of_day';

export type Bin = boolean | number | { step?: number | null; max_bins?: number | null };

export interface Encoding {
  field: string | null;
  aggregate?: Aggregate | null;
  bin?: Bin | null;
  time_unit?: TimeUnit | null;
  sort?: string | null;
  format?: string | null;
  title?: string | null;
}

export interface Chart {
  query: string;
  compare_query?: string | null;
  mark: Mark;
  title?: string | null;
  description?: string | null;
  x?: Encoding | string | null;
  y?: Encoding | string | (Encoding | string)[] | null;
  color?: Encoding | string | null;
  size?: Encoding | string | null;
  facet?: Encoding | string | null;
  sort?: string | null;
  limit?: number | null;
  compare?: string | null;
  on_click?: { set: Record<string, string> } | null;
  columns?: string[] | null;
  stack?: 'zero' | 'normalize' | 'none' | null;
  regions?: 'us_states' | 'countries' | null;
}

export interface ColumnNote {
  label?: string | null;
  unit?: string | null;
  format?: string | null;
  good?: 'up' | 'down' | null;
}

export type ParameterType = 'date_range' | 'date' | 'enum' | 'text' | 'number' | 'boolean';

export interface Parameter {
  type: ParameterType;
  label?: string | null;
  description?: string | null;
  multiple?: boolean | null;
  default?: unknown;
  values?: (string | number)[] | null;
  values_from?: string | null;
}

export interface DocumentQuery {
  sql: string;
  from?: string[] | null;
  columns?: Record<string, ColumnNote> | null;
}

export interface LayoutItem {
  w: number;
  chart?: string | null;
  text?: string | null;
}

export interface LayoutRow {
  h?: number | null;
  items: LayoutItem[];
}

export interface Provenance {
  generator?: string | null;
  session_id?: string | null;
  prompt?: string | null;
  dry_run_bytes?: number | null;
}

export interface DashboardDocument {
  slug: string;
  title: string;
  description?: string | null;
  view_type?: ViewType | null;
  tags?: string[] | null;
  connection?: string | null;
  theme?: string | null;
  version: number;
  updated_at?: string | null;
  params?: Record<string, Parameter> | null;
  queries: Record<string, DocumentQuery>;
  charts: Record<string, Chart>;
  layout: LayoutRow[];
  provenance?: Provenance | null;
}

// A document that is not saved, with its answers.
export interface DashboardPreview extends DashboardData {
  document: DashboardDocument;
}

export interface ValidationReport {
  valid: boolean;
  errors: Violation[];
  warnings: Violation[];
}

export type DashboardVersion = Schemas['DashboardHistory']['items'][number];

// The events of POST /v1/dashboards/generate.
export interface ToolCall {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export interface ToolResult {
  id: string;
  name: string;
  ok: boolean;
  summary?: string | null;
  result?: unknown;
  duration_ms?: number | null;
  bytes_scanned?: number | null;
}

export interface GenerationDone {
  session_id: string;
  dashboard_slug: string | null;
  gcs_yaml_path: string | null;
  preview_url: string | null;
}
