import type { EChartsType } from 'echarts/core';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { use_theme } from '../components/theme';
import { with_chosen } from './chosen';
import type { ChartInput } from './encoding';
import { humanize } from './format';
import type { Look } from './look';
import { drawer_of } from './option';
import type { Drawing, Selection } from './option/drawing';
import { lay_in_pieces } from './paper_pieces';
import { points_of, series_of, summary_of, type ChartPoint } from './points';

interface Props {
  input: ChartInput;
  look: Look;
  title: string;
  // Which of its marks the parameters have chosen; null when none is.
  is_chosen: ((selection: Selection) => boolean) | null;
  y_extent?: [number, number] | undefined;
  on_select?: ((selection: Selection) => void) | undefined;
  on_drawn?: ((drawing: Drawing) => void) | undefined;
}

const NO_SELECTION: ReadonlySet<string> = new Set();
// Paper shows more dots than a screen.
const PRINT_PIXEL_RATIO = 2;

// A drawing that is higher does not fit on a page of paper.
const PAGE_HEIGHT = 800;

interface Size {
  width: number;
  height: number;
}

type Library = typeof import('./echarts');

// One picture of the chart library, as wide and high as its place. The arrow keys walk through what it shows, Enter chooses.
export function ChartCanvas({ input, look, title, is_chosen, y_extent, on_select, on_drawn }: Props) {
  const { printing } = use_theme();
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const pieces = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  // Once the library and the outlines are there, a picture is drawn before the effect ends: the printer does not wait.
  const library = useRef<{ charts: Library; geometry: string | null } | null>(null);
  const [size, set_size] = useState<Size | null>(null);
  const [state, set_state] = useState<'drawing' | 'drawn' | 'failed'>('drawing');
  const [drawn, set_drawn] = useState<Drawing | null>(null);
  const latest = useRef<{ drawing: Drawing | null; on_select: Props['on_select'] }>({ drawing: null, on_select });
  latest.current.on_select = on_select;

  useEffect(() => {
    const element = place.current!;
    const measure = () => {
      if (document.documentElement.dataset.printing === 'yes') return;
      const { clientWidth: width, clientHeight: height } = element;
      if (width > 0) set_size((before) => (before && Math.abs(before.width - width) < 2 && before.height === height ? before : { width, height }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (!size) return;
    let current = true;
    const failed = (error: unknown) => {
      console.error('chart could not be drawn', error);
      if (current) set_state('failed');
    };
    const draw = (charts: Library, drawing: Drawing, { width, height }: Size) => {
      if (!current || !canvas.current) return;
      const tall = drawing.height ?? height;
      canvas.current.style.height = drawing.height || printing ? `${tall}px` : '100%';
      if (!chart.current) {
        chart.current = charts.init(canvas.current, null, { renderer: 'canvas', ...(printing ? { devicePixelRatio: PRINT_PIXEL_RATIO, width, height: tall } : {}) });
        chart.current.on('click', (click) => {
          const { drawing: clicked, on_select: select } = latest.current;
          const selection = clicked?.selection(click as unknown as Parameters<Drawing['selection']>[0]);
          if (selection && select) select(selection);
        });
      }
      chart.current.resize({ width, height: tall });
      chart.current.setOption({ ...with_cursor(with_chosen(drawing, look, is_chosen), on_select !== undefined), ...(printing || still() ? { animation: false } : {}) }, { notMerge: true });
      if (printing) chart.current.getZr().flush();
      const picture = canvas.current.querySelector('canvas');
      const in_pieces = printing && tall > PAGE_HEIGHT && drawing.breaks !== undefined && picture !== null;
      if (in_pieces) lay_in_pieces(picture, pieces.current!, tall, drawing.breaks!);
      else pieces.current!.replaceChildren();
      canvas.current.style.display = in_pieces ? 'none' : '';
      latest.current.drawing = drawing;
      set_drawn(drawing);
      set_state('drawn');
      on_drawn?.(drawing);
    };
    try {
      // The printer's page is laid out already, and nobody observes it.
      const wanted = printing ? { width: place.current!.clientWidth || size.width, height: size.height } : size;
      const drawing = drawer_of(input.chart.mark)!({ input, look, ...wanted, selected: NO_SELECTION, y_extent });
      const geometry = drawing.geometry ?? null;
      if (library.current && (geometry === null || library.current.geometry === geometry)) draw(library.current.charts, drawing, wanted);
      else
        load(geometry)
          .then((charts) => {
            library.current = { charts, geometry };
            draw(charts, drawing, wanted);
          })
          .catch(failed);
    } catch (error) {
      failed(error);
    }
    return () => {
      current = false;
    };
    // `on_drawn` only reports; a new function is no reason to draw again. Whether there is one to select with is.
  }, [input, look, size, is_chosen, y_extent, printing, on_select === undefined]);

  // A picture for the printer has another resolution, which is chosen once.
  useEffect(
    () => () => {
      chart.current?.dispose();
      chart.current = null;
    },
    [printing],
  );

  const label = drawn ? `${title}. ${summary_of(drawn, humanize(input.chart.mark))}` : title;
  return (
    <div className="chart-place" ref={place} data-drawn={state === 'drawn'} data-tall={(drawn?.height ?? 0) > PAGE_HEIGHT ? 'yes' : undefined}>
      <ChartKeys label={label} drawing={drawn} input={input} chart={chart} is_chosen={is_chosen} on_select={on_select}>
        <div ref={canvas} className={on_select ? 'chart-canvas clickable' : 'chart-canvas'} />
        <div ref={pieces} className="paper-pieces" />
      </ChartKeys>
      {state === 'failed' && <p className="chart-note">This chart could not be drawn. Its data is in “Show as table”.</p>}
    </div>
  );
}

async function load(geometry: 'us' | 'world' | null): Promise<Library> {
  const charts = await import('./echarts');
  if (geometry) await (await import('./echarts_map')).load_geometry(geometry);
  return charts;
}

// A hand over a mark is a promise that a click does something.
function with_cursor(option: Drawing['option'], clickable: boolean): Drawing['option'] {
  const series = series_of({ option } as Drawing).map((one) => ({ ...one, cursor: clickable ? 'pointer' : 'default' }));
  return { ...option, series } as Drawing['option'];
}

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

interface KeysProps {
  label: string;
  drawing: Drawing | null;
  input: ChartInput;
  chart: React.RefObject<EChartsType | null>;
  is_chosen: Props['is_chosen'];
  on_select: Props['on_select'];
  children: React.ReactNode;
}

// One tab stop: a picture that speaks, or, where a choice filters, a list of choices that is drawn as a picture.
function ChartKeys({ label, drawing, input, chart, is_chosen, on_select, children }: KeysProps) {
  const id = useId();
  const [at, set_at] = useState<number | null>(null);
  const points = useRef<ChartPoint[] | null>(null);
  useEffect(() => {
    points.current = null;
    set_at(null);
  }, [drawing, input.chart]);
  const known = () => (points.current ??= drawing ? points_of(drawing, input.chart) : []);
  const point = at === null ? undefined : known()[at];

  const show = (next: number | null) => {
    chart.current?.dispatchAction({ type: 'downplay' });
    if (next === null) chart.current?.dispatchAction({ type: 'hideTip' });
    else {
      const { series: seriesIndex, data: dataIndex } = known()[next]!;
      chart.current?.dispatchAction({ type: 'highlight', seriesIndex, dataIndex });
      chart.current?.dispatchAction({ type: 'showTip', seriesIndex, dataIndex });
    }
    set_at(next);
  };
  const on_key = (event: KeyboardEvent) => {
    const count = known().length;
    if (event.altKey || event.ctrlKey || event.metaKey || count === 0) return;
    const moves: Record<string, number> = { ArrowRight: at === null ? 0 : at + 1, ArrowDown: at === null ? 0 : at + 1, ArrowLeft: at === null ? count - 1 : at - 1, ArrowUp: at === null ? count - 1 : at - 1, Home: 0, End: count - 1 };
    const to = moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      show(Math.max(0, Math.min(count - 1, to)));
    } else if (event.key === 'Escape' && at !== null) {
      event.stopPropagation();
      show(null);
    } else if ((event.key === 'Enter' || event.key === ' ') && on_select && point?.selection) {
      event.preventDefault();
      on_select(point.selection);
    }
  };
  const events = { tabIndex: 0, onKeyDown: on_key, onBlur: () => show(null) };
  if (!on_select)
    return (
      <>
        <div className="chart-keys" role="img" aria-label={label} {...events}>
          {children}
        </div>
        <p className="visually-hidden" role="status">
          {point?.label}
        </p>
      </>
    );
  return (
    <>
      <div className="chart-keys" role="listbox" aria-label={label} aria-activedescendant={point ? id : undefined} {...events}>
        {children}
        {point && (
          <span id={id} role="option" aria-selected={point.selection !== null && (is_chosen?.(point.selection) ?? false)} className="visually-hidden">
            {point.label}
          </span>
        )}
      </div>
    </>
  );
}
