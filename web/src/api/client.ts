import { read_agent_events, type AgentEvent } from './agent_events';
import type {
  Answer,
  ChatConversation,
  ChatProviders,
  ChatSession,
  Connection,
  ConnectionTest,
  ConnectionType,
  CostPeriod,
  CostSummary,
  DashboardData,
  DashboardDocument,
  DashboardMetadata,
  DashboardPreview,
  DashboardVersion,
  Dataset,
  List,
  Me,
  ModelCalls,
  NewChatSession,
  NewConnection,
  Problem,
  PromptBlock,
  PromptBlockChange,
  StartedChatSession,
  Suggestions,
  TeamOfCaller,
  ToolCacheStats,
  ValidationReport,
} from './types';

// What every failed call throws. `problem.code` is `network` when no answer came at all.
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

// A caller of several teams names one; the choice outlives the page.
const TEAM_KEY = 'bridge.team_id';
let team_id: string | null = read_team();

function read_team(): string | null {
  try {
    return localStorage.getItem(TEAM_KEY);
  } catch {
    return null;
  }
}

export function chosen_team(): string | null {
  return team_id;
}

export function choose_team(id: string | null): void {
  team_id = id;
  try {
    if (id) localStorage.setItem(TEAM_KEY, id);
    else localStorage.removeItem(TEAM_KEY);
  } catch {
    // Private windows may refuse storage: the choice then lasts as long as the page.
  }
}

interface CallOptions {
  method?: string;
  body?: unknown;
  yaml?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  // Asks the server for data that is newer than its cache.
  fresh?: boolean;
}

// Calls that began before the page was there, for the first who asks for the same.
const EARLY_MS_MAX = 10_000;
const early = new Map<string, { response: Promise<Response | null>; started_at: number; team_id: string | null }>();

export function start_early(paths: string[]): void {
  for (const path of paths) {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (team_id) headers['X-Bridge-Team'] = team_id;
    // One that fails is asked again by whoever needs it, and is told there.
    const response = fetch(path, { headers, credentials: 'same-origin' }).catch(() => null);
    early.set(path, { response, started_at: Date.now(), team_id });
  }
}

async function take_early(path: string): Promise<Response | null> {
  const begun = early.get(path);
  early.delete(path);
  if (!begun || begun.team_id !== team_id || Date.now() - begun.started_at > EARLY_MS_MAX) return null;
  const response = await begun.response;
  return response?.ok ? response : null;
}

async function send(path: string, options: CallOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (team_id) headers['X-Bridge-Team'] = team_id;
  let body: string | undefined;
  if (options.yaml !== undefined) {
    body = options.yaml;
    headers['Content-Type'] = 'application/yaml';
  } else if (options.body !== undefined) {
    body = JSON.stringify(options.body);
    headers['Content-Type'] = 'application/json';
  }
  const request: RequestInit = { method: options.method ?? 'GET', headers, credentials: 'same-origin' };
  if (body !== undefined) request.body = body;
  if (options.signal) request.signal = options.signal;
  if (options.fresh) request.cache = 'reload';
  const reads = request.method === 'GET';
  // What is changed or asked for anew is not what was read before.
  if (!reads || options.fresh) early.clear();
  let response = reads && early.size > 0 ? await take_early(path) : null;
  options.signal?.throwIfAborted();
  try {
    response ??= await fetch(path, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError({ title: 'No answer', status: 0, code: 'network', detail: 'The server did not answer. Is it still running?' });
  }
  if (!response.ok) throw new ApiError(await problem_of(response));
  return response;
}

async function problem_of(response: Response): Promise<Problem> {
  const fallback: Problem = {
    title: response.statusText || 'Error',
    status: response.status,
    code: response.status === 401 ? 'unauthenticated' : `http_${response.status}`,
    detail: `The server answered ${response.status}.`,
  };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>), status: response.status };
  } catch {
    return fallback;
  }
}

async function json<T>(path: string, options?: CallOptions): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

const at = (slug: string) => `/v1/dashboards/${encodeURIComponent(slug)}`;
const chat = (id: string) => `/v1/chat/sessions/${encodeURIComponent(id)}`;
const with_query = (path: string, query: string) => (query ? `${path}?${query}` : path);

export interface Yaml {
  text: string;
  version: number;
}

export const api = {
  me: async (signal?: AbortSignal): Promise<Me> => {
    let me: Me;
    try {
      me = await json<Me>('/v1/me', { signal });
    } catch (error) {
      // The team that was chosen last time may be gone, or may not be this caller's.
      if (!(error instanceof ApiError) || ![400, 403, 404].includes(error.status) || !team_id) throw error;
      choose_team(null);
      me = await json<Me>('/v1/me', { signal });
    }
    if (team_id && !me.teams.some((team) => team.id === team_id)) choose_team(null);
    if (!team_id && !me.team_id && me.teams.length > 1) choose_team(me.teams[0]!.id);
    return me;
  },
  sign_in: (credentials: { token: string } | { key: string }) =>
    json<Me>('/v1/session', { method: 'POST', body: credentials }),
  sign_out: () => json<void>('/v1/session', { method: 'DELETE' }),

  create_team: (name: string) => json<TeamOfCaller>('/v1/onboarding/teams', { method: 'POST', body: { name } }),

  connection_types: async (signal?: AbortSignal): Promise<ConnectionType[]> => {
    const answer = await json<ConnectionType[] | List<ConnectionType>>('/v1/connection-types', { signal });
    return Array.isArray(answer) ? answer : answer.items;
  },
  create_connection: (connection: NewConnection) => json<Connection>('/v1/onboarding/connections', { method: 'POST', body: connection }),
  test_connection: (id: string) => json<ConnectionTest>(`/v1/onboarding/connections/${encodeURIComponent(id)}/test`, { method: 'POST' }),
  remove_connection: (id: string) => json<void>(`/v1/onboarding/connections/${encodeURIComponent(id)}?force=true`, { method: 'DELETE' }),
  read_catalog: async (connection_id: string): Promise<void> => {
    const found = await json<List<Dataset>>(`/v1/onboarding/catalog/discover?connection_id=${encodeURIComponent(connection_id)}`, { method: 'POST' });
    await Promise.all(found.items.map((dataset) => json<unknown>('/v1/onboarding/catalog/scan', { method: 'POST', body: { dataset_id: dataset.id } })));
  },
  // The names of the tables of the first dataset that has some, as far as the catalog knows them.
  table_names: async (connection_id: string, signal?: AbortSignal): Promise<string[]> => {
    const datasets = await json<List<Dataset>>(`/v1/onboarding/catalog/datasets?connection_id=${encodeURIComponent(connection_id)}`, { signal });
    for (const dataset of datasets.items.slice(0, 5)) {
      const tables = await json<List<{ name: string }>>(`/v1/onboarding/catalog/datasets/${encodeURIComponent(dataset.id)}/tables`, { signal });
      if (tables.items.length > 0) return tables.items.map((table) => table.name);
    }
    return [];
  },
  connections: (signal?: AbortSignal) => json<List<Connection>>('/v1/onboarding/connections', { signal }),

  dashboards: async (signal?: AbortSignal): Promise<DashboardMetadata[]> => {
    // The list is paged; the page shows and searches all of it, up to a bound that keeps it light.
    const items: DashboardMetadata[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `limit=500&cursor=${encodeURIComponent(cursor)}` : 'limit=500';
      const page: List<DashboardMetadata> = await json(`/v1/dashboards?${query}`, { signal });
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor && items.length < 5000);
    return items;
  },
  dashboard: (slug: string, signal?: AbortSignal) => json<DashboardMetadata>(at(slug), { signal }),
  document: (slug: string, signal?: AbortSignal) => json<DashboardDocument>(`${at(slug)}/document`, { signal }),
  data: (slug: string, query: string, options: { signal?: AbortSignal; fresh?: boolean } = {}) =>
    json<DashboardData>(with_query(`${at(slug)}/data`, query), options),
  query_data: (slug: string, query_id: string, query: string, options: { signal?: AbortSignal; fresh?: boolean } = {}) =>
    json<Answer>(with_query(`${at(slug)}/query/${encodeURIComponent(query_id)}/data`, query), options),
  preview: (yaml: string, query: string, signal?: AbortSignal) =>
    json<DashboardPreview>(with_query('/v1/dashboards/preview', query), { method: 'POST', yaml, signal }),
  csv_url: (slug: string, query_id: string, query: string): string => {
    const parts = new URLSearchParams(query);
    parts.set('format', 'csv');
    if (team_id) parts.set('team_id', team_id);
    return `${at(slug)}/query/${encodeURIComponent(query_id)}/data?${parts}`;
  },

  suggest_charts: (body: { connection_id: string; sentence: string; replaced_sql?: string }, signal?: AbortSignal) => json<Suggestions>('/v1/charts/suggest', { method: 'POST', body, signal }),

  yaml: async (slug: string, signal?: AbortSignal): Promise<Yaml> => {
    const response = await send(`${at(slug)}/yaml`, { headers: { Accept: 'application/yaml' }, signal });
    const tag = response.headers.get('ETag') ?? '';
    return { text: await response.text(), version: Number(/(\d+)/.exec(tag)?.[1] ?? 0) };
  },
  validate: (yaml: string, dry_run: boolean, signal?: AbortSignal) =>
    json<ValidationReport>(`/v1/dashboards/validate${dry_run ? '?dry_run=true' : ''}`, { method: 'POST', yaml, signal }),
  save: (slug: string, yaml: string, version: number) =>
    json<DashboardMetadata>(at(slug), { method: 'PUT', yaml, headers: version ? { 'If-Match': `"${version}"` } : {} }),
  history: (slug: string, signal?: AbortSignal) => json<List<DashboardVersion>>(`${at(slug)}/history`, { signal }),
  restore: (slug: string, version: number) =>
    json<DashboardMetadata>(`${at(slug)}/restore`, { method: 'POST', body: { version } }),
  remove: (slug: string) => json<void>(at(slug), { method: 'DELETE' }),

  chat_providers: (signal?: AbortSignal) => json<ChatProviders>('/v1/chat/providers', { signal }),
  start_chat: (session: NewChatSession) => json<StartedChatSession>('/v1/chat/sessions', { method: 'POST', body: session }),
  chat_sessions: (cursor: string | null, signal?: AbortSignal) =>
    json<List<ChatSession>>(`/v1/chat/sessions?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, { signal }),
  chat_session: (id: string, signal?: AbortSignal) => json<ChatConversation>(chat(id), { signal }),
  stop_chat: (id: string) => json<{ stopped: boolean }>(`${chat(id)}/stop`, { method: 'POST' }),
  end_chat: (id: string) => json<Pick<ChatSession, 'session_id' | 'status' | 'ended_at'>>(chat(id), { method: 'DELETE' }),
  chat_export_url: (id: string): string => with_query(`${chat(id)}/export`, team_id ? `team_id=${encodeURIComponent(team_id)}` : ''),

  model_calls: (query: string, signal?: AbortSignal) => json<ModelCalls>(with_query('/v1/observability/model-calls', query), { signal }),
  cost_summary: (period: CostPeriod, of_team: boolean, signal?: AbortSignal) => json<CostSummary>(`/v1/observability/cost-summary?group_by=${period}${of_team ? '&user_id=*' : ''}`, { signal }),
  tool_cache_stats: (signal?: AbortSignal) => json<ToolCacheStats>('/v1/observability/tool-cache-stats', { signal }),

  prompt_blocks: (signal?: AbortSignal) => json<{ items: PromptBlock[] }>('/v1/prompt-blocks', { signal }),
  create_prompt_block: (name: string, change: PromptBlockChange) => json<PromptBlock>('/v1/prompt-blocks', { method: 'POST', body: { name, ...change } }),
  update_prompt_block: (name: string, change: PromptBlockChange) => json<PromptBlock>('/v1/prompt-blocks', { method: 'PUT', body: { name, ...change } }),
  activate_prompt_block: (name: string, version: number) => json<PromptBlock>('/v1/prompt-blocks', { method: 'PUT', body: { name, version } }),
};

// Asks for a dashboard and yields each step of the agent as it happens. Aborting `signal` closes the stream, which stops the agent.
export async function* generate(connection_id: string, user_prompt: string, signal: AbortSignal): AsyncGenerator<AgentEvent> {
  yield* events_of('/v1/dashboards/generate', { connection_id, user_prompt }, {}, signal);
}

// Says `message` and yields what is answered. The turn outlives a lost connection for a while: `resume_chat` goes on with it.
export async function* say(session_id: string, message: string, signal: AbortSignal): AsyncGenerator<AgentEvent> {
  yield* events_of(`${chat(session_id)}/stream`, { message, resumable: true }, {}, signal);
}

// Yields what came after `last_event_id` (`turn:seq`; `turn:0` is the whole turn), then goes on live.
export async function* resume_chat(session_id: string, last_event_id: string, signal: AbortSignal): AsyncGenerator<AgentEvent> {
  yield* events_of(`${chat(session_id)}/stream`, {}, { 'Last-Event-ID': last_event_id }, signal);
}

async function* events_of(path: string, body: unknown, headers: Record<string, string>, signal: AbortSignal): AsyncGenerator<AgentEvent> {
  const response = await send(path, { method: 'POST', body, headers: { Accept: 'text/event-stream', ...headers }, signal });
  if (response.body) yield* read_agent_events(response.body);
}
