import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

interface Props {
  // Of a button that shows no words.
  label?: string;
  button: ReactNode;
  className?: string;
  test_id?: string;
  title?: string | null | undefined;
  children: (close: () => void) => ReactNode;
}

// A button that opens a small panel under it; Escape and a click elsewhere close it.
export function Popover({ label, button, className, test_id, title, children }: Props) {
  const [open, set_open] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) set_open(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);

  const close = () => {
    set_open(false);
    trigger.current?.focus();
  };
  const on_key = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      close();
    }
  };
  return (
    <div className="popover-root" ref={root} onKeyDown={on_key}>
      <button type="button" ref={trigger} className={className} aria-label={label} title={title ?? undefined} aria-expanded={open} data-testid={test_id} onClick={() => set_open(!open)}>
        {button}
      </button>
      {open && <div className="popover">{children(close)}</div>}
    </div>
  );
}
