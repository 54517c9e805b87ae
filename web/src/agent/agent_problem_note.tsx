import type { ReactNode } from 'react';
import type { AgentProblem } from '../api/types';
import { advice_for } from '../components/problem_note';

// Why an answer failed, and what can be done.
export function AgentProblemNote({ problem, children }: { problem: AgentProblem; children?: ReactNode }) {
  const advice = problem.retryable ? 'Ask again in a moment.' : advice_for(problem.code);
  return (
    <div className="problem" role="alert" data-testid="run-problem">
      <p className="problem-title">{problem.title}</p>
      {problem.detail && problem.detail !== problem.title && <p className="problem-detail">{problem.detail}</p>}
      {advice && <p className="problem-advice">{advice}</p>}
      {(children || problem.trace_id) && (
        <p className="problem-foot">
          {children}
          {problem.trace_id && <span className="faint">trace {problem.trace_id}</span>}
        </p>
      )}
    </div>
  );
}
