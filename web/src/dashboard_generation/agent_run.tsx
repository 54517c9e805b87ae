import { useEffect, useState } from 'react';
import { format_bytes, format_duration } from '../charts/format';
import { advice_for } from '../components/problem_note';
import { refusal_of, scan_of, step_title, type Run, type Step } from './steps';

export function AgentRun({ run }: { run: Run }) {
  const now = use_clock(run.state === 'running');
  const elapsed = (run.ended_at ?? now) - run.started_at;
  return (
    <div className="run" data-testid="agent-run" data-state={run.state}>
      <p className="run-prompt">“{run.prompt}”</p>
      <ol className="run-entries" aria-live="polite" aria-relevant="additions">
        {run.entries.map((entry, index) =>
          entry.kind === 'words' ? (
            entry.text.trim() && (
              <li key={index} className="run-words">
                {entry.text.trim()}
              </li>
            )
          ) : (
            <StepView key={entry.step.call.id} step={entry.step} now={now} running={run.state === 'running'} />
          ),
        )}
        {run.state === 'running' && !run.entries.some((entry) => entry.kind === 'step' && !entry.step.result) && (
          <li className="run-thinking">
            <span className="spinner" aria-hidden="true" /> {run.entries.length === 0 ? 'Starting' : 'Thinking'}
          </li>
        )}
      </ol>
      {run.problem && (
        <div className="problem" role="alert" data-testid="run-problem">
          <p className="problem-title">{run.problem.title}</p>
          {run.problem.detail && <p className="problem-detail">{run.problem.detail}</p>}
          {advice_for(run.problem.code) && <p className="problem-advice">{advice_for(run.problem.code)}</p>}
        </div>
      )}
      <p className="run-foot faint" role="status">
        {run.state === 'running' && `Working, ${format_duration(Math.max(0, elapsed))}`}
        {run.state === 'done' && `Done in ${format_duration(elapsed)}`}
        {run.state === 'failed' && `Stopped after ${format_duration(elapsed)}`}
        {run.state === 'cancelled' && `Cancelled after ${format_duration(elapsed)}. Nothing was saved.`}
      </p>
    </div>
  );
}

function StepView({ step, now, running }: { step: Step; now: number; running: boolean }) {
  const { call, result } = step;
  const scan = scan_of(result);
  const refusal = refusal_of(result);
  const verdict = result ? (result.ok ? 'ok' : 'refused') : running ? 'running' : 'stopped';
  const sql = typeof call.arguments.sql === 'string' ? call.arguments.sql : null;
  const yaml = typeof call.arguments.yaml === 'string' ? call.arguments.yaml : null;
  const detail = sql ?? yaml ?? (Object.keys(call.arguments).length > 0 ? JSON.stringify(call.arguments, null, 2) : null);
  const duration = result?.duration_ms ?? null;
  return (
    <li className="step" data-testid="agent-step" data-verdict={verdict}>
      <span className={`step-mark ${verdict}`} aria-hidden="true">
        {verdict === 'ok' ? '✓' : verdict === 'refused' ? '✕' : verdict === 'stopped' ? '–' : <span className="spinner" />}
      </span>
      <div className="step-body">
        <p className="step-line">
          <span className="step-title">{step_title(call)}</span>
          <span className="visually-hidden">, {verdict}</span>
          {scan && (
            <span className="step-scan" title={scan.cap ? `${scan.bytes.toLocaleString('en')} of at most ${scan.cap.toLocaleString('en')} bytes` : undefined}>
              {format_bytes(scan.bytes)}
              {scan.cap !== null && <> of {format_bytes(scan.cap)}</>}
              {scan.cap !== null && (
                <span className={scan.bytes > scan.cap ? 'meter over' : 'meter'} aria-hidden="true">
                  <span style={{ width: `${Math.min(100, Math.max(1, (scan.bytes / scan.cap) * 100))}%` }} />
                </span>
              )}
            </span>
          )}
          <span className="step-time faint number">{duration !== null ? format_duration(duration) : verdict === 'running' ? format_duration(now - step.started_at) : ''}</span>
        </p>
        {refusal && <p className="step-refusal">{refusal}</p>}
        {!refusal && !scan && result?.summary && <p className="step-summary faint">{result.summary}</p>}
        {detail && (
          <details open={verdict === 'running' && sql !== null ? true : undefined}>
            <summary>{sql ? 'SQL' : yaml ? 'YAML' : 'Details'}</summary>
            <pre>{sql ? tidy_sql(sql) : detail}</pre>
          </details>
        )}
      </div>
    </li>
  );
}

// One line of SQL becomes one clause a line; SQL that has lines already is left as it was written.
function tidy_sql(sql: string): string {
  const text = sql.trim();
  if (text.includes('\n')) return text;
  return text.replace(/\s+(FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|(?:LEFT |RIGHT |INNER |FULL |CROSS )?JOIN|UNION(?: ALL)?|AND)\b/g, (_, clause: string) => (clause === 'AND' ? `\n  ${clause}` : `\n${clause}`));
}

function use_clock(running: boolean): number {
  const [now, set_now] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => set_now(Date.now()), 100);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
