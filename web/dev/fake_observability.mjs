// Model calls, costs and the tool cache of the fake server: made up, but the same on every start.
const DAY = 86_400_000;
const STATUSES = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'error'];

const calls = Array.from({ length: 137 }, (_, at) => {
  const status = STATUSES[at % STATUSES.length];
  const priced = at % 9 !== 4;
  const known = status === 'ok';
  return {
    id: `0190f0c5-0000-7000-8000-${String(at).padStart(12, '0')}`,
    session_id: `0190f0c4-0000-7000-8000-${String((at % 5) + 1).padStart(12, '0')}`,
    user_id: '0190f0c3-0000-7000-8000-000000000001',
    provider: at % 9 === 4 ? 'local' : at % 4 === 3 ? 'rules' : 'anthropic',
    model: at % 9 === 4 ? 'unpriced-model' : at % 4 === 3 ? 'rules' : 'large',
    attempt: status === 'error' ? 2 : 1,
    step: (at % 6) + 1,
    input_tokens: known ? 1800 + at * 37 : null,
    cache_read_tokens: known ? (at % 2) * 1600 : null,
    cache_write_tokens: known ? 0 : null,
    output_tokens: known ? 120 + (at % 11) * 31 : null,
    usage_complete: known,
    cost_usd: !known || !priced ? null : at % 4 === 3 ? 0 : 0.0031 + (at % 13) * 0.0017,
    price_known: priced,
    latency_ms: 900 + (at % 17) * 240,
    time_to_first_token_ms: known ? 240 + (at % 7) * 60 : null,
    status,
    error_code: known ? null : 'provider_unavailable',
    created_at: new Date(Date.now() - at * 2.9 * 3_600_000).toISOString(),
  };
});

function model_calls(search) {
  const found = calls.filter(
    (one) =>
      (!search.get('session_id') || one.session_id === search.get('session_id')) &&
      (!search.get('provider') || one.provider === search.get('provider')) &&
      (!search.get('start_date') || one.created_at >= search.get('start_date')) &&
      (!search.get('end_date') || one.created_at.slice(0, 10) <= search.get('end_date')),
  );
  const offset = Number(search.get('offset') ?? 0);
  const limit = Number(search.get('limit') ?? 100);
  return { items: found.slice(offset, offset + limit), total: found.length, next_offset: offset + limit < found.length ? offset + limit : null };
}

function period_of(time, group_by) {
  const day = new Date(Math.floor(Date.parse(time) / DAY) * DAY);
  if (group_by === 'month') return `${day.toISOString().slice(0, 7)}-01`;
  if (group_by === 'week') return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10);
  return day.toISOString().slice(0, 10);
}

function cost_summary(group_by) {
  const periods = new Map();
  for (const call of calls) {
    const date = period_of(call.created_at, group_by);
    const found = periods.get(date) ?? { date, cost: 0, tokens: 0 };
    found.cost += call.cost_usd ?? 0;
    found.tokens += (call.input_tokens ?? 0) + (call.output_tokens ?? 0);
    periods.set(date, found);
  }
  const breakdown = [...periods.values()].sort((a, b) => a.date.localeCompare(b.date));
  const sum = (field) => breakdown.reduce((total, one) => total + one[field], 0);
  return { total_cost_usd: sum('cost'), total_tokens: sum('tokens'), unpriced_calls: calls.filter((one) => one.cost_usd === null).length, breakdown };
}

export function observability_api({ pathname, search, json }) {
  if (pathname === '/v1/observability/model-calls') return json(model_calls(search)), true;
  if (pathname === '/v1/observability/cost-summary') return json(cost_summary(search.get('group_by') ?? 'day')), true;
  if (pathname === '/v1/observability/tool-cache-stats') return json({ hit_rate_pct: 73.4, total_hits: 1204, total_misses: 436, total_cached_tools: 3, storage_size_mb: 1.84 }), true;
  return false;
}
