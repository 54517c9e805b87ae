// The one script of a page that holds a dashboard and its data: no server, no other file. The page carries the view as JSON in #bridge-view.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { DashboardPreview } from '../api/types';
import { humanize } from '../charts/format';
import { ThemeProvider, ThemeToggle } from '../components/theme';
import { ChartGrid } from '../dashboard/dashboard_view';
import { default_values, is_all, newest_day, range_text } from '../dashboard/parameters';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/screens.css';
import '../styles/dashboard.css';
import '../styles/print.css';

function RenderedDashboard({ view }: { view: DashboardPreview }) {
  const { document } = view;
  const params = Object.entries(document.params ?? {});
  const executed = Object.values(view.queries).flatMap((answer) => (answer.metadata ? [answer.metadata.executed_at] : []));
  const oldest = executed.sort()[0];
  return (
    <main className="page wide" data-testid="dashboard">
      <div className="dashboard-head">
        <div>
          <h1>{document.title}</h1>
          {document.description && <p className="dashboard-description">{document.description}</p>}
        </div>
        <ThemeToggle />
      </div>
      <p className="render-facts faint">
        {params.map(([name, parameter]) => {
          const values = default_values(parameter);
          const text = is_all(values) ? 'all' : parameter.type === 'date_range' ? range_text(values[0]!, newest_day(name, view)) : values.join(', ');
          return (
            <span key={name}>
              {parameter.label || humanize(name)}: {text}
            </span>
          );
        })}
        {oldest && <span>Data of {new Date(oldest).toUTCString().replace(/:\d\d GMT$/, ' UTC')}</span>}
      </p>
      <ChartGrid document={document} data={view} refreshing={false} failed={false} query={null} search="" />
    </main>
  );
}

const view = JSON.parse(document.getElementById('bridge-view')!.textContent!) as DashboardPreview;
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ThemeProvider>
      <RenderedDashboard view={view} />
    </ThemeProvider>
  </StrictMode>,
);
