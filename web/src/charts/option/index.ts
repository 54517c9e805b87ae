import type { Mark } from '../../api/types';
import { draw_bars, draw_lines } from './cartesian';
import type { DrawContext, Drawing } from './drawing';
import { draw_map } from './map';
import { draw_funnel, draw_pie } from './parts';
import { draw_boxes, draw_heatmap, draw_histogram, draw_scatter } from './spread';

// The marks that the chart library draws; kpi, table and sparkline are plain HTML and SVG.
const drawers: Partial<Record<Mark, (context: DrawContext) => Drawing>> = {
  line: draw_lines,
  area: draw_lines,
  bar: draw_bars,
  stacked_bar: draw_bars,
  grouped_bar: draw_bars,
  scatter: draw_scatter,
  pie: draw_pie,
  donut: draw_pie,
  heatmap: draw_heatmap,
  histogram: draw_histogram,
  box: draw_boxes,
  funnel: draw_funnel,
  map: draw_map,
};

export function drawer_of(mark: Mark): ((context: DrawContext) => Drawing) | null {
  return drawers[mark] ?? null;
}
