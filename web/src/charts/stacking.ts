// Whether the values of a chart may be put on top of each other: only what adds up may.
import type { Encoding } from '../api/types';
import { aggregate_of } from './aggregate';
import { encoding_of, encodings_of, key_label, type ChartInput } from './encoding';

const AVERAGE_WORDS = /\b(average|averages|averaged|avg|mean|means|median|medians|percentile|quantile|p\d\d|minimum|maximum|lowest|highest)\b/;

const words_of = (text: string) => text.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase().replace(/[_-]+/g, ' ');

const PLURALS: Record<string, string> = { mean: 'Averages', avg: 'Averages', median: 'Medians', min: 'Lowest values', max: 'Highest values' };

// What values of `encoding` are when they do not add up ("Averages"), null when they do. The page knows the aggregate, the name, the label
// and the SQL that makes the column.
export function not_additive(encoding: Encoding, input: Pick<ChartInput, 'notes' | 'sql'>): string | null {
  if (encoding.aggregate) {
    const named = PLURALS[encoding.aggregate];
    if (named) return named;
    if (encoding.aggregate !== 'sum') return null;
  }
  if (!encoding.field) return null;
  const said = AVERAGE_WORDS.exec(`${words_of(encoding.field)} ${words_of(key_label(encoding, input.notes))}`)?.[0];
  // "min" and "max" begin what is least and most; at the end "min" is minutes.
  const extreme = /^(min|max) \w/.exec(words_of(encoding.field))?.[1];
  const computed = input.sql ? sql_aggregate(input.sql, encoding.field) : null;
  const how = said ?? extreme ?? computed;
  if (!how) return null;
  return /^medi/.test(how) ? PLURALS.median! : /^(min|low)/.test(how) ? PLURALS.min! : /^(max|high)/.test(how) ? PLURALS.max! : /^(p\d|perc|quant)/.test(how) ? 'Percentiles' : PLURALS.mean!;
}

// The averaging function in the expression that the SQL calls `name`: "round(avg(delay), 1) AS delay" → "avg". Null when there is none, or
// when the expression cannot be found.
export function sql_aggregate(sql: string, name: string): string | null {
  const plain = sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ').replace(/'(?:[^']|'')*'/g, "''");
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  for (const found of plain.matchAll(new RegExp(`\\bas\\s+(?:"${escaped}"|\`${escaped}\`|${escaped}(?![\\w$]))`, 'gi'))) {
    let depth = 0;
    let at = found.index - 1;
    for (; at >= 0; at -= 1) {
      const letter = plain[at]!;
      if (letter === ')') depth += 1;
      else if (letter === '(') depth -= 1;
      if (depth < 0 || (depth === 0 && (letter === ',' || /^select\b/i.test(plain.slice(at, at + 7))))) break;
    }
    const expression = plain.slice(at + 1, found.index);
    const how = /\b(avg|mean|median|min|max|quantile(?:_cont|_disc)?|approx_quantile|approx_quantiles|percentile_cont|percentile_disc)\s*\(/i.exec(expression)?.[1]?.toLowerCase();
    // avg(x) * count(*) and sums of averages are sums again; the greatest of two columns of a row is no aggregate of rows.
    if (how && !/\b(sum|count)\s*\(/i.test(expression)) return how;
  }
  return null;
}

export interface Stacking {
  stacked: boolean;
  // Each value as its share of what stands at the same place.
  shares: boolean;
  caption: string | null;
}

export function stacking_of(input: ChartInput): Stacking {
  const { chart } = input;
  const x = encoding_of(chart.x);
  const color = encoding_of(chart.color);
  const colored = color !== null && !color.aggregate && !(color.field === x?.field && !color.time_unit && !x?.time_unit);
  const measures = encodings_of(chart.y);
  const several = colored || measures.length > 1;
  const shares = chart.stack === 'normalize';
  const wanted = chart.stack !== 'none' && (chart.mark === 'stacked_bar' || chart.mark === 'area' || (chart.mark === 'bar' && color !== null));
  if (!several || !(wanted || shares)) return { stacked: wanted, shares, caption: null };
  const what = measures.map((measure) => not_additive(measure, input)).find((one) => one !== null);
  if (!what) return { stacked: wanted, shares, caption: null };
  return { stacked: false, shares: false, caption: `${what} do not add up: ${chart.mark === 'area' ? 'drawn as lines' : 'side by side'}, not stacked` };
}

// Whether values without a name for how they are made may be added: aggregate_of says sum, and nothing says average.
export const adds_up = (encoding: Encoding, input: Pick<ChartInput, 'notes' | 'sql'>) =>
  ['sum', 'count'].includes(aggregate_of(encoding)) && not_additive(encoding, input) === null;
