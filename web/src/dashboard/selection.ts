// What a click on a chart sets: `on_click.set` maps parameters to "$x", "$y", "$color" or a fixed text. Pure.
import type { Chart } from '../api/types';
import type { Selection } from '../charts/option/drawing';
import { ALL, period_range, values_of, with_values, type Parameters } from './parameters';

// The address after the click, or null when the click means nothing. A second click on the same value takes it back.
export function search_after_click(chart: Chart, selection: Selection, params: Parameters, search: string): string | null {
  let next: string | null = null;
  for (const [name, wanted] of Object.entries(chart.on_click?.set ?? {})) {
    const parameter = params[name];
    const value = click_value(wanted, selection, parameter?.type ?? 'text');
    if (!parameter || value === null) continue;
    const before = next ?? search;
    const current = values_of(name, parameter, before);
    const again = current.length === 1 && current[0] === value;
    next = with_values(before, name, parameter, again ? (parameter.type === 'enum' || parameter.type === 'date_range' ? [ALL] : []) : [value]);
  }
  return next;
}

function click_value(wanted: string, selection: Selection, type: string): string | null {
  if (!wanted.startsWith('$')) return wanted;
  const key = selection[wanted.slice(1) as 'x' | 'y' | 'color' | 'facet'];
  if (key === null || key === undefined) return null;
  if (typeof key === 'number' && selection.x_grain && wanted === '$x') {
    const range = period_range(key, selection.x_grain);
    return type === 'date_range' ? range : range.slice(0, 10);
  }
  return String(key);
}

// The values that parameters set by this chart hold now: they are shown as chosen.
export function selected_values(chart: Chart, params: Parameters, search: string): string[] {
  const values: string[] = [];
  for (const [name, wanted] of Object.entries(chart.on_click?.set ?? {})) {
    const parameter = params[name];
    if (!parameter || wanted !== '$x') continue;
    values.push(...values_of(name, parameter, search).filter((value) => value !== ALL));
  }
  return values;
}
