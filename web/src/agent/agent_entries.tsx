import { useMemo } from 'react';
import { MarkdownView } from '../components/markdown_view';
import type { Answer, Entry } from './answer';
import { folded } from './folded_steps';
import { StepView } from './step_view';

interface Props {
  answer: Answer;
  // Whether the steps of a finished answer are folded.
  fold: boolean;
}

// What the agent says and does, in order.
export function AgentEntries({ answer, fold }: Props) {
  const running = answer.state === 'running';
  const parts = useMemo(() => (fold && !running ? folded(answer.entries) : answer.entries.map((entry) => [entry])), [answer.entries, fold, running]);
  const waiting = running && !answer.entries.some((entry) => entry.kind === 'step' && !entry.step.result);
  return (
    <ol className="run-entries" aria-live={running ? 'polite' : undefined} aria-relevant="additions">
      {parts.map((entries, index) => (entries.length > 1 ? <FoldedSteps key={index} entries={entries} /> : <EntryView key={index} entry={entries[0]!} running={running} />))}
      {waiting && (
        <li className="run-thinking">
          <span className="spinner" aria-hidden="true" /> {answer.entries.length === 0 ? 'Starting' : 'Thinking'}
        </li>
      )}
    </ol>
  );
}

function EntryView({ entry, running }: { entry: Entry; running: boolean }) {
  switch (entry.kind) {
    case 'words':
      return entry.text.trim() === '' ? null : (
        <li className="run-words" data-testid="agent-words">
          <MarkdownView text={entry.text} />
        </li>
      );
    case 'notice':
      return (
        <li className="run-notice" data-testid="agent-notice">
          {entry.text}
        </li>
      );
    case 'step':
      return <StepView step={entry.step} running={running} />;
  }
}

function FoldedSteps({ entries }: { entries: Entry[] }) {
  const refused = entries.filter((entry) => entry.kind === 'step' && entry.step.result && !entry.step.result.ok).length;
  return (
    <li>
      <details className="folded-steps" data-testid="folded-steps">
        <summary>
          {entries.length} steps{refused > 0 && `, ${refused} refused`}
        </summary>
        <ol className="run-entries">
          {entries.map((entry, index) => (
            <EntryView key={index} entry={entry} running={false} />
          ))}
        </ol>
      </details>
    </li>
  );
}
