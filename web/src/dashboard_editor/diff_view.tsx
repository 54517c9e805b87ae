import { useMemo } from 'react';
import { diff_lines, parse_unified, with_context, type DiffLine } from './diff';

export function DiffView({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => with_context(diff_lines(before, after)), [before, after]);
  return <Lines lines={lines} label={label} />;
}

export function UnifiedDiffView({ diff, label }: { diff: string; label: string }) {
  const lines = useMemo(() => parse_unified(diff), [diff]);
  return <Lines lines={lines} label={label} />;
}

const SIGNS = { same: ' ', added: '+', removed: '−', gap: '⋯' };

function Lines({ lines, label }: { lines: DiffLine[]; label: string }) {
  if (!lines.some((line) => line.kind === 'added' || line.kind === 'removed')) return <p className="faint">No differences.</p>;
  return (
    <pre className="diff" aria-label={label} tabIndex={0}>
      {lines.map((line, index) => (
        <span key={index} className={`diff-line ${line.kind}`}>
          <span className="diff-sign" aria-hidden="true">
            {SIGNS[line.kind]}
          </span>
          {line.kind === 'added' && <ins>{line.text || ' '}</ins>}
          {line.kind === 'removed' && <del>{line.text || ' '}</del>}
          {line.kind === 'same' && line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
