// What a drawing looks like: greys on paper, and the three colours that mean something.
export interface Look {
  dark: boolean;
  surface: string;
  ink: string;
  ink_soft: string;
  ink_faint: string;
  line: string;
  mark: string;
  mark_pale: string;
  highlight: string;
  good: string;
  bad: string;
  font: string;
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif';

export const LIGHT: Look = {
  dark: false,
  surface: '#ffffff',
  ink: '#1b1b1b',
  ink_soft: '#5a5a5a',
  ink_faint: '#8b8b8b',
  line: '#e6e6e6',
  mark: '#4d4d4d',
  mark_pale: '#c9c9c9',
  highlight: '#1f5fbf',
  good: '#1b7a48',
  bad: '#b6382e',
  font: FONT,
};

export const DARK: Look = {
  dark: true,
  surface: '#1c1c1c',
  ink: '#ededed',
  ink_soft: '#a8a8a8',
  ink_faint: '#7d7d7d',
  line: '#303030',
  mark: '#b9b9b9',
  mark_pale: '#4a4a4a',
  highlight: '#7db0ff',
  good: '#5cc48d',
  bad: '#f08578',
  font: FONT,
};

// `count` greys that stay apart from each other and from the paper; the first is the strongest.
export function greys(look: Look, count: number): string[] {
  const [strong, weak] = look.dark ? [232, 84] : [38, 200];
  return Array.from({ length: count }, (_, index) => {
    const portion = count <= 1 ? 0.22 : index / (count - 1);
    const level = Math.round(strong + (weak - strong) * portion);
    return `rgb(${level},${level},${level})`;
  });
}
