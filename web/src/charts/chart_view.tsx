import { useEffect, useMemo, useState } from 'react';
import { measure, nice_step } from './aggregate';
import { ChartCanvas } from './chart_canvas';
import { DataTable } from './data_table';
import { encoding_of, encodings_of, key_label, measure_caption, measure_note, missing_columns, type ChartInput } from './encoding';
import { humanize } from './format';
import { Kpi } from './kpi';
import { DARK, LIGHT } from './look';
import { facet_panels, series_model } from './model';
import type { Drawing, Selection, TableAlternative } from './option/drawing';
import { Sparkline } from './sparkline';

interface Props {
  input: ChartInput;
  title: string;
  dark: boolean;
  as_table: boolean;
  selected: ReadonlySet<string>;
  on_select?: ((selection: Selection) => void) | undefined;
  on_captions: (captions: string[]) => void;
}

const NO_SELECTION: ReadonlySet<string> = new Set();
const ALTERNATIVE_ROWS_MAX = 100;
const FACET_TICKS = 3;

// A chart of the document over the columns of its answer: it knows nothing of the dashboard around it.
export function ChartView({ input, title, dark, as_table, selected, on_select, on_captions }: Props) {
  const { chart, data, notes } = input;
  const look = dark ? DARK : LIGHT;
  const missing = useMemo(() => missing_columns(input), [input]);
  const [drawing, set_drawing] = useState<Drawing | null>(null);
  const captions = drawing?.captions.join(' · ') ?? '';
  useEffect(() => on_captions(captions ? captions.split(' · ') : []), [captions, on_captions]);

  if (missing.length > 0) {
    return (
      <p className="chart-note" role="note">
        The query answers without {missing.map((name) => `“${name}”`).join(', ')}. It has {data.columns.map((column) => column.name).join(', ')}.
      </p>
    );
  }
  if (chart.mark === 'kpi') return <Kpi input={input} />;
  if (chart.mark === 'table' || as_table) {
    return <DataTable data={data} columns={chart.columns} notes={notes} label={title} sort={chart.sort} limit={chart.limit} on_select={chart.mark === 'table' ? on_select : undefined} />;
  }
  if (chart.mark === 'sparkline') return <Sparkline input={input} />;
  if (encoding_of(chart.facet)) return <Facets input={input} title={title} look={look} on_select={on_select} on_captions={on_captions} />;
  return (
    <>
      <ChartCanvas input={input} look={look} label={`${title}: ${humanize(chart.mark).toLowerCase()}`} selected={selected} on_select={on_select} on_drawn={set_drawing} />
      {drawing && <HiddenTable title={title} table={drawing.table} />}
    </>
  );
}

// The panels share the scale of y, so that they can be compared at a glance.
function Facets({ input, title, look, on_select, on_captions }: { input: ChartInput; title: string; look: typeof LIGHT; on_select: Props['on_select']; on_captions: Props['on_captions'] }) {
  const { panels, caption } = useMemo(() => facet_panels(input), [input]);
  const inputs = useMemo(() => panels.map((panel) => ({ ...input, data: panel.data, chart: { ...input.chart, facet: null } })), [panels, input]);
  const y_extent = useMemo(() => shared_extent(inputs), [inputs]);
  useEffect(() => on_captions(caption ? [caption] : []), [caption, on_captions]);
  return (
    <div className="facets">
      {inputs.map((one, index) => (
        <figure key={panels[index]!.title} className="facet">
          <figcaption>{panels[index]!.title}</figcaption>
          <ChartCanvas input={one} look={look} label={`${title}, ${panels[index]!.title}`} selected={NO_SELECTION} y_extent={y_extent} on_select={on_select && ((selection) => on_select({ ...selection, facet: panels[index]!.key }))} />
        </figure>
      ))}
      <HiddenTable
        title={title}
        table={{
          columns: ['Panel', ...encodings_of(input.chart.y).map((one) => measure_note(one, input.notes).label)],
          rows: panels.map((panel) => [panel.title, ...encodings_of(input.chart.y).map((one) => String(measure(panel.data, panel.data.rows, one) ?? ''))]),
        }}
      />
    </div>
  );
}

function shared_extent(inputs: ChartInput[]): [number, number] | undefined {
  if (!['line', 'area', 'bar', 'stacked_bar', 'grouped_bar'].includes(inputs[0]?.chart.mark ?? '')) return undefined;
  let high = 0;
  let low = 0;
  for (const input of inputs) {
    const stacked = input.chart.mark === 'stacked_bar' || input.chart.mark === 'area';
    const model = series_model(input, { stacked });
    model.x.keys.forEach((_, at) => {
      const values = model.series.map((one) => one.values[at] ?? 0);
      high = Math.max(high, stacked ? values.reduce((sum, value) => sum + Math.max(0, value), 0) : Math.max(...values));
      low = Math.min(low, ...values);
    });
  }
  if (high <= low) return undefined;
  const step = nice_step(low, high, FACET_TICKS);
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

function HiddenTable({ title, table }: { title: string; table: TableAlternative }) {
  return (
    <div className="visually-hidden">
      <table data-testid="chart-data">
        <caption>{title}, as a table</caption>
        <thead>
          <tr>
            {table.columns.map((column, index) => (
              <th key={index} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, ALTERNATIVE_ROWS_MAX).map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// What the chart is called when its document does not say.
export function chart_title(id: string, input: Pick<ChartInput, 'chart' | 'notes'>): string {
  const { chart, notes } = input;
  if (chart.title) return chart.title;
  const y = encodings_of(chart.y)[0];
  const x = encoding_of(chart.x);
  if (chart.mark === 'kpi' && y) return measure_note(y, notes).label;
  if (y && x && chart.mark !== 'table') return `${measure_note(y, notes).label} by ${key_label(x, notes).toLowerCase()}`;
  return humanize(id);
}

// The measure and its unit, said under the title, so that the axes need no names.
export function chart_subtitle(title: string, input: Pick<ChartInput, 'chart' | 'notes'>): string | null {
  const { chart, notes } = input;
  if (chart.mark === 'table' || chart.mark === 'kpi') return null;
  let measures = encodings_of(chart.y);
  if (chart.mark === 'heatmap') measures = [encoding_of(chart.color) ?? encoding_of(chart.size) ?? { field: null, aggregate: 'count' as const }];
  if (chart.mark === 'histogram' && (measures.length === 0 || measures[0]?.field === encoding_of(chart.x)?.field)) {
    const x = encoding_of(chart.x) ?? measures[0];
    return x ? `Rows by ${measure_caption(measure_note({ ...x, aggregate: null, bin: null }, notes)).toLowerCase()}` : null;
  }
  if (chart.mark === 'map') measures = [encoding_of(chart.size) ?? (measures[0]?.aggregate || !chart.color ? measures[0] : encoding_of(chart.color))].filter((one) => !!one && !/^(lat|latitude)$/i.test(one.field ?? '')) as typeof measures;
  if (measures.length === 0 || measures.length > 3) return null;
  const captions = measures.map((one) => {
    const note = measure_note(chart.mark === 'box' || chart.mark === 'scatter' ? { ...one, aggregate: one.aggregate ?? null } : one, notes);
    return chart.stack === 'normalize' ? `${note.label}, share` : measure_caption(note);
  });
  const text = captions.filter(Boolean).join(' · ');
  return text === '' || title.toLowerCase().includes(text.toLowerCase()) ? null : text;
}
