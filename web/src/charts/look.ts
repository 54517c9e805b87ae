// What a drawing looks like: greys on paper, the three colours that mean something, and the colours that tell more than three things apart.
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
  greys: readonly (readonly string[])[];
  categories: readonly string[];
  // From the least to the most of a measure.
  ramp: readonly [string, string];
  font: string;
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif';

// All text stands out from the surface by 4.5:1 or more, each shade by 3:1, neighbouring greys by 2.2:1. The categorical colours are
// chosen for people who see no red, no green or no blue as well: look.test.ts simulates them.
export const LIGHT: Look = {
  dark: false,
  surface: '#ffffff',
  ink: '#1b1b1b',
  ink_soft: '#565656',
  ink_faint: '#6f6f6f',
  line: '#e6e6e6',
  mark: '#4d4d4d',
  mark_pale: '#c9c9c9',
  highlight: '#1f5fbf',
  good: '#1b7a48',
  bad: '#b6382e',
  greys: [['#4d4d4d'], ['#333333', '#949494'], ['#1f1f1f', '#595959', '#949494']],
  categories: ['#2e3f8d', '#528ed9', '#7b1f45', '#d87495', '#a44c1d', '#3f3106', '#3f746a', '#82972f'],
  ramp: ['#dcdcdc', '#262626'],
  font: FONT,
};

export const DARK: Look = {
  dark: true,
  surface: '#1c1c1c',
  ink: '#ededed',
  ink_soft: '#b0b0b0',
  ink_faint: '#8f8f8f',
  line: '#303030',
  mark: '#b9b9b9',
  mark_pale: '#4a4a4a',
  highlight: '#7db0ff',
  good: '#5cc48d',
  bad: '#f08578',
  greys: [['#b9b9b9'], ['#dedede', '#6e6e6e'], ['#fafafa', '#a6a6a6', '#686868']],
  categories: ['#39abab', '#88edda', '#857fd7', '#f9d46b', '#9f6532', '#b7b5fc', '#007494', '#c4a032'],
  ramp: ['#3a3a3a', '#f0f0f0'],
  font: FONT,
};

// More things than these cannot be told apart by shade: the rest is pale, and is told apart by its name.
export const SHADES_MAX = 8;

// A shade for each of `count` things: up to three greys, then the categorical colours, then pale.
export function shades(look: Look, count: number): string[] {
  const from = look.greys[count - 1] ?? look.categories;
  return Array.from({ length: count }, (_, index) => from[index] ?? look.mark_pale);
}

const channel = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

export function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(Number.parseInt(color.slice(at, at + 2), 16) / 255));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

// The contrast of two colours, 1 to 21, as WCAG 2 defines it.
export function contrast(one: string, two: string): number {
  const [light, dark] = [luminance(one), luminance(two)].sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

// Text on a filled place: whichever of black and white stands out more, which is never less than 4.5:1.
export const text_on = (color: string) => (contrast(color, '#000000') >= contrast(color, '#ffffff') ? '#000000' : '#ffffff');

// The colour at `portion` of the ramp, mixed as a canvas mixes it.
export function ramp_color(look: Look, portion: number): string {
  const at = Math.min(1, Math.max(0, portion));
  return `#${[1, 3, 5]
    .map((index) => {
      const [from, to] = look.ramp.map((color) => Number.parseInt(color.slice(index, index + 2), 16));
      return Math.round(from! + (to! - from!) * at)
        .toString(16)
        .padStart(2, '0');
    })
    .join('')}`;
}

// Where the ramp starts: at the least value where all values are far from nothing, at nothing otherwise.
export function ramp_extent(values: number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low > 0 && low < high * 0.4) low = 0;
  if (high < 0 && high > low * 0.4) high = 0;
  return low === high ? [Math.min(0, low), Math.max(0, high) || 1] : [low, high];
}
