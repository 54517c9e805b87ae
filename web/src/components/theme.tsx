import { flushSync } from 'react-dom';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';

type Choice = 'system' | 'light' | 'dark';

interface Theme {
  dark: boolean;
  printing: boolean;
  choice: Choice;
  choose: (choice: Choice) => void;
}

const KEY = 'bridge.theme';
const ThemeContext = createContext<Theme>({ dark: false, printing: false, choice: 'system', choose: () => {} });

function stored(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [choice, set_choice] = useState<Choice>(stored);
  const [system_dark, set_system_dark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  // Paper is white: while printing, pictures are drawn for it.
  const [printing, set_printing] = useState(false);

  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const paper = matchMedia('print');
    const on_change = () => set_system_dark(query.matches);
    // The browser takes its picture right after this event, so everything has to be drawn before it returns.
    const before = () => {
      if (document.documentElement.dataset.printing === 'yes') return;
      document.documentElement.dataset.printing = 'yes';
      document.documentElement.dataset.theme = 'light';
      flushSync(() => set_printing(true));
    };
    // Some browsers say only that the medium is paper now.
    const on_medium = () => (paper.matches ? before() : after());
    const after = () => {
      delete document.documentElement.dataset.printing;
      set_printing(false);
    };
    query.addEventListener('change', on_change);
    paper.addEventListener('change', on_medium);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      query.removeEventListener('change', on_change);
      paper.removeEventListener('change', on_medium);
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);

  const dark = !printing && (choice === 'system' ? system_dark : choice === 'dark');
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);

  const theme = useMemo<Theme>(
    () => ({
      dark,
      printing,
      choice,
      choose: (next) => {
        set_choice(next);
        try {
          if (next === 'system') localStorage.removeItem(KEY);
          else localStorage.setItem(KEY, next);
        } catch {
          // Without storage the choice lasts as long as the page.
        }
      },
    }),
    [dark, printing, choice],
  );
  return <ThemeContext value={theme}>{children}</ThemeContext>;
}

export const use_theme = () => useContext(ThemeContext);

export function ThemeToggle() {
  const { dark, choose } = use_theme();
  return (
    <button type="button" className="icon-button" data-testid="theme-toggle" aria-label={dark ? 'Use the light theme' : 'Use the dark theme'} title={dark ? 'Light theme' : 'Dark theme'} onClick={() => choose(dark ? 'light' : 'dark')}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
      </svg>
    </button>
  );
}
