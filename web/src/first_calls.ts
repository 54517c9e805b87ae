// Which calls the screen of an address begins with. Pure.

// What needs the answer of another call first is not among them: a filtered dashboard is asked for when its document says which filters it has.
export function first_calls(path: string, search: string): string[] {
  const me = '/v1/me';
  if (path === '/') return [me, '/v1/dashboards?limit=500'];
  const slug = /^\/d\/([^/]+)\/?$/.exec(path)?.[1];
  if (slug && /^[\w.-]+$/.test(slug)) {
    const dashboard = `/v1/dashboards/${slug}`;
    return search === '' ? [me, `${dashboard}/document`, `${dashboard}/data`] : [me, `${dashboard}/document`];
  }
  return path === '/open' ? [] : [me];
}
