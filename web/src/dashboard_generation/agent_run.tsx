import { AgentEntries } from '../agent/agent_entries';
import { AgentProblemNote } from '../agent/agent_problem_note';
import type { Answer } from '../agent/answer';
import { Elapsed } from '../agent/step_view';
import { usage_text } from '../agent/usage_text';
import { format_duration } from '../charts/format';

export function AgentRun({ prompt, answer }: { prompt: string; answer: Answer }) {
  const took = format_duration((answer.ended_at ?? answer.started_at) - answer.started_at);
  const usage = answer.done ? usage_text(answer.done) : '';
  return (
    <div className="run" data-testid="agent-run" data-state={answer.state}>
      <p className="run-prompt">“{prompt}”</p>
      <AgentEntries answer={answer} fold={false} />
      {answer.problem && <AgentProblemNote problem={answer.problem} />}
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
