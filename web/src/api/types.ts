// The wire between the server and the page. What the API's description spells out is taken from there (openapi.generated.ts, made by
// `npm run generate-api` from schemas/openapi.json), what a document may say from its schema (document.generated.ts, by the same command); what the
// API's description only calls an object (answers, events) is spelled out below.
import type { components as DocumentComponents } from './document.generated';
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
  // The days that each date range of the query was made for; `newest_day` where they are counted from the end of the data.
  periods?: Record<string, { from: string | null; to: string | null; newest_day?: string | null }>;
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

// What a document may say, as its schema has it; on the wire what it does not say is null.
type Written<Part> = { [Key in keyof Part]: undefined extends Part[Key] ? Part[Key] | null : Part[Key] };
type Parts = DocumentComponents['schemas'];

export type Mark = Parts['chart']['mark'];

export type Aggregate = NonNullable<Parts['encoding_object']['aggregate']>;

export type TimeUnit = NonNullable<Parts['encoding_object']['time_unit']>;

export type Bin = NonNullable<Parts['encoding_object']['bin']>;

// The field is missing only for `{aggregate: count}`.
export type Encoding = Omit<Written<Parts['encoding_object']>, 'field'> & { field: string | null };

type ChannelName = 'x' | 'y' | 'color' | 'size' | 'facet';

type Channel = Encoding | string | null;

// Every option that the schema gives a chart, its encodings spelled out.
export interface Chart extends Omit<Written<Parts['chart']>, ChannelName> {
  compare_query?: string | null;
  x?: Channel;
  y?: Channel | (Encoding | string)[];
  color?: Channel;
  size?: Channel;
  facet?: Channel;
}

export type ColumnNote = Written<Parts['column']>;

export type ParameterType = Parts['param']['type'];

export type Parameter = Omit<Written<Parts['param']>, 'multiple' | 'default'> & { multiple?: boolean | null; default?: unknown };

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

// POST /v1/charts/suggest: a sentence read by rules, as charts over one table.
export interface ReadingFilter {
  field: string;
  op: string;
  values: string[];
}

// Without `y` the aggregate counts rows; of a heatmap `x` and `y` are the sides and `value` is the colour.
export interface ChartReading {
  mark: string;
  x?: string | null;
  y?: string | null;
  color?: string | null;
  size?: string | null;
  facet?: string | null;
  value?: string | null;
  filters: ReadingFilter[];
  aggregate?: string | null;
  time_unit?: string | null;
  bin?: number | null;
  sort?: string | null;
  limit?: number | null;
  score: number;
  why: string;
  // A query for a chart of it, with columns named as its sides are, and `value`; null where none shows it as it is.
  sql?: string | null;
}

// What became of a word of the sentence.
export interface AccountedWord {
  word: string;
  role: 'used' | 'unused';
  taken_for?: string | null;
  bound_to?: string | null;
}

export interface Suggestions {
  // As it stands after FROM.
  table: string;
  readings: ChartReading[];
  account: AccountedWord[];
}

export type DashboardVersion = Schemas['DashboardHistory']['items'][number];

// What the agent's streams tell: POST /v1/chat/sessions/{id}/stream and POST /v1/dashboards/generate.
export interface ToolCall {
  id: string;
  name: string;
  // What it does, for people.
  title?: string | null;
  input: Record<string, unknown>;
  // Which answer of the model it belongs to, from 1 in each turn.
  step?: number | null;
}

export interface ToolResult {
  id: string;
  name: string;
  ok: boolean;
  // For the model alone, for people to see too, or something that stays.
  outcome?: Schemas['ChatMessages']['items'][number]['tool_results'][number]['outcome'] | null;
  summary?: string | null;
  cached?: boolean | null;
  ms?: number | null;
  result?: unknown;
  bytes_scanned?: number | null;
}

export interface TokenUsage {
  input_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  output_tokens: number | null;
  // False when a call did not say what it used: the sums are then lower bounds.
  complete: boolean;
}

export interface AgentDone {
  finish_reason?: string | null;
  raw?: string | null;
  usage?: TokenUsage | null;
  // Null when the price of a call is not known.
  cost_usd?: number | null;
  model_calls?: number | null;
  truncated?: boolean | null;
}

export interface GenerationDone extends AgentDone {
  session_id: string;
  dashboard_slug: string | null;
  gcs_yaml_path: string | null;
  preview_url: string | null;
  account?: AccountedWord[] | null;
}

export interface ChatDone extends AgentDone {
  dashboards?: { slug: string }[] | null;
}

// A problem in a stream also says whether asking again may help, and whether a part of the answer came.
export interface AgentProblem extends Problem, Pick<AgentDone, 'usage' | 'cost_usd' | 'model_calls'> {
  kind?: string | null;
  retryable?: boolean | null;
  partial?: boolean | null;
}

export interface Warning {
  code: string;
  message: string;
}

export interface Fallback {
  from: string;
  to: string;
  reason: string;
}

export interface ChatProvider {
  name: string;
  default_model: string;
  models: string[];
  needs_network: boolean;
  available: boolean;
  reason?: string | null;
}

export interface ChatProviders {
  default_provider: string;
  default_model: string;
  providers: ChatProvider[];
}

export interface NewChatSession {
  provider?: string;
  model?: string;
  connection_id?: string;
  title?: string;
}

export interface ChatSession {
  session_id: string;
  title: string | null;
  provider: string;
  model: string;
  status: 'active' | 'completed' | 'failed';
  total_tokens: number | null;
  total_cost_usd: number | null;
  created_at: string;
  ended_at: string | null;
}

export type StartedChatSession = Pick<ChatSession, 'session_id' | 'created_at' | 'provider' | 'model' | 'title' | 'status'> & { connection_id: string | null };

export interface ChatMessage {
  turn: number;
  role: 'user' | 'assistant' | 'tool';
  text: string | null;
  tool_calls?: { id: string; name: string; title?: string | null; arguments: Record<string, unknown> }[] | null;
  tool_results?: { call_id: string; name: string; ok: boolean; outcome?: ToolResult['outcome']; content: unknown }[] | null;
}

export interface ChatConversation extends ChatSession {
  connection_id: string | null;
  // True while a turn is in flight.
  running: boolean;
  // `turn:seq` of the running or the last turn.
  last_event_id: string | null;
  messages: ChatMessage[];
}

export interface ModelCall {
  id: string;
  session_id: string | null;
  user_id: string | null;
  provider: string;
  model: string;
  attempt: number;
  step: number;
  input_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  output_tokens: number | null;
  usage_complete: boolean;
  cost_usd: number | null;
  price_known: boolean;
  latency_ms: number | null;
  time_to_first_token_ms: number | null;
  status: string;
  error_code: string | null;
  created_at: string;
}

export interface ModelCalls {
  items: ModelCall[];
  total: number;
  next_offset: number | null;
}

export type CostPeriod = 'day' | 'week' | 'month';

export interface CostSummary {
  total_cost_usd: number | null;
  total_tokens: number | null;
  unpriced_calls: number;
  breakdown: { date: string; cost: number | null; tokens: number | null }[];
}

export interface ToolCacheStats {
  hit_rate_pct: number;
  total_hits: number;
  total_misses: number;
  total_cached_tools: number;
  storage_size_mb: number;
}

// One version of a named piece of system prompt; at most one version of a name is active.
export interface PromptBlock {
  id: string;
  name: string;
  content: string;
  cache_control: 'ephemeral' | 'none';
  version: number;
  active: boolean;
  position: number;
  created_at: string;
}

export interface PromptBlockChange {
  content: string;
  cache_control?: PromptBlock['cache_control'];
  position?: number;
}
