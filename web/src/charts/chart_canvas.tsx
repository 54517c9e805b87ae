import type { EChartsType } from 'echarts/core';
import { useEffect, useRef, useState } from 'react';
import type { ChartInput } from './encoding';
import type { Look } from './look';
import { drawer_of } from './option';
import type { Drawing, Selection } from './option/drawing';

interface Props {
  input: ChartInput;
  look: Look;
  label: string;
  selected: ReadonlySet<string>;
  y_extent?: [number, number] | undefined;
  on_select?: ((selection: Selection) => void) | undefined;
  on_drawn?: ((drawing: Drawing) => void) | undefined;
}

// One picture of the chart library, as wide and high as its place.
export function ChartCanvas({ input, look, label, selected, y_extent, on_select, on_drawn }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const [size, set_size] = useState<{ width: number; height: number } | null>(null);
  const [state, set_state] = useState<'drawing' | 'drawn' | 'failed'>('drawing');
  const latest = useRef<{ drawing: Drawing | null; on_select: Props['on_select'] }>({ drawing: null, on_select });
  latest.current.on_select = on_select;

  useEffect(() => {
    const element = place.current!;
    const measure = () => {
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
    void (async () => {
      try {
        const drawing = drawer_of(input.chart.mark)!({ input, look, width: size.width, height: size.height, selected, y_extent });
        latest.current.drawing = drawing;
        const library = await import('./echarts');
        if (drawing.geometry) await (await import('./echarts_map')).load_geometry(drawing.geometry);
        if (!current || !canvas.current) return;
        canvas.current.style.height = drawing.height ? `${drawing.height}px` : '100%';
        if (!chart.current) {
          chart.current = library.init(canvas.current, null, { renderer: 'canvas' });
          chart.current.on('click', (click) => {
            const { drawing: drawn, on_select: select } = latest.current;
            const selection = drawn?.selection(click as unknown as Parameters<Drawing['selection']>[0]);
            if (selection && select) select(selection);
          });
        }
        chart.current.resize({ width: size.width, height: drawing.height ?? size.height });
        chart.current.setOption({ ...drawing.option, ...(still() ? { animation: false } : {}) }, { notMerge: true });
        if (printing()) chart.current.getZr().flush();
        set_state('drawn');
        on_drawn?.(drawing);
      } catch (error) {
        console.error('chart could not be drawn', error);
        if (current) set_state('failed');
      }
    })();
    return () => {
      current = false;
    };
    // `on_drawn` only reports; a new function is no reason to draw again.
  }, [input, look, size, selected, y_extent]);

  useEffect(
    () => () => {
      chart.current?.dispose();
      chart.current = null;
    },
    [],
  );

  return (
    <div className="chart-place" ref={place} data-drawn={state === 'drawn'}>
      <div ref={canvas} className={on_select ? 'chart-canvas clickable' : 'chart-canvas'} role="img" aria-label={label} />
      {state === 'failed' && <p className="chart-note">This chart could not be drawn. Its data is in “Show as table”.</p>}
    </div>
  );
}

const printing = () => document.documentElement.dataset.printing === 'yes';
const still = () => printing() || matchMedia('(prefers-reduced-motion: reduce)').matches;
