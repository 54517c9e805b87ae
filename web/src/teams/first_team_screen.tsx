import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import type { Me } from '../api/types';

// A new server has no team, and everything belongs to one: its operator makes the first.
export function FirstTeamScreen({ me }: { me: Me }) {
  const client = useQueryClient();
  const [name, set_name] = useState('');
  const [error, set_error] = useState<string | null>(null);
  const [busy, set_busy] = useState(false);

  if (!me.is_operator)
    return (
      <main className="page narrow" id="content">
        <h1>You are in no team yet</h1>
        <p className="faint">Ask an administrator of Bridge to add you to one.</p>
      </main>
    );

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return set_error('Give the team a name.');
    set_busy(true);
    set_error(null);
    try {
      await api.create_team(name.trim());
      await client.invalidateQueries({ queryKey: ['me'] });
    } catch (failure) {
      set_error(failure instanceof Error ? failure.message : String(failure));
      set_busy(false);
    }
  };
  return (
    <main className="page narrow" id="content">
      <form className="setup-form" onSubmit={(event) => void submit(event)} data-testid="first-team">
        <h1>Name your team</h1>
        <p className="faint">Connections and dashboards belong to a team. More can be added later with bridge team create.</p>
        <label>
          Name
          <input value={name} maxLength={100} onChange={(event) => set_name(event.target.value)} autoFocus />
        </label>
        {error && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy}>
          Create the team
        </button>
      </form>
    </main>
  );
}
