import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { ModelCall } from '../api/types';
import { format_count, format_duration, format_time, NOTHING } from '../charts/format';
import { Link, navigate, use_location } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { CALLS_AT_ONCE, calls_query, cost_text, with_filter, with_offset, type CallFilter } from './usage';

// Every call to a model, the newest first; for administrators.
export function ModelCallList() {
  const { search } = use_location();
  const filters = new URLSearchParams(search);
  const query = calls_query(search);
  const calls = useQuery({ queryKey: ['model-calls', query], queryFn: ({ signal }) => api.model_calls(query, signal), placeholderData: keepPreviousData });
  const providers = useQuery({ queryKey: ['chat-providers'], queryFn: ({ signal }) => api.chat_providers(signal), staleTime: 60_000 });
  const show = (next: string) => navigate(next ? `/usage?${next}` : '/usage', { replace: true });
  const filter = (name: CallFilter, value: string) => show(with_filter(search, name, value));
  const offset = Number(filters.get('offset') ?? 0) || 0;
  const session_id = filters.get('session_id');
  const provider = filters.get('provider') ?? '';
  const names = [...new Set([...(providers.data?.providers.map((one) => one.name) ?? []), ...(provider ? [provider] : [])])];
  const total = calls.data?.total ?? 0;
  return (
    <section className="usage-section" aria-labelledby="model-calls-title" data-testid="model-calls">
      <div className="list-head">
        <h2 id="model-calls-title">
          Model calls <span className="count">{calls.data ? total.toLocaleString('en') : ''}</span>
        </h2>
        <div className="list-tools call-filters">
          <label>
            <span className="visually-hidden">Provider</span>
            <select value={provider} onChange={(event) => filter('provider', event.target.value)}>
              <option value="">All providers</option>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label className="call-date">
            <span className="faint">from</span>
            <input type="date" value={filters.get('start_date') ?? ''} onChange={(event) => filter('start_date', event.target.value)} />
          </label>
          <label className="call-date">
            <span className="faint">to</span>
            <input type="date" value={filters.get('end_date') ?? ''} onChange={(event) => filter('end_date', event.target.value)} />
          </label>
        </div>
      </div>
      {session_id && (
        <p className="call-session" data-testid="session-filter">
          Of one conversation.{' '}
          <Link href={`/chat/${encodeURIComponent(session_id)}`}>Open it</Link>
          <button type="button" className="link" onClick={() => filter('session_id', '')}>
            Show all calls
          </button>
        </p>
      )}
      {calls.error && <ProblemNote error={calls.error} retry={() => void calls.refetch()} />}
      {calls.isPending && <div className="skeleton usage-skeleton" />}
      {calls.data && calls.data.items.length === 0 && <p className="list-empty">{search ? 'No calls match.' : 'No model has been called yet.'}</p>}
      {calls.data && calls.data.items.length > 0 && (
        <>
          <div className={calls.isPlaceholderData ? 'call-table refreshing' : 'call-table'} tabIndex={0} role="region" aria-label="Model calls">
            <table className="data-table">
              <thead>
                <tr>
                  <th scope="col">Time, UTC</th>
                  <th scope="col">Model</th>
                  <th scope="col" className="number">In</th>
                  <th scope="col" className="number">Cached</th>
                  <th scope="col" className="number">Out</th>
                  <th scope="col" className="number">Cost</th>
                  <th scope="col" className="number">Took</th>
                  <th scope="col" className="number" title="Time to the first token">First token</th>
                  <th scope="col">Status</th>
                  <th scope="col">{session_id ? 'Step' : 'Conversation'}</th>
                </tr>
              </thead>
              <tbody>
                {calls.data.items.map((call) => (
                  <CallRow key={call.id} call={call} only_session={session_id !== null} />
                ))}
              </tbody>
            </table>
          </div>
          <p className="paging">
            <span className="faint number">
              {(offset + 1).toLocaleString('en')} to {(offset + calls.data.items.length).toLocaleString('en')} of {format_count(total, 'call')}
            </span>
            <button type="button" disabled={offset === 0} onClick={() => show(with_offset(search, Math.max(0, offset - CALLS_AT_ONCE)))}>
              Newer
            </button>
            <button type="button" disabled={calls.data.next_offset === null} onClick={() => show(with_offset(search, calls.data.next_offset ?? 0))}>
              Older
            </button>
          </p>
        </>
      )}
    </section>
  );
}

// All that the model read, from its provider's cache or not.
function tokens_in(call: ModelCall): number | null {
  return call.input_tokens === null ? null : call.input_tokens + (call.cache_read_tokens ?? 0) + (call.cache_write_tokens ?? 0);
}

function CallRow({ call, only_session }: { call: ModelCall; only_session: boolean }) {
  const good = call.error_code === null && !/err|fail/i.test(call.status);
  const partial = !call.usage_complete && call.input_tokens !== null;
  return (
    <tr>
      <td title={call.created_at}>{format_time(Date.parse(call.created_at), 'second', '%-d %b, %H:%M:%S')}</td>
      <td>
        <span className="faint">{call.provider}</span> {call.model}
      </td>
      <td className="number" title={partial ? 'at least' : undefined}>
        {partial ? '≥ ' : ''}
        {count(tokens_in(call))}
      </td>
      <td className="number" title={call.cache_write_tokens ? `${call.cache_write_tokens.toLocaleString('en')} written to the cache` : undefined}>
        {count(call.cache_read_tokens)}
      </td>
      <td className="number">{count(call.output_tokens)}</td>
      <td className={call.price_known && call.cost_usd !== null ? 'number' : 'number faint'}>{cost_text(call)}</td>
      <td className="number">{call.latency_ms === null ? NOTHING : format_duration(call.latency_ms)}</td>
      <td className="number">{call.time_to_first_token_ms === null ? NOTHING : format_duration(call.time_to_first_token_ms)}</td>
      <td className={good ? 'faint' : 'call-failed'}>
        {call.error_code ?? call.status}
        {call.attempt > 1 && <span className="faint"> attempt {call.attempt}</span>}
      </td>
      <td>{only_session || !call.session_id ? <span className="faint">{call.step}</span> : <Link href={`/usage?session_id=${encodeURIComponent(call.session_id)}`} title={`Only the calls of conversation ${call.session_id}`}>{call.session_id.slice(-8)}</Link>}</td>
    </tr>
  );
}

const count = (value: number | null) => (value === null ? NOTHING : value.toLocaleString('en'));
