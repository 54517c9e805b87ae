import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { api, ApiError } from '../api/client';
import type { ChatConversation } from '../api/types';
import { Link } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import { Composer } from './composer';
import { merged, title_of, turn_number, turns_of } from './conversation';
import { ask, is_running, join, live_turns, stop, use_live_turns } from './live_turns';
import { usage_of } from './session_list';
import { TurnView } from './turn_view';
import { use_end_in_sight } from './use_end_in_sight';

const POLL_MS = 2500;
const TO_DASHBOARD = 'Turn this into a dashboard.';

export function Conversation({ session_id, is_admin }: { session_id: string; is_admin: boolean }) {
  const session = useQuery({
    queryKey: ['chat-session', session_id],
    queryFn: ({ signal }) => api.chat_session(session_id, signal),
    // A turn that runs and cannot be joined is asked about until it has ended.
    refetchInterval: (query) => (query.state.data?.running && !is_running(live_turns(session_id)) ? POLL_MS : false),
  });
  if (session.error && !session.data)
    return (
      <section className="conversation">
        <div className="conversation-body">
          <ProblemNote error={session.error} retry={session.error instanceof ApiError && session.error.status === 404 ? undefined : () => void session.refetch()} />
          <p>
            <Link href="/chat">All conversations</Link>
          </p>
        </div>
      </section>
    );
  if (!session.data) return <section className="conversation" aria-busy="true" />;
  return <LoadedConversation session={session.data} is_admin={is_admin} />;
}

function LoadedConversation({ session, is_admin }: { session: ChatConversation; is_admin: boolean }) {
  const client = useQueryClient();
  const { session_id } = session;
  const live = use_live_turns(session_id);
  const stored = useMemo(() => turns_of(session.messages), [session.messages]);
  const turns = useMemo(() => merged(stored, live), [stored, live]);
  const running = is_running(live);
  const latest = live[live.length - 1];
  const [error, set_error] = useState<unknown>(null);
  const scroll = use_end_in_sight(session_id);
  const title = session.title || title_of(turns[0]?.question ?? '') || 'Untitled';

  useEffect(() => {
    document.title = `${title} · Bridge`;
  }, [title]);

  // A turn that runs already (the page was reloaded, or it was asked elsewhere) is shown from its beginning.
  const running_number = session.running ? turn_number(session.last_event_id) : null;
  useEffect(() => {
    if (running_number !== null) join(session_id, running_number, stored.find((turn) => turn.number === running_number)?.question ?? null);
  }, [session_id, running_number, stored]);

  const { to_end } = scroll;
  const send = useCallback(
    (message: string): boolean => {
      set_error(null);
      ask(session_id, message);
      to_end();
      return true;
    },
    [session_id, to_end],
  );
  const stoppable = running && !latest?.stopping;
  const stop_answer = useCallback(() => {
    if (stoppable) stop(session_id).catch(set_error);
  }, [session_id, stoppable]);
  useEffect(() => {
    const on_key = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing) stop_answer();
    };
    document.addEventListener('keydown', on_key);
    return () => document.removeEventListener('keydown', on_key);
  }, [stop_answer]);
  const end = async () => {
    if (!window.confirm('End this conversation? It stays readable, but nothing more can be asked in it.')) return;
    set_error(null);
    try {
      const ended = await api.end_chat(session_id);
      client.setQueryData<ChatConversation>(['chat-session', session_id], (before) => before && { ...before, status: ended.status, ended_at: ended.ended_at, running: false });
      void client.invalidateQueries({ queryKey: ['chat-sessions'] });
    } catch (failure) {
      set_error(failure);
    }
  };
  const ended = session.status !== 'active';
  return (
    <section className="conversation" aria-labelledby="conversation-title" data-testid="conversation" data-state={running ? 'running' : ended ? 'ended' : 'ready'}>
      <ConversationHead session={session} title={title} ended={ended} running={running} is_admin={is_admin} on_end={() => void end()} />
      <div className="conversation-scroll" ref={scroll.place} tabIndex={0} role="region" aria-label="Messages">
        <div className="conversation-body">
          {turns.length === 0 && <p className="faint">Nothing has been asked yet.</p>}
          {turns.map((turn, at) => (
            <TurnView key={at} turn={turn} last={at === turns.length - 1} on_ask_again={ended || running ? undefined : send} />
          ))}
        </div>
      </div>
      <div className="conversation-foot">
        {scroll.away && (
          <button type="button" className="to-end" onClick={to_end}>
            <span aria-hidden="true">↓</span> Newest
          </button>
        )}
        {error !== null && <ProblemNote error={error} />}
        {ended ? (
          <p className="conversation-ended" data-testid="conversation-ended">
            This conversation {session.status === 'failed' ? 'failed' : 'has ended'}
            {session.ended_at && (
              <>
                {' '}
                (<TimeAgo time={session.ended_at} />)
              </>
            )}
            . <Link href="/chat">Start a new one</Link>
          </p>
        ) : (
          <Composer label="Message" placeholder={running ? 'Answering…' : 'Ask a follow-up'} running={running} ready on_send={send} on_stop={stop_answer} stopping={latest?.stopping ?? false}>
            <button type="button" className="quiet to-dashboard" disabled={running || turns.length === 0} onClick={() => send(TO_DASHBOARD)} data-testid="to-dashboard">
              Turn this into a dashboard
            </button>
          </Composer>
        )}
      </div>
    </section>
  );
}

interface HeadProps {
  session: ChatConversation;
  title: string;
  ended: boolean;
  running: boolean;
  is_admin: boolean;
  on_end: () => void;
}

function ConversationHead({ session, title, ended, running, is_admin, on_end }: HeadProps) {
  const connections = useQuery({ queryKey: ['connections'], queryFn: ({ signal }) => api.connections(signal) });
  const connection = connections.data?.items.find((one) => one.id === session.connection_id);
  return (
    <header className="conversation-head">
      <div className="conversation-titles">
        <p className="crumb conversation-back">
          <Link href="/chat">Conversations</Link>
        </p>
        <h1 id="conversation-title" title={title}>
          {title}
        </h1>
        <p className="conversation-facts faint number">
          <span>
            {session.provider} · {session.model}
          </span>
          {connection && <span>of {connection.name}</span>}
          <span>{usage_of(session)}</span>
          {is_admin && <Link href={`/usage?session_id=${encodeURIComponent(session.session_id)}`}>Model calls</Link>}
        </p>
      </div>
      <div className="conversation-actions">
        <a href={api.chat_export_url(session.session_id)} download={`conversation-${session.session_id}.jsonl`} className="button quiet" data-testid="export">
          Export
        </a>
        {!ended && (
          <button type="button" className="quiet" disabled={running} onClick={on_end} data-testid="end-conversation">
            End
          </button>
        )}
      </div>
    </header>
  );
}
