import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { api } from '../api/client';
import type { DashboardDocument } from '../api/types';
import { format_bytes } from '../charts/format';
import { Link, navigate, use_location } from '../components/location';
import { use_shortcut } from '../components/keyboard';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import { DashboardView } from './dashboard_view';
import { description_of, Question } from './question';

export default function DashboardScreen({ slug, may_edit }: { slug: string; may_edit: boolean }) {
  const { search } = use_location();
  const path = `/d/${encodeURIComponent(slug)}`;
  const document_query = useQuery({ queryKey: ['document', slug], queryFn: ({ signal }) => api.document(slug, signal) });
  const on_search = useCallback((next: string) => navigate(next ? `${path}?${next}` : path), [path]);
  use_shortcut('e', useCallback(() => may_edit && navigate(`${path}/edit`), [path, may_edit]));
  use_shortcut('/', useCallback(() => window.document.querySelector<HTMLElement>('.parameters button, .parameters input')?.focus(), []));

  const dashboard = document_query.data;
  useEffect(() => {
    window.document.title = `${dashboard?.title ?? slug} · Bridge`;
  }, [dashboard?.title, slug]);

  if (document_query.error)
    return (
      <main className="page narrow" id="content">
        <h1>{slug}</h1>
        <ProblemNote error={document_query.error} retry={() => void document_query.refetch()} />
        <p>
          <Link href="/">All dashboards</Link>
        </p>
      </main>
    );
  return (
    <main className="page wide" id="content" data-testid="dashboard" data-view-type={dashboard?.view_type ?? undefined}>
      <div className="dashboard-head">
        <div>
          <p className="crumb">
            <Link href="/">Dashboards</Link>
          </p>
          <h1>{dashboard?.title ?? '\u00a0'}</h1>
          {dashboard && description_of(dashboard) && <p className="dashboard-description">{description_of(dashboard)}</p>}
        </div>
        {may_edit && (
          <Link href={`${path}/edit`} className="button" data-testid="edit-link">
            Edit
          </Link>
        )}
      </div>
      {dashboard ? (
        <>
          <Question dashboard={dashboard} may_edit={may_edit} />
          <DashboardView document={dashboard} search={search} on_search={on_search} />
          <Footer dashboard={dashboard} />
        </>
      ) : (
        <GridSkeleton />
      )}
    </main>
  );
}

function Footer({ dashboard }: { dashboard: DashboardDocument }) {
  const { provenance } = dashboard;
  return (
    <footer className="dashboard-foot faint">
      <span>Version {dashboard.version}</span>
      {dashboard.updated_at && (
        <span>
          updated <TimeAgo time={dashboard.updated_at} />
        </span>
      )}
      {dashboard.connection && <span>{dashboard.connection}</span>}
      {provenance?.generator && <span title={provenance.dry_run_bytes ? `${format_bytes(provenance.dry_run_bytes)} tried in dry runs` : undefined}>answered by {provenance.generator}</span>}
    </footer>
  );
}

function GridSkeleton() {
  return (
    <div className="grid" aria-busy="true">
      <span className="visually-hidden">Loading the dashboard</span>
      {[2, 6, 6].map((h, row) => (
        <div key={row} className="grid-row" style={{ '--h': h } as React.CSSProperties}>
          {(h === 2 ? [3, 3, 3, 3] : [8, 4]).map((w, index) => (
            <div key={index} className="grid-item" style={{ '--w': w } as React.CSSProperties}>
              <div className="card">
                <div className="skeleton" />
              </div>
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
