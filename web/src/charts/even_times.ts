// Bars over time stand at even steps: a month without rows has an empty place, so that its neighbours do not look like neighbours in time.
import type { Key } from './aggregate';
import { key_text, type CategoryAxis, type SeriesModel } from './model';

// So many places are always worth their room; beyond, only where at least one in SPARSE has a bar.
const PLACES_ALWAYS = 60;
const SPARSE = 4;

const divisor = (one: number, other: number): number => (other === 0 ? one : divisor(other, one % other));
const month_of = (ms: number) => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth();

// The times from the first to the last in steps that meet all of them, in their order; null when they are in no order of time.
function steps_of(times: number[], by_month: boolean): { count: number; at: (index: number) => number } | null {
  const places = by_month ? times.map(month_of) : times;
  const sign = places[1]! > places[0]! ? 1 : -1;
  let step = 0;
  for (let at = 1; at < places.length; at += 1) {
    const distance = (places[at]! - places[at - 1]!) * sign;
    if (distance <= 0) return null;
    step = divisor(distance, step);
  }
  const first = places[0]!;
  const at = (index: number) => {
    const place = first + sign * index * step;
    return by_month ? Date.UTC(Math.floor(place / 12), ((place % 12) + 12) % 12) : place;
  };
  return { count: Math.abs(places.at(-1)! - first) / step + 1, at };
}

// `places_max`: how many bars there is room for. What has too many holes stays as it is, and a caption says so.
export function with_even_times(model: SeriesModel, places_max: number): SeriesModel {
  const { x } = model;
  const times = x.keys.filter((key) => typeof key === 'number');
  if (x.kind !== 'time' || times.length < 2 || times.length < x.keys.length) return model;
  const by_month = ['month', 'quarter', 'year'].includes(x.grain);
  const steps = steps_of(times, by_month);
  if (!steps || steps.count === times.length) return model;
  if (steps.count > Math.min(places_max, Math.max(PLACES_ALWAYS, times.length * SPARSE))) {
    return { ...model, captions: [...model.captions, 'times without rows take no room'] };
  }
  const known = new Map(times.map((time, at) => [time, at]));
  const keys = Array.from({ length: steps.count }, (_, index) => steps.at(index));
  if (keys.filter((key) => known.has(key)).length < times.length) return model;  // years before 100, which dates read otherwise
  const from = keys.map((key) => known.get(key));
  return {
    ...model,
    x: { ...x, keys: keys as Key[], labels: keys.map((key, at) => (from[at] === undefined ? empty_label(x, key) : x.labels[from[at]]!)) },
    series: model.series.map((one) => ({
      ...one,
      values: from.map((at) => (at === undefined ? null : one.values[at]!)),
      exact: from.map((at) => (at === undefined ? null : (one.exact[at] ?? null))),
    })),
  };
}

const empty_label = (x: CategoryAxis, key: Key) => key_text(key, x.kind, null, x.grain);
