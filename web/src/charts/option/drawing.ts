// What every drawer returns, and the small parts they share.
import type { EChartsOption } from 'echarts';
import type { Key } from '../aggregate';
import type { ChartInput, MeasureNote } from '../encoding';
import { format_measure, format_tick, isolate, truncate_text, type TimeGrain } from '../format';
import type { Look } from '../look';

// The same facts as the picture, for people who do not see it.
export interface TableAlternative {
  columns: string[];
  rows: string[][];
  // Of the whole, when `rows` are the first of more.
  row_count?: number;
}

// More rows than these are read in the CSV or with “Show as table”.
export const TABLE_ROWS_MAX = 100;

// What a click on the drawing means: the key behind each encoding. `unit` widens a time to the period it stands for.
export interface Selection {
  x?: Key;
  y?: Key;
  color?: Key;
  facet?: Key;
  x_grain?: TimeGrain;
  y_grain?: TimeGrain;
}

export interface Drawing {
  option: EChartsOption;
  // The height that the drawing needs when that is more than its card offers.
  height: number | null;
  // Places, in pixels from the top, where a page may end without cutting anything in two.
  breaks?: number[];
  captions: string[];
  table: TableAlternative;
  // Reads a click of the chart library.
  selection: (click: { seriesIndex?: number; dataIndex?: number; data?: unknown }) => Selection | null;
  geometry?: 'us' | 'world';
}

export interface DrawContext {
  input: ChartInput;
  look: Look;
  width: number;
  height: number;
  // Values that a parameter holds at the moment, to be shown as chosen.
  selected: ReadonlySet<string>;
  // Shared by the panels of a facet, so that they can be compared.
  y_extent?: [number, number] | undefined;
}

export function escape_html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export interface TooltipRow {
  color?: string | undefined;
  name: string;
  value: string;
}

export const TOOLTIP_ROWS_MAX = 12;

export function tooltip_html(look: Look, title: string, rows: TooltipRow[]): string {
  const shown = rows.slice(0, TOOLTIP_ROWS_MAX).map(({ color, name, value }) => {
    const dot = color ? `<span style="display:inline-block;width:8px;height:8px;border-radius:2px;margin-right:6px;background:${escape_html(color)}"></span>` : '';
    return `<tr><td style="padding:0 16px 0 0;color:${look.ink_soft}">${dot}<bdi>${escape_html(truncate_text(name, 40))}</bdi></td><td style="text-align:right;font-weight:600;padding:0">${escape_html(value)}</td></tr>`;
  });
  const more = rows.length > TOOLTIP_ROWS_MAX ? `<div style="color:${look.ink_faint}">and ${rows.length - TOOLTIP_ROWS_MAX} more</div>` : '';
  const head = title ? `<div style="margin-bottom:4px;color:${look.ink}" dir="auto">${escape_html(truncate_text(title, 60))}</div>` : '';
  return `<div style="font-variant-numeric:tabular-nums">${head}<table style="border-collapse:collapse">${shown.join('')}</table>${more}</div>`;
}

export function base_option(look: Look): EChartsOption {
  return {
    animationDuration: 250,
    animationDurationUpdate: 200,
    useUTC: true,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: look.font, color: look.ink_soft, fontSize: 12 },
    aria: { enabled: false },
  };
}

export function tooltip_base(look: Look) {
  return {
    confine: true,
    backgroundColor: look.dark ? '#262626' : '#ffffff',
    borderColor: look.dark ? '#444' : '#d4d4d4',
    borderWidth: 1,
    padding: [8, 12] as [number, number],
    textStyle: { color: look.ink, fontSize: 12, fontFamily: look.font },
    extraCssText: 'box-shadow:0 2px 8px rgba(0,0,0,.12);border-radius:4px;',
    transitionDuration: 0,
  };
}

export function value_axis(look: Look, note: MeasureNote | undefined, extra: object = {}) {
  return {
    type: 'value' as const,
    axisLine: { show: false },
    axisTick: { show: false },
    splitNumber: 4,
    splitLine: { lineStyle: { color: look.line, width: 1 } },
    axisLabel: {
      color: look.ink_faint,
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number) => format_tick(value, note),
    },
    ...extra,
  };
}

// Parts of a hundred end at a hundred: an axis that has to reach 97 % goes to 100 %, not to 120 %.
export function share_bounds(note: MeasureNote | undefined, low: number, high: number, scaled = false): object {
  const whole = note?.format?.includes('%') ? 1 : note?.unit === '%' ? 100 : null;
  return whole !== null && low >= 0 && high <= whole * (1 + 1e-9) && high > whole * 0.8 ? { max: whole, ...(scaled ? {} : { interval: whole / 4 }) } : {};
}

// Pointing at a place shows its values; only pointing at a mark itself lights that mark up.
export function axis_line(look: Look) {
  return { axisPointer: { triggerEmphasis: false }, axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false } };
}

export function legend_base(look: Look, names: string[], colors: string[]) {
  return {
    type: 'scroll' as const,
    top: 0,
    left: 0,
    itemWidth: 10,
    itemHeight: 10,
    itemGap: 14,
    icon: 'roundRect',
    textStyle: { color: look.ink_soft, fontSize: 11 },
    pageIconColor: look.ink_soft,
    pageIconInactiveColor: look.line,
    pageTextStyle: { color: look.ink_faint, fontSize: 11 },
    data: names.map((name, index) => ({ name, itemStyle: { color: colors[index] ?? look.mark, opacity: 1 } })),
    formatter: (name: string) => isolate(truncate_text(name, 24)),
  };
}

export const measure_text = (value: number | null | undefined, note: MeasureNote | undefined) => format_measure(value ?? null, note ?? {});

// Wide enough for `text` in the 11 px system font; measuring exactly would need a canvas here.
export const text_width = (text: string) => text.length * 6.2;
export const longest = (texts: string[]) => texts.reduce((most, text) => Math.max(most, text.length), 0);
