import { useEffect, useRef, type ReactNode } from 'react';
import { AgentEntries } from '../agent/agent_entries';
import { AgentProblemNote } from '../agent/agent_problem_note';
import type { Answer } from '../agent/answer';
import { Elapsed } from '../agent/step_view';
import { usage_text } from '../agent/usage_text';
import { format_duration } from '../charts/format';

// `actions` stand beside the reason of a failure.
export function AgentRun({ prompt, answer, actions }: { prompt: string; answer: Answer; actions: ReactNode }) {
  const reason = useRef<HTMLDivElement>(null);
  // Whoever watched the last step far down must not have to look for the reason.
  useEffect(() => {
    if (answer.problem) reason.current?.scrollIntoView({ block: 'nearest' });
  }, [answer.problem]);
  const took = format_duration((answer.ended_at ?? answer.started_at) - answer.started_at);
  const usage = answer.done ? usage_text(answer.done) : '';
  return (
    <div className="run" data-testid="agent-run" data-state={answer.state}>
      <p className="run-prompt">“{prompt}”</p>
      {answer.problem && (
        <div ref={reason} className="run-reason">
          <AgentProblemNote problem={answer.problem} />
          {actions}
        </div>
      )}
      {answer.state === 'failed' && answer.entries.length > 0 ? (
        <details className="run-tried" data-testid="run-tried">
          <summary>What was tried</summary>
          <AgentEntries answer={answer} fold={false} />
        </details>
      ) : (
        <AgentEntries answer={answer} fold={false} />
      )}
      <p className="run-foot faint">
        {answer.state === 'running' && (
          <>
            Working, <Elapsed since={answer.started_at} />
          </>
        )}
        {answer.state === 'done' && [`Done in ${took}`, usage].filter(Boolean).join(' · ')}
        {answer.state === 'failed' && `Stopped after ${took}`}
        {answer.state === 'stopped' && `Cancelled after ${took}. Nothing was saved.`}
      </p>
      <p className="visually-hidden" role="status">
        {answer.state === 'running' ? 'The agent is working' : answer.state === 'done' ? 'The dashboard is ready' : 'The agent stopped'}
      </p>
    </div>
  );
}
