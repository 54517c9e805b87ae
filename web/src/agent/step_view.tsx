import { lazy, memo, Suspense, useEffect, useState } from 'react';
import { format_bytes, format_duration } from '../charts/format';
import { DrawingBoundary } from '../components/drawing_boundary';
import { Link } from '../components/location';
import { refusal_of, scan_of, step_title, type Step } from './answer';
import { drawn_result } from './drawn_result';

// Tables and charts are loaded when there is one to draw.
const ResultTable = lazy(() => import('./result_table'));
const ResultChart = lazy(() => import('./result_chart'));

// One call of a tool, with what came of it.
export const StepView = memo(function StepView({ step, running }: { step: Step; running: boolean }) {
  const { call, result } = step;
  const scan = scan_of(result);
  const refusal = refusal_of(result);
  const verdict = result ? (result.ok ? 'ok' : 'refused') : running ? 'running' : 'stopped';
  const drawn = drawn_result(result);
  const sql = typeof call.input.sql === 'string' ? call.input.sql : null;
  const document = call.input.yaml_content ?? call.input.yaml;
  const yaml = typeof document === 'string' ? document : null;
  const detail = sql ?? yaml ?? (Object.keys(call.input).length > 0 ? JSON.stringify(call.input, null, 2) : null);
  return (
    <li className="step" data-testid="agent-step" data-tool={call.name} data-verdict={verdict}>
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
          <span className="step-time faint number">
            {result?.cached ? 'cached' : typeof result?.ms === 'number' ? format_duration(result.ms) : verdict === 'running' ? <Elapsed since={step.started_at} /> : ''}
          </span>
        </p>
        {refusal && <p className="step-refusal">{refusal}</p>}
        {!refusal && !drawn && !detail && result?.summary && <p className="step-summary faint">{result.summary}</p>}
        {detail && (drawn?.kind !== 'chart' || sql) && (
          <details open={verdict === 'running' && sql !== null ? true : undefined}>
            <summary>{sql ? 'SQL' : yaml ? 'YAML' : (!refusal && !scan && !drawn && result?.summary) || 'Details'}</summary>
            <pre tabIndex={0}>{sql ? tidy_sql(sql) : detail}</pre>
          </details>
        )}
        {drawn?.kind === 'table' && (
          <DrawingBoundary>
            <Suspense fallback={<div className="result skeleton" />}>
              <ResultTable result={drawn} />
            </Suspense>
          </DrawingBoundary>
        )}
        {drawn?.kind === 'chart' && (
          <DrawingBoundary>
            <Suspense fallback={<div className="result result-chart skeleton" />}>
              <ResultChart result={drawn} />
            </Suspense>
          </DrawingBoundary>
        )}
        {drawn?.kind === 'dashboard' && (
          <p className="result-saved" data-testid="dashboard-saved">
            Dashboard saved: <Link href={`/d/${encodeURIComponent(drawn.slug)}`}>{drawn.slug}</Link>
            {drawn.version !== null && <span className="faint"> version {drawn.version}</span>}
          </p>
        )}
      </div>
    </li>
  );
});

// One line of SQL becomes one clause a line; SQL that has lines already is left as it was written.
function tidy_sql(sql: string): string {
  const text = sql.trim();
  if (text.includes('\n')) return text;
  return text.replace(/\s+(FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|(?:LEFT |RIGHT |INNER |FULL |CROSS )?JOIN|UNION(?: ALL)?|AND)\b/g, (_, clause: string) => (clause === 'AND' ? `\n  ${clause}` : `\n${clause}`));
}

export function Elapsed({ since }: { since: number }) {
  const [now, set_now] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => set_now(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <>{format_duration(Math.max(0, now - since))}</>;
}
