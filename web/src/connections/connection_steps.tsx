import type { ConnectionTest } from '../api/types';
import { humanize } from '../charts/format';

// The steps of a connection's test in their order: how long each took, what failed, and what mends it.
export function ConnectionSteps({ steps }: { steps: ConnectionTest['steps'] }) {
  if (steps.length === 0) return null;
  return (
    <ol className="connection-steps" aria-label="Steps of the test" data-testid="connection-steps">
      {steps.map((step) => (
        <li key={step.name} className={step.ok ? 'step-good' : 'step-bad'}>
          <span aria-hidden="true">{step.ok ? '✓' : '✗'}</span>
          <span>
            {step.name === 'tls' ? 'TLS' : humanize(step.name)}
            <span className="visually-hidden">{step.ok ? ' works' : ' failed'}</span> <span className="faint">{step.latency_ms} ms</span>
            {step.error && (
              <span className="field-error step-text" role="alert">
                {step.error}
              </span>
            )}
            {step.mend && <span className="step-text">{step.mend}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
