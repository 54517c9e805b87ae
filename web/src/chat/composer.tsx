import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { use_shortcut } from '../components/keyboard';

interface Props {
  label: string;
  placeholder: string;
  running: boolean;
  // False while a message cannot be sent, for a reason that is said elsewhere.
  ready: boolean;
  // Returns false when the message was not taken: it stays in the field.
  on_send: (message: string) => boolean;
  on_stop?: (() => void) | undefined;
  stopping?: boolean;
  children?: ReactNode;
}

export const MESSAGE_CHARACTERS_MAX = 10_000;

// Where a message is written. Enter sends, Shift and Enter make a line, Escape stops the answer.
export function Composer({ label, placeholder, running, ready, on_send, on_stop, stopping, children }: Props) {
  const [text, set_text] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  // On a touch screen the keyboard would cover what is to be read.
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, []);
  use_shortcut('/', useCallback(() => field.current?.focus(), []));
  const send = () => {
    const message = text.trim();
    if (message && !running && ready && on_send(message)) set_text('');
  };
  return (
    <form
      className="ask-box composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={label}
        placeholder={placeholder}
        value={text}
        maxLength={MESSAGE_CHARACTERS_MAX}
        onChange={(event) => set_text(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          }
        }}
        data-testid="composer"
      />
      <div className="ask-foot">
        {children}
        <span className="ask-space" />
        {running ? (
          <button
            key="stop"
            type="button"
            disabled={stopping}
            onClick={() => {
              on_stop?.();
              field.current?.focus();
            }}
            data-testid="stop"
          >
            {stopping ? 'Stopping…' : 'Stop'} <kbd aria-hidden="true">esc</kbd>
          </button>
        ) : (
          <button key="send" type="submit" className="primary" disabled={!text.trim() || !ready} data-testid="send">
            Send <kbd aria-hidden="true">↵</kbd>
          </button>
        )}
      </div>
    </form>
  );
}
