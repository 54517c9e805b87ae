import { useEffect } from 'react';

// Runs `action` on a key that is pressed outside of any field.
export function use_shortcut(key: string, action: () => void): void {
  useEffect(() => {
    const on_key = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest('input, textarea, select, [contenteditable="true"]')) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', on_key);
    return () => document.removeEventListener('keydown', on_key);
  }, [key, action]);
}
