// Which screen an address means; null for an address that is none of the page's. Pure.
export type ScreenAddress =
  | { kind: 'list' | 'usage' }
  | { kind: 'dashboard' | 'editor'; slug: string }
  | { kind: 'chat'; session_id: string | null }
  | { kind: 'prompt_blocks'; name: string | null };

export function screen_of(path: string): ScreenAddress | null {
  const parts = segments_of(path);
  if (!parts) return null;
  const [first, second = null, third] = parts;
  if (parts.length === 0 || (parts.length === 1 && (first === 'new' || first === 'sign-in'))) return { kind: 'list' };
  if (first === 'usage' && parts.length === 1) return { kind: 'usage' };
  if (first === 'd' && second !== null && parts.length === 2) return { kind: 'dashboard', slug: second };
  if (first === 'd' && second !== null && parts.length === 3 && third === 'edit') return { kind: 'editor', slug: second };
  if (first === 'chat' && parts.length <= 2) return { kind: 'chat', session_id: second };
  if (first === 'prompt-blocks' && parts.length <= 2) return { kind: 'prompt_blocks', name: second };
  return null;
}

// A slash at the end changes nothing; a broken escape is no address.
function segments_of(path: string): string[] | null {
  if (path === '/') return [];
  try {
    const parts = path.slice(1).replace(/\/$/, '').split('/').map(decodeURIComponent);
    return parts.includes('') ? null : parts;
  } catch {
    return null;
  }
}
