import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerData, Chart } from '../../api/types';
import { ambiguous_columns, columns_without_numbers, type ChartInput, type ColumnNotes } from '../encoding';
import { notes_with_identities } from '../identity';
import { DARK, LIGHT } from '../look';
import { facet_panels, panel_order, series_model } from '../model';
import { sparkline_path, sparkline_points } from '../sparkline';
import { stacking_of } from '../stacking';
import { drawer_of } from '.';
import { cartesian_model, over_times, shared_extent, time_tick } from './cartesian';
import type { Drawing } from './drawing';

type Option = { series: any[]; xAxis: any; yAxis: any; legend?: any; title?: any; tooltip: any };

function input_of(chart: Partial<Chart>, names: [string, string][], rows: AnswerData['rows'], notes: ColumnNotes = {}): ChartInput {
  const data = { columns: names.map(([name, type]) => ({ name, type })), rows } as AnswerData;
  return { chart: { query: 'q', mark: 'bar', ...chart } as Chart, data, compare: null, notes: notes_with_identities(notes, data) };
}

function draw(input: ChartInput, extra = {}): Drawing & { option: Option } {
  return drawer_of(input.chart.mark)!({ input, look: LIGHT, width: 800, height: 300, selected: new Set(), ...extra }) as Drawing & { option: Option };
}

const days = (count: number) => Array.from({ length: count }, (_, at) => new Date(Date.UTC(2015, 0, 1 + at)).toISOString().slice(0, 10));

test('a line of 3,000 days is thinned to its pixels and ends where the data ends', () => {
  const rows = days(3000).map((day, at) => [day, at === 1500 ? 9999 : at % 7]);
  for (const mark of ['line', 'area', 'bar'] as const) {
    const { option, captions } = draw(input_of({ mark, x: 'd', y: 'v' }, [['d', 'date'], ['v', 'integer']], rows));
    const points = option.series[0].data.map((one: any) => one.value);
    assert.ok(points.length < 3000 && points.length > 400, `${mark}: ${points.length}`);
    assert.deepEqual(points.at(-1), [Date.UTC(2015, 0, 3000), 2999 % 7]);
    assert.ok(points.some((point: number[]) => point[1] === 9999));
    assert.deepEqual(captions, mark === 'bar' ? ['3,000 bars, drawn as an area'] : []);
  }
});

test('with colours, each line and all layers of a stack keep the latest days', () => {
  const rows = days(2000).flatMap((day, at) => ['a', 'b', 'c'].map((k, index) => [day, k, at + index]));
  for (const mark of ['line', 'area'] as const) {
    const { option } = draw(input_of({ mark, x: 'd', y: 'v', color: 'k' }, [['d', 'date'], ['k', 'text'], ['v', 'integer']], rows));
    assert.deepEqual(option.series.map((one) => one.data.at(-1).value[1]), [2001, 2000, 1999]);
    if (mark === 'area') assert.equal(new Set(option.series.map((one) => one.data.length)).size, 1);
  }
});

test('the tooltip of a thinned line says the value of the very time', () => {
  const input = input_of({ mark: 'line', x: 'd', y: 'v' }, [['d', 'date'], ['v', 'integer']], days(3000).map((day, at) => [day, at]));
  const html = draw(input).option.tooltip.formatter([{ seriesIndex: 0, dataIndex: 3, axisValue: Date.UTC(2015, 0, 1235) }]);
  assert.match(html, /1,234/);
});

test('a sparkline of any length has its ends, its peaks and its gaps', () => {
  const rows = days(5000).map((day, at) => [day, at === 2500 ? 99 : at > 3000 && at < 3500 ? null : 1]);
  const input = input_of({ mark: 'sparkline', x: 'd', y: 'v' }, [['d', 'date'], ['v', 'integer']], [...rows, [null, 7]]);
  const model = series_model(input, { stacked: false, measured: true });
  const path = sparkline_path(sparkline_points(model));
  assert.equal(path.match(/M/g)!.length, 2);
  assert.ok(path.startsWith('M3.0,') && path.includes(',3.0') && path.length < 20_000);
  assert.match(path, /297\.0,57\.0$/);
  assert.deepEqual(model.captions, ['1 row without d (7)']);
});

const gaps: [string, string][] = [['d', 'date'], ['k', 'text'], ['v', 'integer']];
const gap_rows = [['2024-01-01', 'a', 5], ['2024-01-02', 'a', null], ['2024-01-01', 'b', 2], ['2024-01-03', 'b', 3]];

test('what a stack does not know is a gap in its drawing, its table and its tooltip', () => {
  for (const mark of ['stacked_bar', 'area'] as const) {
    for (const stack of [undefined, 'normalize'] as const) {
      const drawing = draw(input_of({ mark, x: 'd', y: 'v', color: 'k', ...(stack ? { stack } : {}) }, gaps, gap_rows));
      assert.deepEqual(drawing.table.rows.map((row) => row[1]), [stack ? '71.4%' : '5', '–', '–']);
      const values = drawing.option.series[0].data.map((one: any) => (Array.isArray(one.value) ? one.value[1] : one.value));
      assert.deepEqual(values.slice(1), [null, null]);
      assert.match(drawing.option.tooltip.formatter([{ seriesIndex: 0, dataIndex: 1, axisValue: Date.UTC(2024, 0, 2) }]), /–/);
    }
  }
});

test('shares end at 100 %, in facets as well', () => {
  const { option } = draw(input_of({ mark: 'stacked_bar', x: 'd', y: 'v', color: 'k', stack: 'normalize' }, gaps, gap_rows));
  assert.deepEqual([option.yAxis.min, option.yAxis.max, option.yAxis.axisLabel.formatter(0.75)], [0, 1, '75%']);
  assert.deepEqual(shared_extent([input_of({ mark: 'stacked_bar', x: 'd', y: 'v', color: 'k', stack: 'normalize' }, gaps, gap_rows)]), [0, 1]);
  const shares = draw(input_of({ mark: 'bar', x: 'k', y: 'v' }, [['k', 'text'], ['v', 'number'], ['z', 'text']], Array.from({ length: 14 }, (_, at) => [`k${at}`, 97 - at, '']), { v: { unit: '%' } })).option;
  assert.equal(shares.yAxis.max, 100);
});

test('the panels of a facet are as high as the highest whole stack, below zero as well', () => {
  const rows = ['F1', 'F2'].flatMap((f) => ['jan', 'feb'].flatMap((m) => [['x', 100], ['y', 100], ['z', 100], ['u', -50], ['w', -150]].map(([k, v]) => [f, m, k, v]))) as AnswerData['rows'];
  const input = input_of({ x: 'm', y: 'v', color: 'k', facet: 'f' }, [['f', 'text'], ['m', 'text'], ['k', 'text'], ['v', 'integer']], rows);
  const panels = facet_panels(input).panels.map((panel) => ({ ...input, data: panel.data, chart: { ...input.chart, facet: null } }));
  assert.deepEqual(shared_extent(panels), [-200, 400]);
});

test('one category has one shade in all panels', () => {
  const rows = [['F1', 'jan', 'x', 1], ['F1', 'jan', 'y', 9], ['F2', 'jan', 'z', 5], ['F2', 'jan', 'x', 7], ['F2', 'jan', 'w', 2]];
  const input = input_of({ x: 'm', y: 'v', color: 'k', facet: 'f' }, [['f', 'text'], ['m', 'text'], ['k', 'text'], ['v', 'integer']], rows);
  const together = { ...input, chart: { ...input.chart, facet: null } };
  const like = panel_order(cartesian_model(together, stacking_of(together), false));
  const shades = facet_panels(input).panels.map((panel) => {
    const { option } = draw({ ...together, data: panel.data, like });
    return Object.fromEntries(option.series.map((one) => [one.name, one.itemStyle.color]));
  });
  assert.deepEqual(shades[0], shades[1]);
  assert.equal(new Set(Object.values(shades[0]!)).size, 4);
});

test('the panels of a facet over many days keep the latest of them, and few days are the same bars in each', () => {
  const of = (count: number) => {
    const input = input_of({ x: 'd', y: 'v', facet: 'f' }, [['d', 'date'], ['f', 'text'], ['v', 'integer']], days(count).flatMap((day, at) => (at % 2 ? [[day, 'F1', at]] : [[day, 'F1', at], [day, 'F2', at]])));
    const together = { ...input, chart: { ...input.chart, facet: null } };
    const like = panel_order(cartesian_model(together, stacking_of(together), over_times(together)));
    return facet_panels(input).panels.map((panel) => draw({ ...together, data: panel.data, like }).option);
  };
  assert.deepEqual(of(1001).map((option) => option.series[0].data.at(-1).value), Array(2).fill([Date.UTC(2015, 0, 1001), 1000]));
  assert.deepEqual(of(5).map((option) => option.series[0].data.map((one: any) => one.value)), [[0, 1, 2, 3, 4], [0, null, 2, null, 4]]);
});

test('means are side by side, in bars and in areas', () => {
  const rows = [['a', 'x', 10], ['a', 'y', 20], ['b', 'x', 30], ['b', 'y', 40]];
  for (const aggregate of ['mean', 'median', 'max'] as const) {
    const { option, captions } = draw(input_of({ x: 'm', y: { field: 'v', aggregate }, color: 'k' }, [['m', 'text'], ['k', 'text'], ['v', 'integer']], rows));
    assert.ok(option.series.every((one) => !one.stack));
    assert.match(captions.join(), /not stacked/);
  }
  const area = draw(input_of({ mark: 'area', x: 'm', y: 'avg_v', color: 'k' }, [['m', 'text'], ['k', 'text'], ['avg_v', 'integer']], rows)).option;
  assert.ok(area.series.every((one) => !one.stack && !one.areaStyle));
});

test('a donut of parts below zero, and a pie of averages, are bars that say why', () => {
  const rows = [['sales', 500], ['fees', 100], ['refunds', -200]];
  const donut = draw(input_of({ mark: 'donut', x: 'k', y: 'v' }, [['k', 'text'], ['v', 'integer']], rows));
  assert.deepEqual(donut.option.series[0].type, 'bar');
  assert.deepEqual(donut.captions, ['refunds is below zero, which has no slice: drawn as bars']);
  assert.deepEqual(donut.table.rows, [['sales', '500'], ['fees', '100'], ['refunds', '−200']]);
  const pie = draw(input_of({ mark: 'pie', x: 'k', y: { field: 'v', aggregate: 'mean' } }, [['k', 'text'], ['v', 'integer']], rows.slice(0, 2)));
  assert.match(pie.captions.join(), /Averages are not parts of a whole/);
});

test('the whole of a donut counts every part, however many there are', () => {
  const rows = Array.from({ length: 900 }, (_, at) => [`k${at}`, 1]);
  const { option } = draw(input_of({ mark: 'donut', x: 'k', y: 'v' }, [['k', 'text'], ['v', 'integer']], rows));
  assert.equal(option.title.text, '900');
  assert.equal(option.series[0].data.at(-1).name, 'Other (893)');
});

test('years and ids have no separator, on the axis, in the tooltip and in the table', () => {
  for (const mark of ['line', 'scatter'] as const) {
    const { option } = draw(input_of({ mark, x: 'year', y: 'v' }, [['year', 'integer'], ['v', 'integer']], [[2021, 5], [2022, 6]]));
    assert.equal(option.xAxis.axisLabel.formatter(2022, 1), '2022');
  }
  const bars = draw(input_of({ x: 'station', y: 'v' }, [['station', 'integer'], ['v', 'integer']], [[10173, 5], [2, 6]]));
  assert.deepEqual(bars.option.xAxis.data, ['2', '10173']);
  assert.equal(bars.table.rows[1]![0], '10173');
});

test('the numbers at the bars have their unit and equal digits', () => {
  const rows = [['a', 40_512_345], ['b', 3_200_000], ['c', 1_250_000]];
  const of = (unit: string) => {
    const { option } = draw(input_of({ x: 'k', y: 'v' }, [['k', 'text'], ['v', 'integer']], rows, { v: { unit } }));
    return [0, 1, 2].map((dataIndex) => option.series[0].label.formatter({ dataIndex }));
  };
  assert.deepEqual(of('$'), ['$40.5M', '$3.2M', '$1.3M']);
  assert.deepEqual(of('km'), ['40.5M', '3.2M', '1.3M']); // the unit stands under the title
});

test('the edges of bins have equal digits and are short where they are long', () => {
  const edges = (values: number[]) => draw(input_of({ mark: 'histogram', x: 'x' }, [['x', 'number']], values.map((value) => [value]))).option.xAxis.data as string[];
  assert.deepEqual(new Set(edges(Array.from({ length: 50 }, (_, at) => 1 + at / 10)).map((text) => text.split('.')[1]?.length)), new Set([2]));
  assert.ok(edges(Array.from({ length: 50 }, (_, at) => at * 2e6)).every((text) => text === '0' || text.endsWith('M')));
});

test('the first tick of a time axis says the year, and times of day their day', () => {
  const day = Date.UTC(2024, 2, 3);
  const short = time_tick([day + 8 * 3_600_000, day + 40 * 3_600_000]);
  assert.deepEqual([short(day + 8 * 3_600_000, 0), short(day + 12 * 3_600_000, 1), short(day + 24 * 3_600_000, 2)], ['3 Mar 2024, 08:00', '12:00', '4 Mar']);
  const long = time_tick([Date.UTC(2024, 0, 1), Date.UTC(2024, 5, 1)]);
  assert.deepEqual([long(Date.UTC(2024, 0, 1), 0), long(Date.UTC(2024, 1, 1), 1)], ['Jan 2024', 'Feb']);
});

test('bars of times of day say the time, and the day where it begins', () => {
  const rows = ['2024-03-03T22:30:00Z', '2024-03-03T23:30:00Z', '2024-03-04T00:30:00Z'].map((time, at) => [time, at]);
  const { option } = draw(input_of({ x: 't', y: 'v' }, [['t', 'timestamp'], ['v', 'integer']], rows));
  assert.deepEqual(option.xAxis.data.map((label: string, at: number) => option.xAxis.axisLabel.formatter(label, at)), ['22:30\n3 Mar 2024', '23:30', '00:30\n4 Mar']);
});

test('the United States are on the world map, what is not on it is named, and two names are one country', () => {
  const rows = [['US', 330], ['UK', 60], ['United Kingdom', 7], ['Atlantis', 1], ['Singapore', 6], [null, 2]];
  const { option, captions, geometry } = draw(input_of({ mark: 'map', x: 'country', y: 'v' }, [['country', 'text'], ['v', 'integer']], rows));
  assert.equal(geometry, 'world');
  assert.deepEqual(option.series[0].data, [{ name: 'United States', value: 330 }, { name: 'United Kingdom', value: 67 }]);
  assert.deepEqual(captions, ['not on this map: Atlantis, Singapore', '1 row without country']);
});

test('"CA" is Canada among countries and California among states', () => {
  const of = (values: string[], name: string) => draw(input_of({ mark: 'map', x: name, y: 'v' }, [[name, 'text'], ['v', 'integer']], values.map((value) => [value, 1]))).geometry;
  assert.deepEqual([of(['CA', 'FR', 'DE', 'US'], 'place'), of(['CA', 'TX', 'NY'], 'place'), of(['CA', 'IN'], 'country_code'), of(['CA', 'IN'], 'state')], ['world', 'us', 'world', 'us']);
});

test('rows without a place or a value are counted in a caption', () => {
  const rows = [[1, 2], [null, 3], [4, null]];
  const columns: [string, string][] = [['x', 'number'], ['y', 'number']];
  assert.deepEqual(draw(input_of({ mark: 'scatter', x: 'x', y: 'y' }, columns, rows)).captions, ['2 rows without x or y']);
  assert.deepEqual(draw(input_of({ mark: 'histogram', x: 'x' }, columns, rows)).captions, ['1 row without x']);
});

test('a name that stands for two columns is nobody\'s guess', () => {
  const columns: [string, string][] = [['id', 'integer'], ['name', 'text'], ['a_id', 'integer'], ['name', 'text']];
  assert.deepEqual(ambiguous_columns(input_of({ mark: 'table', columns: ['name'] }, columns, [])), ['name']);
  assert.deepEqual(ambiguous_columns(input_of({ mark: 'table' }, columns, [])), ['name']);
  assert.deepEqual(ambiguous_columns(input_of({ mark: 'table', columns: ['id'] }, columns, [])), []);
});

test('what is measured and holds no number is named instead of drawn as nothing', () => {
  const columns: [string, string][] = [['genre', 'text'], ['movies', 'integer'], ['price', 'decimal'], ['none', 'text']];
  const rows = [['Drama', 789, '1.50', null], ['Comedy', 675, '2.25', null]];
  const named = (chart: Partial<Chart>) => columns_without_numbers(input_of(chart, columns, rows));
  assert.deepEqual(named({ mark: 'bar', x: 'movies', y: 'genre' }), ['genre']);
  assert.deepEqual(named({ mark: 'line', x: 'movies', y: ['movies', { field: 'genre', aggregate: 'mean' }] }), ['genre']);
  for (const y of ['movies', 'price', 'none', { field: 'genre', aggregate: 'count_distinct' as const }]) assert.deepEqual(named({ mark: 'bar', x: 'genre', y }), []);
  assert.deepEqual(named({ mark: 'heatmap', x: 'movies', y: 'genre' }), []);
});

test('more than three categories have colours, in both themes', () => {
  const rows = ['a', 'b', 'c', 'd', 'e'].map((k, at) => ['jan', k, at + 1]);
  for (const look of [LIGHT, DARK]) {
    const { option } = draw(input_of({ x: 'm', y: 'v', color: 'k' }, [['m', 'text'], ['k', 'text'], ['v', 'integer']], rows), { look });
    assert.deepEqual(option.series.map((one) => one.itemStyle.color), look.categories.slice(0, 5));
  }
});
