import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Key } from './aggregate';
import { ChartCanvas } from './chart_canvas';
import { DataTable } from './data_table';
import { ambiguous_columns, columns_without_numbers, encoding_of, encodings_of, key_label, measure_caption, measure_note, missing_columns, type ChartInput } from './encoding';
import { humanize, lower_first, short_unit } from './format';
import { notes_with_identities } from './identity';
import { Kpi } from './kpi';
import { DARK, LIGHT, shades, SHADES_MAX, type Look } from './look';
import { facet_panels, panel_order, value_text } from './model';
import { cartesian_model, over_times, shared_extent } from './option/cartesian';
import { by_slice } from './option/parts';
import { TABLE_ROWS_MAX, type Drawing, type Selection, type TableAlternative } from './option/drawing';
import { Sparkline } from './sparkline';
import { stacking_of } from './stacking';

interface Props {
  input: ChartInput;
  title: string;
  dark: boolean;
  as_table: boolean;
  is_chosen: ((selection: Selection) => boolean) | null;
  on_select?: ((selection: Selection) => void) | undefined;
  on_captions: (captions: string[]) => void;
}


// A chart of the document over the columns of its answer: it knows nothing of the dashboard around it.
export function ChartView({ input: given, title, dark, as_table, is_chosen, on_select, on_captions }: Props) {
  const input = useMemo(() => ({ ...given, notes: notes_with_identities(given.notes, given.data) }), [given]);
  const { chart, data, notes } = input;
  const look = dark ? DARK : LIGHT;
  const missing = useMemo(() => missing_columns(input), [input]);
  const ambiguous = useMemo(() => ambiguous_columns(input), [input]);
  const without_numbers = useMemo(() => columns_without_numbers(input), [input]);
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
  if (ambiguous.length > 0) {
    return (
      <p className="chart-note" role="note">
        {ambiguous.map((name) => `“${name}” stands for ${data.columns.filter((column) => column.name.toLowerCase() === name.toLowerCase()).length} columns`).join(', ')} of the query’s answer. Give each a name of its own with AS.
      </p>
    );
  }
  if (without_numbers.length > 0 && !as_table) {
    return (
      <p className="chart-note" role="note">
        {without_numbers.map((name) => `“${name}”`).join(', ')} {without_numbers.length > 1 ? 'hold' : 'holds'} no numbers, so there is nothing to draw along y. Give y a column of numbers, or an aggregate: count.
      </p>
    );
  }
  if (chart.mark === 'kpi') return <Kpi input={input} />;
  if (chart.mark === 'table' || as_table) {
    return <DataTable data={data} columns={chart.columns} notes={notes} label={title} sort={chart.sort} limit={chart.limit} on_select={chart.mark === 'table' ? on_select : undefined} />;
  }
  if (chart.mark === 'sparkline') return <Sparkline input={input} on_captions={on_captions} />;
  if (encoding_of(chart.facet)) return <Facets input={input} title={title} look={look} is_chosen={is_chosen} on_select={on_select} on_captions={on_captions} />;
  return (
    <>
      <ChartCanvas input={input} look={look} title={title} is_chosen={is_chosen} on_select={on_select} on_drawn={set_drawing} />
      {drawing && <HiddenTable title={title} table={drawing.table} />}
    </>
  );
}

const MEASURED_MARKS = new Set(['line', 'area']);
const CARTESIAN_MARKS = new Set(['line', 'area', 'bar', 'stacked_bar', 'grouped_bar', 'scatter', 'histogram']);

// The panels share the scale of y, the span of x, and the shade of each series, so that they can be compared at a glance.
function Facets({ input, title, look, is_chosen, on_select, on_captions }: { input: ChartInput; title: string; look: Look; is_chosen: Props['is_chosen']; on_select: Props['on_select']; on_captions: Props['on_captions'] }) {
  const { panels, caption } = useMemo(() => facet_panels(input), [input]);
  const whole = useMemo(() => {
    const together = { ...input, chart: { ...input.chart, facet: null } };
    if (input.chart.mark === 'pie' || input.chart.mark === 'donut') return by_slice({ ...together, chart: { ...together.chart, sort: input.chart.sort ?? '-y' } });
    if (!CARTESIAN_MARKS.has(input.chart.mark)) return null;
    return cartesian_model(together, stacking_of(together), MEASURED_MARKS.has(input.chart.mark) || over_times(together));
  }, [input]);
  const inputs = useMemo(() => {
    const like = whole ? panel_order(whole) : undefined;
    return panels.map((panel) => ({ ...input, data: panel.data, chart: { ...input.chart, facet: null }, like }));
  }, [panels, input, whole]);
  const y_extent = useMemo(() => shared_extent(inputs), [inputs]);
  // What is said of all panels together is not said again for each.
  const [said, set_said] = useState<readonly string[]>([]);
  const on_drawn = useCallback((drawing: Drawing) => !CARTESIAN_MARKS.has(input.chart.mark) && set_said((before) => (drawing.captions.every((one) => before.includes(one)) ? before : [...new Set([...before, ...drawing.captions])])), [input.chart.mark]);
  const captions = [...new Set([caption, ...(whole?.captions ?? []), ...said])].filter(Boolean).join(' · ');
  useEffect(() => on_captions(captions ? captions.split(' · ') : []), [captions, on_captions]);
  return (
    <div className="facets-place">
      {whole && whole.series.length > 1 && <Legend names={whole.series.map((one) => one.name)} colors={shades(look, whole.series.length)} />}
      <div className="facets">
        {inputs.map((one, index) => (
          <figure key={index} className="facet">
            <figcaption dir="auto">{panels[index]!.title}</figcaption>
            <FacetCanvas input={one} look={look} title={`${title}, ${panels[index]!.title}`} facet={panels[index]!.key} is_chosen={is_chosen} y_extent={y_extent} on_drawn={on_drawn} on_select={on_select} />
          </figure>
        ))}
      </div>
      <HiddenTable title={title} table={facet_table(inputs, panels.map((panel) => panel.title), whole?.x.title ?? '')} />
    </div>
  );
}

interface FacetProps extends Pick<Props, 'input' | 'title' | 'is_chosen' | 'on_select'> {
  look: Look;
  facet: Key;
  y_extent: [number, number] | undefined;
  on_drawn: (drawing: Drawing) => void;
}

// A panel's choices also say which panel they are of.
function FacetCanvas({ facet, is_chosen, on_select, ...rest }: FacetProps) {
  const chosen = useMemo(() => is_chosen && ((selection: Selection) => is_chosen({ ...selection, facet })), [is_chosen, facet]);
  return <ChartCanvas {...rest} is_chosen={chosen} on_select={on_select && ((selection) => on_select({ ...selection, facet }))} />;
}

// The legend of all panels together.
function Legend({ names, colors }: { names: string[]; colors: string[] }) {
  const shown = names.slice(0, SHADES_MAX);
  return (
    <ul className="facet-legend" aria-label="Colours">
      {shown.map((name, index) => (
        <li key={index}>
          <span className="legend-mark" style={{ background: colors[index] }} aria-hidden="true" />
          <bdi>{name}</bdi>
        </li>
      ))}
      {names.length > shown.length && <li className="faint">and {names.length - shown.length} more, paler</li>}
    </ul>
  );
}

function facet_table(inputs: ChartInput[], titles: string[], x_title: string): TableAlternative {
  const models = inputs.map((input) => (CARTESIAN_MARKS.has(input.chart.mark) ? cartesian_model(input, stacking_of(input), MEASURED_MARKS.has(input.chart.mark)) : null));
  const names = models.find((model) => model !== null)?.series.map((one) => one.name) ?? [];
  return {
    columns: ['Panel', x_title, ...names],
    rows: models.flatMap((model, panel) => model?.x.labels.map((label, at) => [titles[panel]!, label, ...model.series.map((one) => value_text(one, at, model.measures[one.measure]))]) ?? []),
  };
}

function HiddenTable({ title, table }: { title: string; table: TableAlternative }) {
  return (
    <div className="visually-hidden">
      <table data-testid="chart-data">
        <caption>
          {title}, as a table
          {(table.row_count ?? table.rows.length) > TABLE_ROWS_MAX && `: the first ${TABLE_ROWS_MAX} of ${(table.row_count ?? table.rows.length).toLocaleString('en')} rows`}
        </caption>
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
          {table.rows.slice(0, TABLE_ROWS_MAX).map((row, index) => (
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
  if (y && x && chart.mark !== 'table') return `${measure_note(y, notes).label} by ${lower_first(key_label(x, notes))}`;
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
    return x ? `Rows by ${lower_first(measure_caption(measure_note({ ...x, aggregate: null, bin: null }, notes)))}` : null;
  }
  if (chart.mark === 'map') measures = [encoding_of(chart.size) ?? (measures[0]?.aggregate || !chart.color ? measures[0] : encoding_of(chart.color))].filter((one) => !!one && !/^(lat|latitude)$/i.test(one.field ?? '')) as typeof measures;
  if (measures.length === 0 || measures.length > 3) return null;
  const said = words_of(title);
  const captions = measures.map((one) => {
    const note = measure_note(chart.mark === 'box' || chart.mark === 'scatter' ? { ...one, aggregate: one.aggregate ?? null } : one, notes);
    // The title says it already: only what it leaves out is worth a line.
    const repeated = words_of(note.label).every((word) => said.includes(word));
    if (chart.stack === 'normalize') return repeated && said.includes('share') ? '' : repeated ? 'Share' : `${note.label}, share`;
    const unit = note.unit ?? (note.format?.includes('%') ? '%' : null);
    return repeated ? (unit && !title.toLowerCase().includes(unit.toLowerCase()) && !short_unit(unit) ? unit : '') : short_unit(unit) ? note.label : measure_caption(note);
  });
  const text = captions.filter(Boolean).join(' · ');
  return text === '' ? null : text;
}

const words_of = (text: string) => text.toLowerCase().split(/[^\p{L}\d]+/u).filter(Boolean);
