import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { ChatSession } from '../api/types';
import { format_cost, format_count } from '../charts/format';
import { Link } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import { title_of } from './conversation';
import { is_running, use_live_turns } from './live_turns';

// The person's conversations, the newest first.
export function SessionList({ current }: { current: string | null }) {
  const sessions = useInfiniteQuery({
    queryKey: ['chat-sessions'],
    queryFn: ({ pageParam, signal }) => api.chat_sessions(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const all = sessions.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <nav className="session-list" aria-label="Conversations" data-testid="session-list">
      <div className="session-list-head">
        <h2>Conversations</h2>
        {current && (
          <Link href="/chat" className="button" data-testid="new-conversation">
            New
          </Link>
        )}
      </div>
      {sessions.error && <ProblemNote error={sessions.error} retry={() => void sessions.refetch()} />}
      {sessions.isPending && (
        <div aria-busy="true" className="list-skeleton">
          <span className="visually-hidden">Loading conversations</span>
          {[0, 1, 2].map((row) => (
            <div key={row} className="skeleton" />
          ))}
        </div>
      )}
      {sessions.isSuccess && all.length === 0 && <p className="session-list-empty faint">There are none yet.</p>}
      <ul>
        {all.map((session) => (
          <SessionItem key={session.session_id} session={session} current={session.session_id === current} />
        ))}
      </ul>
      {sessions.hasNextPage && (
        <button type="button" className="quiet" disabled={sessions.isFetchingNextPage} onClick={() => void sessions.fetchNextPage()}>
          {sessions.isFetchingNextPage ? 'Loading…' : 'Show older ones'}
        </button>
      )}
    </nav>
  );
}

function SessionItem({ session, current }: { session: ChatSession; current: boolean }) {
  const live = use_live_turns(session.session_id);
  const running = is_running(live);
  return (
    <li>
      <Link href={`/chat/${encodeURIComponent(session.session_id)}`} className="session-item" aria-current={current ? 'page' : undefined} data-testid="session-item">
        <span className="session-item-head">
          <span className="session-item-title">{session.title || title_of(live[0]?.question ?? '') || 'Untitled'}</span>
          {running ? <span className="spinner" role="img" aria-label="answering" /> : session.status !== 'active' && <span className="tag">{session.status === 'failed' ? 'failed' : 'ended'}</span>}
        </span>
        <span className="session-item-facts">
          <span className="session-item-model">
            {session.provider} · {session.model}
          </span>
          <TimeAgo time={session.created_at} />
        </span>
        <span className="session-item-facts">{usage_of(session)}</span>
      </Link>
    </li>
  );
}

export function usage_of(session: Pick<ChatSession, 'provider' | 'total_tokens' | 'total_cost_usd'>): string {
  if (session.total_tokens === null) return 'tokens unknown';
  if (session.total_tokens === 0) return session.provider === 'rules' ? 'no tokens, no cost' : 'no tokens yet';
  return `${format_count(session.total_tokens, 'token')} · ${format_cost(session.total_cost_usd)}`;
}
