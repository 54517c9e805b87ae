import { useMemo, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react';

// The address is the page's only state that outlives a reload; four screens need no routing library.
const listeners = new Set<() => void>();
let leave_guard: (() => boolean) | null = null;

function notify(): void {
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', notify);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export interface PageLocation {
  path: string;
  search: string;
}

export function use_location(): PageLocation {
  const href = useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
  return useMemo(() => {
    const question = href.indexOf('?');
    return question < 0 ? { path: href, search: '' } : { path: href.slice(0, question), search: href.slice(question + 1) };
  }, [href]);
}

// `may_leave` is asked before the page moves on; it returns false to stay.
export function guard_leaving(may_leave: (() => boolean) | null): void {
  leave_guard = may_leave;
}

export function navigate(href: string, options: { replace?: boolean } = {}): void {
  const same_path = href.split('?')[0] === window.location.pathname;
  if (!same_path && leave_guard && !leave_guard()) return;
  window.history[options.replace ? 'replaceState' : 'pushState'](null, '', href);
  notify();
  if (!same_path) window.scrollTo(0, 0);
}

export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
