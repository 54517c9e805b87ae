import { useEffect } from 'react';
import { Link } from './components/location';

export function NotFoundScreen({ path }: { path: string }) {
  useEffect(() => {
    document.title = 'No such page · Bridge';
  }, []);
  return (
    <main className="page narrow not-found" id="content" data-testid="not-found">
      <h1>There is no such page</h1>
      <p>
        Nothing is at <code>{path}</code>. It may have been renamed or deleted, or the address has a typing error.
      </p>
      <p>
        <Link href="/" className="button">
          All dashboards
        </Link>
      </p>
    </main>
  );
}
