// What a click on a chart sets: `on_click.set` maps parameters to "$x", "$y", "$color" or a fixed text. Pure.
import type { Chart } from '../api/types';
import type { Selection } from '../charts/option/drawing';
import { ALL, data_query, is_all, period_range, range_of, values_of, with_values, type Parameters } from './parameters';

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
  const name = wanted.slice(1) as 'x' | 'y' | 'color' | 'facet';
  const key = selection[name];
  if (key === null || key === undefined) return null;
  const grain = name === 'x' ? selection.x_grain : name === 'y' ? selection.y_grain : undefined;
  if (typeof key === 'number' && grain) {
    const range = period_range(key, grain);
    return type === 'date_range' ? range : range.slice(0, 10);
  }
  return String(key);
}

// The parameters that a click on this chart sets and that somebody has set: its own picture is drawn without them, so that there is
// something left to click.
export function own_choices(chart: Chart, params: Parameters, search: string): string[] {
  const given = new URLSearchParams(search);
  return Object.entries(chart.on_click?.set ?? {}).flatMap(([name, wanted]) => (wanted.startsWith('$') && params[name] && given.has(name) ? [name] : []));
}

// What the server is told for the chart's own picture.
export function own_query(chart: Chart, params: Parameters, search: string): string {
  const parts = new URLSearchParams(search);
  for (const name of own_choices(chart, params, search)) parts.delete(name);
  return data_query(params, parts.toString());
}

// Tells of what a mark stands for whether the parameters have chosen it; null when nothing of this chart is chosen.
export function chosen_by(chart: Chart, params: Parameters, search: string): ((selection: Selection) => boolean) | null {
  const choices = own_choices(chart, params, search).flatMap((name) => {
    const values = values_of(name, params[name]!, search);
    return is_all(values) ? [] : [{ wanted: chart.on_click!.set[name]!, type: params[name]!.type, values: new Set(values) }];
  });
  if (choices.length === 0) return null;
  return (selection) =>
    choices.every(({ wanted, type, values }) => {
      const value = click_value(wanted, selection, type);
      return value !== null && (values.has(value) || (type === 'date_range' && [...values].some((range) => is_inside(value, range))));
    });
}

function is_inside(value: string, range: string): boolean {
  const [inner, outer] = [range_of(value), range_of(range)];
  return inner !== null && outer !== null && (outer.from === '' || inner.from >= outer.from) && (outer.to === '' || inner.to <= outer.to);
}
