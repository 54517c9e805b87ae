import { memo } from 'react';
import { AgentEntries } from '../agent/agent_entries';
import { AgentProblemNote } from '../agent/agent_problem_note';
import type { Answer } from '../agent/answer';
import { drawn_result } from '../agent/drawn_result';
import { Elapsed } from '../agent/step_view';
import { cut_text, usage_text } from '../agent/usage_text';
import { format_duration } from '../charts/format';
import { Link } from '../components/location';
import type { Turn } from './conversation';
import type { LiveTurn } from './live_turns';

interface Props {
  turn: Turn | LiveTurn;
  last: boolean;
  on_ask_again: ((question: string) => void) | undefined;
}

// A question and its answer.
export const TurnView = memo(function TurnView({ turn, last, on_ask_again }: Props) {
  const { question, answer } = turn;
  const lost = 'connection' in turn && turn.connection === 'lost' && answer.state === 'running';
  const cut = answer.state === 'done' && answer.done ? cut_text(answer.done) : null;
  return (
    <article className="turn" data-testid="turn" data-state={answer.state} aria-label={question ?? 'Answer'}>
      {question !== null && (
        <p className="turn-question">
          <span className="visually-hidden">You: </span>
          {question}
        </p>
      )}
      <div className="turn-answer">
        <AgentEntries answer={answer} fold />
        {cut && <p className="run-notice">{cut}</p>}
        <SavedDashboards answer={answer} />
        {answer.problem && (
          <AgentProblemNote problem={answer.problem}>
            {last && on_ask_again && question && (
              <button type="button" onClick={() => on_ask_again(question)}>
                Ask again
              </button>
            )}
          </AgentProblemNote>
        )}
        {lost && (
          <p className="run-notice" role="status" data-testid="connection-lost">
            The connection was lost. Trying to go on where it was…
          </p>
        )}
        <Foot answer={answer} />
        {last && (
          <p className="visually-hidden" role="status">
            {answer.state === 'running' ? 'Answering' : 'connection' in turn ? last_words(answer) : ''}
          </p>
        )}
      </div>
    </article>
  );
});

// The dashboards of the turn whose saving is not among its steps.
function SavedDashboards({ answer }: { answer: Answer }) {
  const drawn = answer.entries.map((entry) => (entry.kind === 'step' ? drawn_result(entry.step.result) : null));
  const shown = new Set(drawn.map((result) => (result?.kind === 'dashboard' ? result.slug : undefined)));
  const rest = (answer.done?.dashboards ?? []).filter(({ slug }) => !shown.has(slug));
  return rest.map(({ slug }) => (
    <p key={slug} className="result-saved">
      Dashboard saved: <Link href={`/d/${encodeURIComponent(slug)}`}>{slug}</Link>
    </p>
  ));
}

function Foot({ answer }: { answer: Answer }) {
  if (answer.state === 'running')
    return (
      <p className="turn-foot">
        Answering
        {answer.started_at > 0 && (
          <>
            , <Elapsed since={answer.started_at} />
          </>
        )}
      </p>
    );
  const took = answer.started_at > 0 && answer.ended_at !== null ? format_duration(answer.ended_at - answer.started_at) : '';
  const parts = [answer.state === 'done' ? took : `${answer.state === 'stopped' ? 'Stopped' : 'Failed'}${took ? ` after ${took}` : ''}`, answer.done ? usage_text(answer.done) : ''].filter(Boolean);
  // Of an answer that was stopped before its first word, the transcript has only the question.
  if (parts.length === 0 && answer.entries.length === 0) parts.push('No answer');
  return parts.length > 0 ? (
    <p className="turn-foot" data-testid="turn-foot">
      {parts.join(' · ')}
    </p>
  ) : null;
}

// What a screen reader says when the answer is there.
function last_words(answer: Answer): string {
  if (answer.state === 'stopped') return 'Stopped';
  if (answer.state === 'failed') return '';
  const words = answer.entries.findLast((entry) => entry.kind === 'words');
  return words?.kind === 'words' ? words.text : 'The answer is complete';
}
