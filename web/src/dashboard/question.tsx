import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import type { AccountedWord, ChartReading, DashboardDocument } from '../api/types';
import { navigate } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { leave_draft } from '../dashboard_editor/drafts';
import { lead_sql, reading_text, with_reading } from './readings';

// What a dashboard says of itself, without the question that stands below it.
export function description_of(dashboard: DashboardDocument): string {
  const text = dashboard.description ?? '';
  return dashboard.provenance?.prompt ? text.replace(/^Asked: "[^\n]*?"\. ?(?=[A-Z0-9]|$)/, '') : text;
}

// The question that the dashboard answers, apart from its title: as it was asked, with what of it was not used, and how else it may be read.
export function Question({ dashboard, may_edit }: { dashboard: DashboardDocument; may_edit: boolean }) {
  const prompt = dashboard.provenance?.prompt;
  if (!prompt) return null;
  return (
    <section className="question" aria-label="The question" data-testid="question">
      <p className="question-asked">
        <span className="faint">Asked:</span> “{prompt}”
      </p>
      {may_edit && dashboard.connection && <Readings dashboard={dashboard} prompt={prompt} connection={dashboard.connection} />}
    </section>
  );
}

function Readings({ dashboard, prompt, connection: name }: { dashboard: DashboardDocument; prompt: string; connection: string }) {
  const connections = useQuery({ queryKey: ['connections'], queryFn: ({ signal }) => api.connections(signal), staleTime: 60_000 });
  const connection = connections.data?.items.find((one) => one.name === name);
  const suggestions = useQuery({
    queryKey: ['readings', connection?.id, prompt, lead_sql(dashboard)],
    queryFn: ({ signal }) => api.suggest_charts({ connection_id: connection!.id, sentence: prompt, replaced_sql: lead_sql(dashboard) }, signal),
    enabled: connection !== undefined,
    staleTime: Infinity,
    retry: false,
  });
  const [failure, set_failure] = useState<unknown>(null);
  const { data } = suggestions;
  // A model reads in its own way: the account of the rules speaks for their own dashboards.
  const by_rules = dashboard.provenance?.generator === 'rules';
  const told = dashboard.description?.includes('Not used:') ?? false;
  const unused = by_rules && !told ? (data?.account ?? []).filter((word) => word.role === 'unused') : [];
  const others = (data?.readings ?? []).slice(by_rules ? 1 : 0);

  const choose = async (reading: ChartReading) => {
    try {
      const yaml = await api.yaml(dashboard.slug);
      const text = with_reading(yaml.text, dashboard, reading);
      if (text === null) throw new Error('This document is not written in blocks, so the chart has to be changed in the editor.');
      leave_draft(dashboard.slug, text);
      navigate(`/d/${encodeURIComponent(dashboard.slug)}/edit`);
    } catch (error) {
      set_failure(error);
    }
  };

  return (
    <>
      {unused.length > 0 && (
        <p className="question-unused" role="note" data-testid="unused-words">
          Not used: {unused.map((word) => `“${word.word}”`).join(', ')}. The answer does not depend on {unused.length === 1 ? 'it' : 'them'}.
        </p>
      )}
      {(connections.error || suggestions.error || data) && (
        <details className="readings" data-testid="readings">
          <summary>Read it differently</summary>
          {(connections.error ?? suggestions.error) !== null && <ProblemNote error={connections.error ?? suggestions.error} />}
          {failure !== null && <ProblemNote error={failure} />}
          {data && others.length === 0 && <p className="faint">There is no other reading.</p>}
          <ul>
            {others.map((reading, index) => (
              <li key={index}>
                {reading.sql ? (
                  <button type="button" className="reading" onClick={() => void choose(reading)} data-testid="reading">
                    {reading_text(reading)}
                  </button>
                ) : (
                  <span className="reading faint">{reading_text(reading)}: ask for it in these words</span>
                )}
              </li>
            ))}
          </ul>
          {others.length > 0 && <p className="faint">The chosen one takes the place of the first chart in the editor; nothing is saved before you save it.</p>}
          {by_rules && data && data.account.length > 0 && <Account account={data.account} />}
        </details>
      )}
    </>
  );
}

function Account({ account }: { account: AccountedWord[] }) {
  return (
    <dl className="account" data-testid="account">
      {account.map((word, index) => (
        <div key={index}>
          <dt>{word.word}</dt>
          <dd className={word.role === 'unused' ? 'unused' : undefined}>{word.role === 'unused' ? 'not used' : [word.taken_for, word.bound_to].filter(Boolean).join(': ') || 'used'}</dd>
        </div>
      ))}
    </dl>
  );
}
