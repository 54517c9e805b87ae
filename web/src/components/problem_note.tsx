import { ApiError } from '../api/client';

// An error as a person needs it: what happened, and what can be done.
export function ProblemNote({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { title, detail, advice, trace_id } = explain(error);
  return (
    <div className="problem" role="alert">
      <p className="problem-title">{title}</p>
      {detail && detail !== title && <p className="problem-detail">{detail}</p>}
      {advice && <p className="problem-advice">{advice}</p>}
      <p className="problem-foot">
        {retry && (
          <button type="button" onClick={retry}>
            Try again
          </button>
        )}
        {trace_id && <span className="faint">trace {trace_id}</span>}
      </p>
    </div>
  );
}

const ADVICE: Record<string, string> = {
  byte_cap_exceeded: 'The query would scan more than the cap allows. Narrow the period, choose fewer columns, or aggregate in an earlier query.',
  bad_parameter: 'Reset the filters, or choose another value.',
  unknown_parameter: 'Reset the filters: the address names one that this dashboard does not have.',
  bad_slug: 'Choose a short name of small letters, digits and hyphens.',
  slug_conflict: 'Choose another slug: this one is taken.',
  overloaded: 'The server is busy. Try again in a moment.',
  out_of_memory: 'The server is short of memory. Try again in a moment, or ask for less at once.',
  answers_too_large: 'Aggregate further, or show fewer rows: the answers together are larger than the server has memory for.',
  answer_too_large: 'Aggregate further, or lower the number of rows.',
  deadline_exceeded: 'The query took too long. Narrow the period or try again in a moment.',
  timeout: 'The query took too long. Narrow the period or try again in a moment.',
  network: 'Start it again, then try once more; nothing is lost on this page.',
  not_found: 'It may have been deleted or renamed, or it belongs to another team.',
  unavailable: 'The server is busy. Try again in a moment.',
  resource_exhausted: 'The server is busy. Try again in a moment.',
  rate_limited: 'Too many requests at once. Try again in a moment.',
  permission_denied: 'Ask an administrator of the team for a larger role.',
  step_limit: 'The agent used all the steps that one answer has. Ask it to go on, or ask for less at once.',
  token_limit: 'One answer may not take more than this. Ask for less at once.',
  cost_limit: 'One answer may not cost more than this. Ask for less at once.',
  turn_timeout: 'The answer took too long. Ask for less at once.',
  repeated_tool_call: 'The model went round in circles. Ask in other words, or choose another model.',
  context_overflow: 'The conversation has grown too long for the model. Start a new one.',
  session_full: 'The conversation has grown too long. Start a new one.',
  session_ended: 'Start a new conversation.',
  session_in_use: 'Somebody asks in this conversation elsewhere. Wait for that answer, then ask again.',
  provider_not_configured: 'Choose another model, or give the server what this one needs.',
  provider_stream_broken: 'Ask again in a moment.',
  not_delivered: 'Ask again.',
  connection_failed: 'Check the connection with `bridge connection test`.',
};

export function advice_for(code: string | undefined): string | null {
  return (code && ADVICE[code]) || null;
}

function explain(error: unknown): { title: string; detail: string | null; advice: string | null; trace_id: string | null } {
  if (error instanceof ApiError) {
    const { problem } = error;
    return { title: problem.title, detail: problem.detail ?? null, advice: advice_for(problem.code), trace_id: problem.trace_id ?? null };
  }
  return { title: 'Something went wrong on this page', detail: error instanceof Error ? error.message : String(error), advice: 'Reload the page.', trace_id: null };
}
