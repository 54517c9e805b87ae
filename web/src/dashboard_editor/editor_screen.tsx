import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { api, ApiError, type Yaml } from '../api/client';
import type { DashboardDocument, Violation } from '../api/types';
import { DashboardGrid, DashboardView } from '../dashboard/dashboard_view';
import type { OwnSource } from '../dashboard/own_answers';
import { data_query } from '../dashboard/parameters';
import { guard_leaving, Link, navigate, use_location } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { use_theme } from '../components/theme';
import { after_failure, check_text, is_of_a_query, type Check } from './check';
import { DiffView } from './diff_view';
import { draft_of, drop_draft } from './drafts';
import { HistoryPanel } from './history_panel';
import { violation_text } from './marks';
import { use_check } from './use_check';
import type { YamlEditorHandle } from './yaml_editor';

const YamlEditor = lazy(() => import('./yaml_editor'));

type SaveState = { kind: 'clean' } | { kind: 'saving' } | { kind: 'saved'; version: number } | { kind: 'conflict'; theirs: Yaml } | { kind: 'failed'; error: unknown };

export default function EditorScreen({ slug, may_edit }: { slug: string; may_edit: boolean }) {
  const path = `/d/${encodeURIComponent(slug)}`;
  // The text is read once: what is typed must never be overwritten by a refetch.
  const yaml = useQuery({ queryKey: ['yaml', slug], queryFn: ({ signal }) => api.yaml(slug, signal), staleTime: Infinity, gcTime: 0 });
  useEffect(() => {
    window.document.title = `Edit ${slug} · Bridge`;
  }, [slug]);
  if (yaml.error)
    return (
      <main className="page narrow" id="content">
        <h1>{slug}</h1>
        <ProblemNote error={yaml.error} retry={() => void yaml.refetch()} />
        <p>
          <Link href={path}>Back to the dashboard</Link>
        </p>
      </main>
    );
  if (!yaml.data) return <main className="page" id="content" aria-busy="true" />;
  return <Editor slug={slug} path={path} initial={yaml.data} may_edit={may_edit} />;
}

function Editor({ slug, path, initial, may_edit }: { slug: string; path: string; initial: Yaml; may_edit: boolean }) {
  const client = useQueryClient();
  const { dark } = use_theme();
  const [base, set_base] = useState(initial);
  const [draft] = useState(() => draft_of(slug));
  useEffect(() => drop_draft(slug), [slug]);
  const [text, set_text] = useState(draft ?? initial.text);
  const [check, set_check] = use_check(text, may_edit);
  const [save_state, set_save_state] = useState<SaveState>({ kind: 'clean' });
  const [panel, set_panel] = useState<'preview' | 'history'>('preview');
  const editor = useRef<YamlEditorHandle>(null);
  const dirty = text !== base.text;

  useEffect(() => {
    guard_leaving(dirty ? () => window.confirm('Leave without saving? Your changes would be lost.') : null);
    const before_unload = (event: BeforeUnloadEvent) => {
      if (dirty) event.preventDefault();
    };
    window.addEventListener('beforeunload', before_unload);
    return () => {
      guard_leaving(null);
      window.removeEventListener('beforeunload', before_unload);
    };
  }, [dirty]);

  const refresh_everything = useCallback(() => {
    for (const key of ['document', 'data', 'history']) void client.invalidateQueries({ queryKey: [key, slug] });
    void client.invalidateQueries({ queryKey: ['dashboards'] });
  }, [client, slug]);

  // The server rewrites `meta`, so the text is read again after every change of it.
  const reload = useCallback(async () => {
    const fresh = await api.yaml(slug);
    set_base(fresh);
    set_text(fresh.text);
    editor.current?.replace(fresh.text);
    refresh_everything();
    return fresh;
  }, [slug, refresh_everything]);

  const save = useCallback(
    async (version = base.version) => {
      const sent = editor.current?.text() ?? text;
      set_save_state({ kind: 'saving' });
      try {
        await api.save(slug, sent, version);
        const fresh = await api.yaml(slug);
        set_base(fresh);
        // What was typed while the save was on its way stays; otherwise the server's own lines come in.
        if ((editor.current?.text() ?? sent) === sent) {
          set_text(fresh.text);
          editor.current?.replace(fresh.text);
        }
        set_save_state({ kind: 'saved', version: fresh.version });
        refresh_everything();
      } catch (error) {
        if (error instanceof ApiError && (error.status === 412 || (error.status === 409 && error.code !== 'slug_conflict'))) {
          const theirs = await api.yaml(slug).catch(() => null);
          return set_save_state(theirs ? { kind: 'conflict', theirs } : { kind: 'failed', error });
        }
        if (error instanceof ApiError && error.problem.errors?.some((one) => one.line)) set_check((before) => after_failure(before, error.problem));
        set_save_state({ kind: 'failed', error });
      }
    },
    [slug, text, base.version, refresh_everything, set_check],
  );

  const remove = async () => {
    if (!window.confirm(`Delete “${slug}” with its history? This cannot be undone here.`)) return;
    try {
      await api.remove(slug);
      guard_leaving(null);
      for (const key of ['document', 'data', 'history', 'yaml']) client.removeQueries({ queryKey: [key, slug] });
      void client.invalidateQueries({ queryKey: ['dashboards'] });
      navigate('/');
    } catch (error) {
      set_save_state({ kind: 'failed', error });
    }
  };

  const { errors, warnings } = check;
  return (
    <main className="editor" id="content" data-testid="editor">
      <div className="editor-bar">
        <div className="editor-title">
          <h1>
            <Link href={path}>
              <span aria-hidden="true">← </span>
              <span className="visually-hidden">Edit </span>
              {slug}
            </Link>
          </h1>
          <span className="faint">v{base.version}</span>
          <span className={dirty ? 'editor-state dirty' : 'editor-state faint'} role="status" data-testid="save-state">
            {save_state.kind === 'saving' ? 'Saving…' : dirty ? 'Not saved' : save_state.kind === 'saved' ? `Saved as version ${save_state.version}` : 'No changes'}
          </span>
        </div>
        <div className="editor-tools">
          <div className="tabs" role="group" aria-label="Beside the text">
            <button type="button" aria-pressed={panel === 'preview'} onClick={() => set_panel('preview')}>
              Picture
            </button>
            <button type="button" aria-pressed={panel === 'history'} onClick={() => set_panel('history')} data-testid="history-tab">
              History
            </button>
          </div>
          {may_edit && (
            <>
              <button type="button" className="quiet danger" onClick={() => void remove()}>
                Delete
              </button>
              <button type="button" className="primary" disabled={!dirty || save_state.kind === 'saving' || errors.length > 0} title={errors.length > 0 ? 'Mend the errors first' : 'Ctrl S'} onClick={() => void save()} data-testid="save">
                Save
              </button>
            </>
          )}
        </div>
      </div>
      {save_state.kind === 'conflict' && (
        <Conflict
          theirs={save_state.theirs}
          mine={text}
          on_theirs={() => {
            set_save_state({ kind: 'clean' });
            void reload();
          }}
          on_mine={() => void save(save_state.theirs.version)}
          on_later={() => set_save_state({ kind: 'clean' })}
        />
      )}
      {save_state.kind === 'failed' && <ProblemNote error={save_state.error} />}
      <div className="editor-panes">
        <section className="editor-text" aria-label="The document">
          <Suspense fallback={<div className="skeleton editor-skeleton" />}>
            <YamlEditor ref={editor} initial={draft ?? initial.text} dark={dark} read_only={!may_edit} errors={errors} warnings={warnings} on_change={set_text} on_save={() => void (dirty && errors.length === 0 && save())} />
          </Suspense>
          <Problems check={check} tried={may_edit} on_go={(violation) => editor.current?.go_to(violation)} />
        </section>
        <section className="editor-side" aria-label={panel === 'preview' ? 'The picture' : 'History'}>
          {panel === 'preview' ? (
            <Preview slug={slug} text={text} drawable={check.state !== 'reading' && errors.every(is_of_a_query)} may_edit={may_edit} />
          ) : (
            <HistoryPanel
              slug={slug}
              current={base.version}
              may_edit={may_edit}
              on_restored={async () => {
                const fresh = await reload();
                set_save_state({ kind: 'saved', version: fresh.version });
              }}
            />
          )}
        </section>
      </div>
    </main>
  );
}

const PREVIEW_PAUSE_MS = 700;

// The text as it stands, drawn with its data, once it is valid; until then what was drawn last. The filters live in the editor's own address.
function Preview({ slug, text, drawable, may_edit }: { slug: string; text: string; drawable: boolean; may_edit: boolean }) {
  const { search } = use_location();
  const on_search = useCallback((next: string) => navigate(`/d/${encodeURIComponent(slug)}/edit${next ? `?${next}` : ''}`, { replace: true }), [slug]);
  const [settled, set_settled] = useState(text);
  useEffect(() => {
    if (!drawable) return;
    const timer = setTimeout(() => set_settled(text), PREVIEW_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, drawable]);

  // A viewer may not try documents out: the saved one is shown.
  if (!may_edit) return <SavedPreview slug={slug} search={search} on_search={on_search} />;
  return <LivePreview slug={slug} text={settled} current={settled === text} search={search} on_search={on_search} />;
}

interface PreviewProps {
  slug: string;
  search: string;
  on_search: (search: string) => void;
}

function LivePreview({ slug, text, current, search, on_search }: PreviewProps & { text: string; current: boolean }) {
  // The address may hold more than the parameters of the text; the server would refuse those, so only what was known last is sent.
  const [params, set_params] = useState<DashboardDocument['params']>(null);
  const query = data_query(params ?? {}, search);
  const client = useQueryClient();
  const preview = useQuery({
    queryKey: ['preview', slug, text, query],
    queryFn: ({ signal }) => api.preview(text, query, signal),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    staleTime: 60_000,
  });
  const { data } = preview;
  useEffect(() => {
    if (data) set_params(data.document.params ?? null);
  }, [data]);
  const retry = () => void preview.refetch();
  const own_source = useMemo<OwnSource>(() => {
    const key = (wanted: string) => ['preview', slug, text, wanted];
    const ask = async (query_id: string, wanted: string) => {
      const all = await client.fetchQuery({ queryKey: key(wanted), queryFn: ({ signal }) => api.preview(text, wanted, signal), staleTime: 60_000 });
      const answer = all.queries[query_id];
      if (!answer) throw new Error(`there is no query ${query_id}`);
      return answer;
    };
    return { key, ask };
  }, [client, slug, text]);
  if (!data) return preview.error ? <ProblemNote error={preview.error} retry={retry} /> : <div className="skeleton editor-skeleton" />;
  return (
    <div className="preview">
      <h2>{data.document.title}</h2>
      <p className="preview-note faint" role="status">
        {preview.error ? '' : !current || preview.isPlaceholderData ? 'Not yet drawn as written' : 'As written, with live data'}
      </p>
      <DashboardGrid
        document={data.document}
        search={search}
        on_search={on_search}
        data={data}
        fetched_at={preview.dataUpdatedAt}
        fetching={preview.isFetching}
        refreshing={preview.isPlaceholderData}
        error={preview.error}
        own_source={own_source}
        heading="h3"
        on_retry={retry}
        on_refresh={retry}
      />
    </div>
  );
}

function SavedPreview({ slug, search, on_search }: PreviewProps) {
  const document_query = useQuery({ queryKey: ['document', slug], queryFn: ({ signal }) => api.document(slug, signal) });
  if (document_query.error) return <ProblemNote error={document_query.error} retry={() => void document_query.refetch()} />;
  if (!document_query.data) return <div className="skeleton editor-skeleton" />;
  return (
    <div className="preview">
      <h2>{document_query.data.title}</h2>
      <DashboardView document={document_query.data} search={search} heading="h3" on_search={on_search} />
    </div>
  );
}

function Problems({ check, tried, on_go }: { check: Check; tried: boolean; on_go: (violation: Violation) => void }) {
  const { errors, warnings } = check;
  const all = [...errors.map((one) => ({ one, kind: 'error' })), ...warnings.map((one) => ({ one, kind: 'warning' }))];
  return (
    <div className="problems" data-testid="problems" data-errors={errors.length} data-state={check.state}>
      <p className="problems-head" role="status">
        {check_text(check, tried)}
      </p>
      <p className="problems-hint faint">
        <kbd>Esc</kbd>, then <kbd>Tab</kbd> leaves the text
      </p>
      {all.length > 0 && (
        <ul>
          {all.slice(0, 50).map(({ one, kind }, index) => (
            <li key={index}>
              <button type="button" className={`problem-line ${kind}`} onClick={() => on_go(one)}>
                <span className="number faint">{one.line ? `${one.line}:${one.column ?? 1}` : one.path}</span>
                <span>{violation_text(one)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Conflict({ theirs, mine, on_theirs, on_mine, on_later }: { theirs: Yaml; mine: string; on_theirs: () => void; on_mine: () => void; on_later: () => void }) {
  const [compare, set_compare] = useState(false);
  return (
    <div className="conflict" role="alertdialog" aria-label="Somebody saved a newer version" data-testid="conflict">
      <p>
        <strong>Somebody saved version {theirs.version} while you were editing.</strong> Your text is still here and nothing was overwritten.
      </p>
      <p className="conflict-actions">
        <button type="button" onClick={() => set_compare(!compare)}>
          {compare ? 'Hide the differences' : 'Compare'}
        </button>
        <button type="button" onClick={on_theirs}>
          Take version {theirs.version}, drop mine
        </button>
        <button type="button" className="danger" onClick={on_mine}>
          Save mine over it
        </button>
        <button type="button" className="quiet" onClick={on_later}>
          Keep editing
        </button>
      </p>
      {compare && <DiffView before={theirs.text} after={mine} label={`Version ${theirs.version} against your text`} />}
    </div>
  );
}
