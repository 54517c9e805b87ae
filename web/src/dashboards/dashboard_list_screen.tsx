import { useQuery } from '@tanstack/react-query';
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { api } from '../api/client';
import type { DashboardMetadata } from '../api/types';
import { Link } from '../components/location';
import { use_shortcut } from '../components/keyboard';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import { AskPanel } from '../dashboard_generation/ask_panel';

type Order = 'updated' | 'title' | 'views';

export function DashboardListScreen({ may_edit }: { may_edit: boolean }) {
  const dashboards = useQuery({ queryKey: ['dashboards'], queryFn: ({ signal }) => api.dashboards(signal) });
  const [search, set_search] = useState('');
  const [order, set_order] = useState<Order>('updated');
  const wanted = useDeferredValue(search);
  const search_field = useRef<HTMLInputElement>(null);
  use_shortcut('/', useCallback(() => (document.getElementById('ask') ?? search_field.current)?.focus(), []));
  useEffect(() => {
    document.title = 'Dashboards · Bridge';
  }, []);

  const shown = useMemo(() => filtered(dashboards.data ?? [], wanted, order), [dashboards.data, wanted, order]);
  const all = dashboards.data ?? [];
  return (
    <main className="page" id="content">
      {may_edit && <AskPanel first={dashboards.isSuccess && all.length === 0} />}
      {dashboards.error && <ProblemNote error={dashboards.error} retry={() => void dashboards.refetch()} />}
      {dashboards.isPending && <ListSkeleton />}
      {dashboards.isSuccess && all.length === 0 && (
        <p className="list-empty" data-testid="list-empty">
          {may_edit ? 'There are no dashboards yet. Ask for the first one above: one sentence is enough.' : 'There are no dashboards yet.'}
        </p>
      )}
      {all.length > 0 && (
        <section aria-labelledby="list-title">
          <div className="list-head">
            <h2 id="list-title">
              Dashboards <span className="count">{all.length}</span>
            </h2>
            <div className="list-tools">
              <label>
                <span className="visually-hidden">Order</span>
                <select value={order} onChange={(event) => set_order(event.target.value as Order)}>
                  <option value="updated">Last updated</option>
                  <option value="title">Title</option>
                  <option value="views">Most viewed</option>
                </select>
              </label>
              <input
                ref={search_field}
                type="search"
                placeholder="Search"
                aria-label="Search dashboards"
                value={search}
                onChange={(event) => set_search(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key === 'Escape') {
                    set_search('');
                    event.currentTarget.blur();
                  }
                }}
              />
            </div>
          </div>
          {shown.length === 0 ? (
            <p className="list-empty">
              Nothing matches “{wanted}”.{' '}
              <button type="button" className="link" onClick={() => set_search('')}>
                Show all
              </button>
            </p>
          ) : (
            <ul className="dashboard-list" data-testid="dashboard-list">
              {shown.map((dashboard) => (
                <ListItem key={dashboard.slug} dashboard={dashboard} />
              ))}
            </ul>
          )}
        </section>
      )}
    </main>
  );
}

function ListItem({ dashboard }: { dashboard: DashboardMetadata }) {
  return (
    <li>
      <Link href={`/d/${encodeURIComponent(dashboard.slug)}`} className="dashboard-item" data-testid="dashboard-item">
        <span className="dashboard-item-main">
          <span className="dashboard-item-title">{dashboard.title}</span>
          {dashboard.description && <span className="dashboard-item-description">{dashboard.description}</span>}
        </span>
        <span className="dashboard-item-tags">
          {(dashboard.tags ?? []).slice(0, 3).map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </span>
        <span className="dashboard-item-fact">{dashboard.view_type ?? ''}</span>
        <span className="dashboard-item-fact">{dashboard.connection ?? ''}</span>
        <span className="dashboard-item-fact number">
          <TimeAgo time={dashboard.updated_at} />
        </span>
        <span className="dashboard-item-fact number" title={`Version ${dashboard.version}`}>
          v{dashboard.version}
        </span>
      </Link>
    </li>
  );
}

function filtered(all: DashboardMetadata[], search: string, order: Order): DashboardMetadata[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = all.filter((one) => {
    const text = [one.title, one.description, one.slug, one.view_type, one.connection, one.owner_email, ...(one.tags ?? [])].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return matches.sort((a, b) =>
    order === 'title' ? a.title.localeCompare(b.title, 'en') : order === 'views' ? b.access_count - a.access_count : b.updated_at.localeCompare(a.updated_at),
  );
}

function ListSkeleton() {
  return (
    <div aria-busy="true" className="list-skeleton">
      <span className="visually-hidden">Loading dashboards</span>
      {[0, 1, 2, 3].map((row) => (
        <div key={row} className="skeleton" />
      ))}
    </div>
  );
}
