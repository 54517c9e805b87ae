import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { guard_leaving, navigate } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { CONTENT_CHARACTERS_MAX, use_leave_guard } from './block_editor';
import { is_name } from './blocks';

export function NewBlock({ taken, position: first_position }: { taken: string[]; position: number }) {
  const client = useQueryClient();
  const [name, set_name] = useState('');
  const [text, set_text] = useState('');
  const [position, set_position] = useState(Math.min(1000, first_position));
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState<unknown>(null);
  use_leave_guard(text !== '');
  // A block called "new" could not be opened: its address is this form's.
  const refusal = name === '' ? null : taken.includes(name) || name === 'new' ? 'This name is taken.' : is_name(name) ? null : 'A name is small letters, digits and underscores.';
  const create = async (event: FormEvent) => {
    event.preventDefault();
    set_busy(true);
    set_error(null);
    try {
      await api.create_prompt_block(name, { content: text, position });
      await client.invalidateQueries({ queryKey: ['prompt-blocks'] });
      guard_leaving(null);
      navigate(`/prompt-blocks/${encodeURIComponent(name)}`);
    } catch (failure) {
      set_error(failure);
      set_busy(false);
    }
  };
  return (
    <form className="block-editor" aria-label="New block" onSubmit={(event) => void create(event)} data-testid="new-block-form">
      <div className="block-editor-head">
        <label>
          <span className="visually-hidden">Name</span>
          <input value={name} required maxLength={63} placeholder="name" autoComplete="off" spellCheck={false} onChange={(event) => set_name(event.target.value)} />
        </label>
        {refusal && (
          <span className="field-error" role="alert">
            {refusal}
          </span>
        )}
      </div>
      <textarea aria-label="Content" className="block-text" rows={18} spellCheck={false} maxLength={CONTENT_CHARACTERS_MAX} placeholder="Markdown, for the model" value={text} onChange={(event) => set_text(event.target.value)} />
      {error !== null && <ProblemNote error={error} />}
      <div className="block-editor-foot">
        <label className="block-position">
          <span className="faint">position</span>
          <input type="number" min={0} max={1000} value={position} onChange={(event) => set_position(Number(event.target.value))} />
        </label>
        <span className="ask-space" />
        <button type="submit" className="primary" disabled={busy || name === '' || refusal !== null || text.trim() === ''}>
          Create
        </button>
      </div>
    </form>
  );
}
