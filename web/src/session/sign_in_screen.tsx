import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ApiError } from '../api/client';
import { navigate } from '../components/location';

export function SignInScreen({ notice }: { notice?: string }) {
  const client = useQueryClient();
  const [key, set_key] = useState('');
  const [error, set_error] = useState<string | null>(null);
  const [busy, set_busy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const trimmed = key.trim();
    if (!trimmed) return set_error('Enter an API key.');
    set_busy(true);
    set_error(null);
    try {
      const me = await api.sign_in({ key: trimmed });
      client.setQueryData(['me'], me);
      void client.invalidateQueries({ queryKey: ['me'] });
      if (window.location.pathname === '/open') navigate('/', { replace: true });
    } catch (failure) {
      set_error(failure instanceof ApiError && failure.status === 401 ? 'No key like this is in use. It may have been revoked or mistyped.' : failure instanceof Error ? failure.message : String(failure));
      set_busy(false);
    }
  };

  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)} className="sign-in-form" aria-labelledby="sign-in-title">
        <h1 id="sign-in-title">Bridge</h1>
        {notice && (
          <p className="sign-in-notice" role="alert" data-testid="sign-in-notice">
            {notice}
          </p>
        )}
        <label htmlFor="key">API key</label>
        <input id="key" type="password" autoComplete="off" spellCheck={false} placeholder="brg_…" value={key} onChange={(event) => set_key(event.target.value)} aria-invalid={error !== null} aria-describedby={error ? 'key-error' : 'key-help'} autoFocus />
        {error && (
          <p id="key-error" className="field-error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        <p id="key-help" className="faint sign-in-help">
          On the machine of the server, <code>bridge link</code> prints another link and <code>bridge key create NAME</code> makes a key. The operator’s own key is in <code>operator.key</code> in the data folder (<code>~/.bridge</code> unless configured otherwise).
        </p>
      </form>
    </main>
  );
}
