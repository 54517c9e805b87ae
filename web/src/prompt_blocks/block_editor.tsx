import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import { guard_leaving } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import { shown_version, type BlockVersions } from './blocks';

export const CONTENT_CHARACTERS_MAX = 65_536;

// One block: read a version, write the next, go back to an earlier one.
export function BlockEditor({ block }: { block: BlockVersions }) {
  const client = useQueryClient();
  const [chosen, set_chosen] = useState(() => shown_version(block).version);
  const base = block.versions.find((one) => one.version === chosen) ?? shown_version(block);
  const [text, set_text] = useState(base.content);
  const [position, set_position] = useState(base.position);
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState<unknown>(null);
  const [note, set_note] = useState<string | null>(null);
  const dirty = text !== base.content || position !== base.position;
  const next = block.versions[0]!.version + 1;
  use_leave_guard(dirty);

  const open = (version: number) => {
    if (version === chosen || (dirty && !window.confirm('Open another version? Your changes would be lost.'))) return;
    const found = block.versions.find((one) => one.version === version)!;
    set_chosen(version);
    set_text(found.content);
    set_position(found.position);
    set_note(null);
    set_error(null);
  };
  const run = async (action: () => Promise<{ version: number }>, said: (version: number) => string) => {
    set_busy(true);
    set_error(null);
    try {
      const { version } = await action();
      await client.invalidateQueries({ queryKey: ['prompt-blocks'] });
      set_chosen(version);
      set_note(said(version));
    } catch (failure) {
      set_error(failure);
    } finally {
      set_busy(false);
    }
  };
  const save = () => run(() => api.update_prompt_block(block.name, { content: text, cache_control: base.cache_control, position }), (version) => `Saved as version ${version}, which is active now.`);
  const activate = () => run(() => api.activate_prompt_block(block.name, base.version), (version) => `Version ${version} is active now.`);

  return (
    <section className="block-editor" aria-labelledby="block-title" data-testid="block-editor">
      <div className="block-editor-head">
        <h2 id="block-title">{block.name}</h2>
        <label>
          <span className="faint">version</span>{' '}
          <select value={chosen} onChange={(event) => open(Number(event.target.value))} data-testid="block-version">
            {block.versions.map((one) => (
              <option key={one.version} value={one.version}>
                {one.version}
                {one.active ? ' (active)' : ''}
              </option>
            ))}
          </select>
        </label>
        <span className="faint">
          <TimeAgo time={base.created_at} />
        </span>
        <span className="ask-space" />
        {!base.active && !dirty && (
          <button type="button" disabled={busy} onClick={() => void activate()} data-testid="activate">
            Activate version {base.version}
          </button>
        )}
      </div>
      <textarea aria-label={`Content of ${block.name}`} className="block-text" rows={18} spellCheck={false} maxLength={CONTENT_CHARACTERS_MAX} value={text} onChange={(event) => set_text(event.target.value)} data-testid="block-text" />
      {error !== null && <ProblemNote error={error} />}
      <div className="block-editor-foot">
        <label className="block-position">
          <span className="faint">position</span>
          <input type="number" min={0} max={1000} value={position} onChange={(event) => set_position(Number(event.target.value))} />
        </label>
        <span role="status" className="faint">
          {dirty ? 'Not saved' : note}
        </span>
        <span className="ask-space" />
        {dirty && (
          <button
            type="button"
            className="quiet"
            onClick={() => {
              set_text(base.content);
              set_position(base.position);
            }}
          >
            Discard
          </button>
        )}
        <button type="button" className="primary" disabled={!dirty || busy || text.trim() === ''} onClick={() => void save()} data-testid="save-block">
          Save as version {next}
        </button>
      </div>
    </section>
  );
}

export function use_leave_guard(dirty: boolean): void {
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
}
