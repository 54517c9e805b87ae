// Conversations of the fake server. Each turn is a script that is played into a log of events; a stream reads the log, so that it can be
// lost and resumed. What is played depends on words of the message: table, chart, dashboard, cap, fallback, fail, paragraphs, slow, drop.
import { run_query } from './fake_dashboards.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sessions = new Map();
const HOUR = 3_600_000;
const uuid = (count) => `0190f0c4-0000-7000-8000-${String(count).padStart(12, '0')}`;

const PROVIDERS = {
  default_provider: 'anthropic',
  default_model: 'large',
  providers: [
    { name: 'anthropic', default_model: 'large', models: ['large', 'small'], needs_network: true, available: true },
    { name: 'rules', default_model: 'rules', models: ['rules'], needs_network: false, available: true },
    { name: 'openai', default_model: 'general', models: ['general'], needs_network: true, available: false, reason: 'no API key is set' },
  ],
};

function add_session(given, created_at = Date.now()) {
  const session = {
    session_id: uuid(sessions.size + 1),
    title: given.title ?? '',
    provider: given.provider ?? PROVIDERS.default_provider,
    model: given.model ?? PROVIDERS.default_model,
    connection_id: given.connection_id ?? 'c1',
    status: 'active',
    total_tokens: 0,
    total_cost_usd: 0,
    created_at: new Date(created_at).toISOString(),
    ended_at: null,
    messages: [],
    turns: [],
    ...given.facts,
  };
  sessions.set(session.session_id, session);
  return session;
}

add_session({
  title: 'Which month is the busiest?',
  facts: {
    status: 'completed',
    ended_at: new Date(Date.now() - 26 * HOUR).toISOString(),
    total_tokens: 48_210,
    total_cost_usd: 0.1834,
    messages: [
      { turn: 1, role: 'user', text: 'Which month is the busiest?' },
      { turn: 1, role: 'assistant', text: 'I will count the flights by month.', tool_calls: [{ id: 'a', name: 'run_query', title: 'Asking the warehouse', arguments: { sql: "SELECT date_trunc('month', date) AS month, count(*) AS flights FROM flights GROUP BY 1 ORDER BY 2 DESC" } }] },
      { turn: 1, role: 'tool', text: null, tool_results: [{ call_id: 'a', name: 'run_query', ok: true, outcome: 'shown', content: JSON.stringify({ columns: [{ name: 'month', type: 'date' }, { name: 'flights', type: 'integer' }], rows: [['2001-03-01', 7112], ['2001-01-01', 6570], ['2001-02-01', 6318]], row_count: 3, truncated: false, bytes_scanned: 24_000_000 }) }] },
      { turn: 1, role: 'assistant', text: '**March** is the busiest, with 7,112 flights: 8% more than January and 13% more than February, which has three days less.' },
    ],
  },
}, Date.now() - 27 * HOUR);
add_session({ title: 'Why did the numbers of last week change, and is it the weekend or the airport that explains it?', provider: 'local', model: 'unpriced-model', facts: { total_tokens: 9_120, total_cost_usd: null } }, Date.now() - 5 * HOUR);
for (let at = 0; at < 3; at += 1) add_session({ title: `An earlier question, number ${at + 1}`, facts: { total_tokens: 1200 * (at + 1), total_cost_usd: 0.0043 * (at + 1) } }, Date.now() - (60 - at) * HOUR);

// The server's tools say these themselves.
export const title_of = (name) => name.replaceAll('_', ' ');
export const outcome_of = (result) => (result.error ? 'answer' : result.slug ? 'saved' : result.rows ? 'shown' : 'answer');

const listed = ({ messages, turns, connection_id, ...session }) => session;

function shown(session) {
  const turn = session.turns.at(-1);
  return { ...listed(session), connection_id: session.connection_id, running: Boolean(turn && !turn.ended), last_event_id: turn ? `${turn.number}:${turn.events.length}` : null, messages: session.messages };
}

// One turn: events that were sent, and who waits for more.
class Turn {
  constructor(number) {
    Object.assign(this, { number, messages: [], events: [], ended: false, stopped: false, dropped: false, waiting: new Set() });
  }

  emit(event, data) {
    if (this.ended) return;
    this.events.push(`id: ${this.number}:${this.events.length + 1}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    this.wake();
  }

  end() {
    this.ended = true;
    this.wake();
  }

  wake() {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

async function play(session, turn, message) {
  const has = (word) => message.toLowerCase().includes(word);
  const slow = has('slow') ? 5 : 1;
  const said = [];
  let step = 1;
  let calls = 0;
  const wait = async (ms) => {
    for (let left = ms * slow; left > 0 && !turn.stopped; left -= 50) await pause(Math.min(50, left));
    if (turn.stopped) throw new Error('stopped');
  };
  const say = async (text) => {
    for (const word of text.match(/\S+\s*/g) ?? []) {
      turn.emit('token', { text: word });
      said.push(word);
      await wait(22);
    }
  };
  const keep_words = (tool_calls = []) => {
    turn.messages.push({ turn: turn.number, role: 'assistant', text: said.join(''), tool_calls });
    said.length = 0;
  };
  const use = async (name, input, result, options = {}) => {
    const id = `call_${turn.number}_${++calls}`;
    const title = title_of(name);
    turn.emit('tool_call', { id, name, title, input, step });
    await wait(options.ms ?? 260);
    const ok = !result.error;
    const outcome = outcome_of(result);
    turn.emit('tool_result', { id, name, ok, outcome, summary: options.summary ?? '', cached: options.cached ?? false, ms: options.ms ?? 260, result, ...(result.bytes_scanned ? { bytes_scanned: result.bytes_scanned } : {}) });
    keep_words([{ id, name, title, arguments: input }]);
    turn.messages.push({ turn: turn.number, role: 'tool', text: null, tool_results: [{ call_id: id, name, ok, outcome, content: result }] });
    step += 1;
  };
  const finish = (more = {}) => {
    const tokens = 1800 + 640 * step;
    const priced = session.provider !== 'local';
    const cost = session.provider === 'rules' ? 0 : priced ? tokens * 0.000006 : null;
    session.total_tokens += tokens + 212;
    session.total_cost_usd = cost === null || session.total_cost_usd === null ? null : session.total_cost_usd + cost;
    turn.emit('done', { finish_reason: 'stop', raw: 'end_turn', usage: { input_tokens: tokens, cache_read_tokens: step > 1 ? 1800 : 0, cache_write_tokens: 0, output_tokens: 212, complete: true }, cost_usd: cost, model_calls: step, truncated: false, dashboards: [], ...more });
  };

  try {
    await wait(350);
    if (has('paragraphs')) {
      for (let at = 1; at <= 14; at += 1) await say(`Paragraph ${at} of a long answer, which goes on for a while so that the page has something to scroll and the person something to read at leisure.\n\n`);
      return finish(keep_words());
    }
    await say('I will look at which tables there are and then ask them. ');
    await use('list_tables', { dataset: 'main' }, { tables: ['flights', 'airports'] }, { summary: '2 tables', cached: true });
    await use('get_table_schema', { table: 'flights' }, { columns: [] }, { summary: '10 columns, 3,000,000 rows', ms: 120 });
    if (has('fallback')) {
      await say('The first model begins to answer, and then ');
      turn.emit('warning', { code: 'provider_retry', message: 'The provider answered 529 (overloaded); tried again twice.' });
      await wait(500);
      turn.emit('fallback', { from: 'anthropic', to: 'rules', reason: 'anthropic did not answer three times in a row' });
      turn.emit('reset', { step });
      said.length = 0;
      await wait(300);
    }
    if (has('cap')) await use('run_query', { sql: 'SELECT * FROM flights, airports' }, { error: { code: 'byte_cap_exceeded', message: 'The query would scan 240 MB; the cap is 100 MB.', help: 'Choose fewer columns.', bytes_scanned: 240_000_000, cap_bytes: 100_000_000 } }, { ms: 90 });
    if (has('drop')) turn.dropped = true;
    if (has('fail')) {
      await say('The flights are in one table, so');
      await wait(300);
      turn.emit('error', { type: '/problems/provider_unavailable', title: 'The model stopped answering', status: 503, code: 'provider_unavailable', detail: 'anthropic answered 529 (overloaded) three times in a row.', trace_id: '4bf92f3577b34da6', kind: 'overloaded', retryable: true, partial: true });
      return keep_words();
    }
    const search = new URLSearchParams();
    if (!has('dashboard')) {
      const routes = run_query('flight-delays', 'routes', search);
      await use('run_query', { sql: 'SELECT origin, destination, count(*) AS flights, avg(delay) AS delay, any_value(distance) AS distance FROM flights GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 40' }, { columns: routes.columns, rows: routes.rows.slice(0, 40), row_count: 40, truncated: false, bytes_scanned: 24_000_000 }, { ms: 340 });
      if (!has('table')) {
        const by_origin = run_query('flight-delays', 'by_origin', search);
        await use('show_chart', { title: 'Average delay by origin' }, { title: 'Average delay by origin', chart: { query: 'by_origin', mark: 'bar', x: { field: 'origin' }, y: { field: 'delay', aggregate: 'mean' }, sort: '-y', limit: 12 }, columns: by_origin.columns, rows: by_origin.rows, truncated: false }, { ms: 80 });
        const daily = run_query('flight-delays', 'daily', search);
        if (has('chart')) await use('show_chart', { title: 'Average delay by day' }, { title: 'Average delay by day', chart: { query: 'daily', mark: 'line', x: { field: 'day' }, y: { field: 'delay' } }, columns: daily.columns, rows: daily.rows, truncated: false }, { ms: 80 });
      }
      await say('**Three things** stand out:\n\n1. The busiest routes are all inside **California and its neighbours**.\n2. The longest delays are not where the most flights are: see `origin` and `delay`.\n3. On most routes the average stays below ten minutes.\n\nTo see it yourself:\n\n```sql\nSELECT origin, avg(delay) AS delay\nFROM flights\nGROUP BY 1\nORDER BY 2 DESC\n```\n\nAsk me to look at one airport, or to make a dashboard of this.');
      return finish(keep_words());
    }
    await use('run_dry_run_query', { sql: "SELECT date_trunc('day', departure) AS day, count(*) AS flights FROM flights GROUP BY 1 ORDER BY 1" }, { valid: true, bytes_scanned: 24_000_000, cap_bytes: 100_000_000, columns: [] }, { ms: 120 });
    await use('validate_dashboard_yaml', { yaml: 'bridge: 1\nslug: flight-delays\n' }, { valid: true, errors: [] }, { ms: 60 });
    await use('save_dashboard_yaml', { slug: 'flight-delays' }, { slug: 'flight-delays', version: 1, gcs_yaml_path: 'dashboards/flight-delays.yaml' }, { ms: 40 });
    await say('The dashboard is saved. It shows the delays by day, by origin and by route.');
    finish({ ...keep_words(), dashboards: [{ slug: 'flight-delays' }] });
  } catch (error) {
    if (error.message !== 'stopped') throw error;
    keep_words();
    finish({ finish_reason: 'cancelled', raw: 'cancelled' });
  } finally {
    // The transcript has a turn when it has ended.
    session.messages.push(...turn.messages);
    session.title ||= message.split('\n')[0].slice(0, 80);
    turn.end();
  }
}

async function stream(request, response, session, body, Refused) {
  const resumed = /^(\d+):(\d+)$/.exec(request.headers['last-event-id'] ?? '');
  let turn;
  let at = 0;
  if (resumed) {
    turn = session.turns.find((one) => one.number === Number(resumed[1]));
    if (!turn) throw new Refused(410, 'stream_gone', 'Nothing to resume', 'This turn is no longer kept.');
    at = Number(resumed[2]);
  } else {
    if (session.status !== 'active') throw new Refused(409, 'session_ended', 'The conversation has ended', 'Start a new one.');
    if (session.turns.some((one) => !one.ended)) throw new Refused(409, 'session_in_use', 'An answer is under way', 'Wait for it, or stop it.');
    turn = new Turn((session.messages.at(-1)?.turn ?? 0) + 1);
    session.turns.push(turn);
    turn.messages.push({ turn: turn.number, role: 'user', text: body.message });
    void play(session, turn, body.message);
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let open = true;
  response.on('close', () => {
    open = false;
    turn.wake();
  });
  while (open) {
    while (at < turn.events.length) response.write(turn.events[at++]);
    if (turn.dropped && !resumed) return response.destroy();
    if (turn.ended) break;
    await new Promise((resolve) => turn.waiting.add(resolve));
  }
  response.end();
}

// Answers what is about chats; false when the request is about something else.
export async function chat_api({ request, response, pathname, method, body, json, search, Refused }) {
  if (pathname === '/v1/chat/providers') return json(PROVIDERS), true;
  if (pathname === '/v1/chat/sessions' && method === 'GET') {
    const all = [...sessions.values()].sort((a, b) => b.created_at.localeCompare(a.created_at));
    const from = Number(search.get('cursor') ?? 0);
    const limit = Number(search.get('limit') ?? 100);
    return json({ items: all.slice(from, from + limit).map(listed), next_cursor: from + limit < all.length ? String(from + limit) : null }), true;
  }
  if (pathname === '/v1/chat/sessions' && method === 'POST') {
    const { session_id, created_at, provider, model, connection_id, title, status } = add_session(body);
    return json({ session_id, created_at, provider, model, connection_id, title, status }, 201), true;
  }
  const parts = /^\/v1\/chat\/sessions\/([^/]+)(\/\w+)?$/.exec(pathname);
  if (!parts) return false;
  const session = sessions.get(parts[1]);
  if (!session) throw new Refused(404, 'not_found', 'Not found', 'There is no such conversation, or it is not yours to see.');
  switch (`${method} ${parts[2] ?? ''}`) {
    case 'GET ':
      return json(shown(session)), true;
    case 'GET /messages':
      return json({ items: session.messages }), true;
    case 'POST /stream':
      await stream(request, response, session, body, Refused);
      return true;
    case 'POST /stop': {
      const turn = session.turns.at(-1);
      const stopped = Boolean(turn && !turn.ended);
      if (stopped) turn.stopped = true;
      return json({ stopped }), true;
    }
    case 'GET /export':
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-disposition': `attachment; filename="conversation-${session.session_id}.jsonl"` });
      response.end(session.messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
      return true;
    case 'DELETE ':
      session.status = 'completed';
      session.ended_at = new Date().toISOString();
      return json({ session_id: session.session_id, status: session.status, ended_at: session.ended_at }), true;
    default:
      return false;
  }
}
