import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { broken_off, failed, started, stopped, with_event, type Answer } from '../agent/answer';
import { api, ApiError, generate } from '../api/client';
import { Link, navigate } from '../components/location';
import { ConnectionForm } from '../connections/connection_form';
import { AgentRun } from './agent_run';

const EXAMPLES_MAX = 3;
const BROKEN_OFF = 'The server stopped answering before the dashboard was finished.';

interface Run {
  prompt: string;
  answer: Answer;
}

// The hero of the first screen: a sentence becomes a dashboard, with every step of the agent in sight.
export function AskPanel({ first }: { first: boolean }) {
  const client = useQueryClient();
  const connections = useQuery({ queryKey: ['connections'], queryFn: ({ signal }) => api.connections(signal) });
  const usable = (connections.data?.items ?? []).filter((one) => one.status !== 'failed');
  const [chosen, set_chosen] = useState<string | null>(null);
  const connection = usable.find((one) => one.id === chosen) ?? usable.find((one) => one.status === 'active') ?? usable[0] ?? null;
  const tables = useQuery({
    queryKey: ['tables', connection?.id],
    queryFn: ({ signal }) => api.table_names(connection!.id, signal),
    enabled: first && connection !== null,
    staleTime: 60_000,
  });
  const examples = (tables.data ?? []).slice(0, EXAMPLES_MAX).map((table, at) => (at % 2 === 0 ? `How did ${table} change over time?` : `What stands out in ${table}?`));
  const [adding, set_adding] = useState(false);
  const [prompt, set_prompt] = useState('');
  const [run, set_run] = useState<Run | null>(null);
  const running = run?.answer.state === 'running';
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const ask = async (event?: FormEvent) => {
    event?.preventDefault();
    const sentence = prompt.trim();
    if (!sentence || !connection || running) return;
    const controller = new AbortController();
    abort.current = controller;
    let current = started(Date.now());
    const show = (next: Answer) => {
      current = next;
      if (abort.current === controller) set_run({ prompt: sentence, answer: next });
    };
    show(current);
    try {
      for await (const event of generate(connection.id, sentence, controller.signal)) show(with_event(current, event, Date.now()));
      show(broken_off(current, Date.now(), BROKEN_OFF));
    } catch (failure) {
      if (controller.signal.aborted) return show(stopped(current, Date.now()));
      if (failure instanceof ApiError) show(failed(current, Date.now(), failure.problem));
      else show(broken_off(current, Date.now(), BROKEN_OFF));
      if (failure instanceof ApiError && failure.status === 401) void client.invalidateQueries({ queryKey: ['me'] });
    }
    if (current.state === 'done' && current.done?.dashboard_slug) {
      void client.invalidateQueries({ queryKey: ['dashboards'] });
      const { dashboard_slug } = current.done;
      // A moment to see the last step turn green, then the result.
      setTimeout(() => {
        if (abort.current === controller && !window.location.pathname.startsWith('/d/')) navigate(`/d/${encodeURIComponent(dashboard_slug)}`);
      }, 700);
    }
  };

  const cancel = () => abort.current?.abort();
  const again = (
    <p className="ask-result">
      <button type="button" onClick={() => void ask()}>
        Ask again
      </button>{' '}
      <button
        type="button"
        className="quiet"
        onClick={() => {
          set_run(null);
          document.getElementById('ask')?.focus();
        }}
      >
        Clear
      </button>
    </p>
  );
  return (
    <section className={run ? 'ask open' : 'ask'} aria-labelledby="ask-title">
      <h1 id="ask-title">{first ? 'What would you like to know?' : 'Ask your data'}</h1>
      <form className="ask-box" onSubmit={(event) => void ask(event)}>
        <textarea
          id="ask"
          rows={1}
          aria-label="Ask for a dashboard in one sentence"
          placeholder="Ask in a sentence, such as: which airports have the longest delays, and when?"
          value={prompt}
          disabled={running}
          maxLength={4000}
          onChange={(event) => set_prompt(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              void ask();
            } else if (event.key === 'Escape') event.currentTarget.blur();
          }}
          data-testid="ask-input"
        />
        <div className="ask-foot">
          {usable.length > 1 && (
            <label className="ask-connection">
              <span className="faint">of</span>
              <select aria-label="Connection" value={connection?.id ?? ''} disabled={running} onChange={(event) => set_chosen(event.target.value)} data-testid="ask-connection">
                {usable.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name} ({one.connection_type})
                  </option>
                ))}
              </select>
            </label>
          )}
          {usable.length === 1 && (
            <span className="faint ask-connection">
              of {connection!.name} ({connection!.connection_type})
            </span>
          )}
          {usable.length > 0 && !running && (
            <button type="button" className="quiet" aria-expanded={adding} onClick={() => set_adding(!adding)}>
              {adding ? 'Not now' : 'Add a connection'}
            </button>
          )}
          <span className="ask-space" />
          {running ? (
            // The keys keep the two buttons two elements: one that turned from Cancel into Ask while it is clicked would submit the form.
            <button key="cancel" type="button" onClick={cancel} data-testid="ask-cancel">
              Cancel
            </button>
          ) : (
            <button key="ask" type="submit" className="primary" disabled={!prompt.trim() || !connection} data-testid="ask-submit">
              Ask <kbd aria-hidden="true">↵</kbd>
            </button>
          )}
        </div>
      </form>
      {connections.isSuccess && usable.length === 0 && <NoConnection failed={connections.data.items.find((one) => one.status === 'failed')?.last_error ?? null} />}
      {(adding || (connections.isSuccess && usable.length === 0)) && <ConnectionForm on_done={() => set_adding(false)} />}
      {connections.error && <p className="field-error">The connections could not be read: {connections.error.message}</p>}
      {first && !run && examples.length > 0 && (
        <p className="ask-examples">
          {examples.map((example) => (
            <button key={example} type="button" className="quiet" onClick={() => set_prompt(example)}>
              {example}
            </button>
          ))}
        </p>
      )}
      {run && <AgentRun prompt={run.prompt} answer={run.answer} actions={again} />}
      {run?.answer.state === 'done' && run.answer.done?.dashboard_slug && (
        <p className="ask-result">
          <Link href={`/d/${encodeURIComponent(run.answer.done.dashboard_slug)}`}>Open the dashboard</Link>
        </p>
      )}
      {run?.answer.state === 'stopped' && again}
    </section>
  );
}

function NoConnection({ failed }: { failed: string | null }) {
  return (
    <p className="ask-note" data-testid="no-connection">
      {failed ? (
        <>
          The only connection failed its last test: {failed}. Mend it, or connect another warehouse below.
        </>
      ) : (
        <>
          There is nothing to ask yet. Connect a warehouse here, or run <code>bridge demo</code> for a workspace on real data.
        </>
      )}
    </p>
  );
}
