import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, ApiError } from '../api/client';
import { navigate } from '../components/location';
import { SignInScreen } from './sign_in_screen';

// Tokens already tried: the effect below may run twice, and a one-time token works once.
const tried = new Set<string>();

// `/open#token=…`: the token is in the hash, which no server log ever sees; it is exchanged for a cookie and forgotten.
export function OpenLinkScreen() {
  const client = useQueryClient();
  const [error, set_error] = useState<string | null>(null);

  useEffect(() => {
    const hash = new URLSearchParams(window.location.hash.slice(1));
    const token = hash.get('token');
    const to = screen_of(hash.get('to'));
    if (!token) {
      if (tried.size === 0) set_error('This link has no token in it. It may have been cut off when it was copied.');
      return;
    }
    window.history.replaceState(null, '', '/open');
    if (tried.has(token)) return;
    tried.add(token);
    api
      .sign_in({ token })
      .then((me) => {
        client.setQueryData(['me'], me);
        void client.invalidateQueries({ queryKey: ['me'] });
        navigate(to, { replace: true });
      })
      .catch((failure: unknown) => set_error(link_error(failure)));
  }, [client]);

  if (error) return <SignInScreen notice={error} />;
  return (
    <main className="sign-in" aria-busy="true">
      <p className="faint">Opening…</p>
    </main>
  );
}

// Only a screen of this page: a link must not lead elsewhere.
function screen_of(path: string | null): string {
  return path && /^\/d\/[a-z0-9-]{1,63}$/.test(path) ? path : '/';
}

function link_error(failure: unknown): string {
  if (failure instanceof ApiError && (failure.status === 401 || failure.status === 404 || failure.status === 410 || failure.status === 403))
    return 'This link was used already, or has expired: it works once.';
  return failure instanceof Error ? failure.message : 'The link could not be opened.';
}
