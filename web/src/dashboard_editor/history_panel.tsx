import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import { UnifiedDiffView } from './diff_view';

export function HistoryPanel({ slug, current, may_edit, on_restored }: { slug: string; current: number; may_edit: boolean; on_restored: () => Promise<void> }) {
  const history = useQuery({ queryKey: ['history', slug], queryFn: ({ signal }) => api.history(slug, signal) });
  const [busy, set_busy] = useState<number | null>(null);
  const [error, set_error] = useState<unknown>(null);
  const restore = async (version: number) => {
    if (!window.confirm(`Go back to version ${version}? It becomes a new version; nothing is lost.`)) return;
    set_busy(version);
    set_error(null);
    try {
      await api.restore(slug, version);
      await on_restored();
    } catch (failure) {
      set_error(failure);
    } finally {
      set_busy(null);
    }
  };
  if (history.error) return <ProblemNote error={history.error} retry={() => void history.refetch()} />;
  const versions = [...(history.data?.items ?? [])].sort((a, b) => b.version - a.version);
  return (
    <div className="history" data-testid="history">
      {error !== null && <ProblemNote error={error} />}
      {history.isPending && <div className="skeleton" />}
      {history.isSuccess && versions.length === 0 && <p className="faint">There is no earlier version.</p>}
      <ol>
        {versions.map((one) => (
          <li key={one.version} className="history-item">
            <div className="history-head">
              <strong>Version {one.version}</strong>
              <span className="faint">
                {one.updated_at && <TimeAgo time={one.updated_at} />}
              </span>
              <span className="history-space" />
              {one.version === current ? (
                <span className="tag">current</span>
              ) : (
                may_edit && (
                  <button type="button" disabled={busy !== null} onClick={() => void restore(one.version)}>
                    {busy === one.version ? 'Restoring…' : 'Restore'}
                  </button>
                )
              )}
            </div>
            {one.diff && (
              <details open={one.version === current}>
                <summary>What changed</summary>
                <UnifiedDiffView diff={one.diff} label={`What version ${one.version} changed`} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
