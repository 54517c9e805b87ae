import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { AnswerData, Cell } from '../api/types';
import { column_index, compare_keys, NUMBER_TYPES, to_number } from './aggregate';
import type { ColumnNotes } from './encoding';
import { format_cell, humanize, short_unit, writer_of } from './format';
import { notes_with_identities } from './identity';
import type { Selection } from './option/drawing';

const ROWS_AT_ONCE = 200;

interface Props {
  data: AnswerData;
  columns: string[] | null | undefined;
  notes: ColumnNotes;
  label: string;
  sort?: string | null | undefined;
  limit?: number | null | undefined;
  on_select?: ((selection: Selection) => void) | undefined;
}

interface Sorting {
  column: string;
  descending: boolean;
}

// The rows as they are: sorted by a click on a heading, walked with the arrow keys.
export function DataTable({ data, columns, notes: given, label, sort, limit, on_select }: Props) {
  const notes = useMemo(() => notes_with_identities(given, data), [given, data]);
  const shown = useMemo(() => {
    const places = columns?.length ? columns.map((name) => column_index(data.columns, name)) : data.columns.map((_, index) => index);
    return places.filter((index) => index >= 0).map((index) => ({ name: data.columns[index]!.name, index, write: cell_writer(data, index, notes) }));
  }, [data, columns, notes]);
  const [sorting, set_sorting] = useState<Sorting | null>(() => {
    const name = sort?.replace(/^-/, '');
    return name && shown.some((one) => one.name === name) ? { column: name, descending: sort!.startsWith('-') } : null;
  });
  const [count, set_count] = useState(ROWS_AT_ONCE);
  const body = useRef<HTMLTableSectionElement>(null);
  const place = useRef<HTMLDivElement>(null);
  use_whole_rows(place, body);

  const rows = useMemo(() => {
    const all = limit ? sorted(data, sorting).slice(0, limit) : sorted(data, sorting);
    return all;
  }, [data, sorting, limit]);

  const move = (event: KeyboardEvent<HTMLTableSectionElement>) => {
    const cell = (event.target as HTMLElement).closest('td');
    const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!cell) return;
    const row = cell.parentElement as HTMLTableRowElement;
    const table = body.current!;
    const row_at = row.sectionRowIndex;
    let to: [number, number] | null = null;
    if (steps[event.key]) to = [row_at + steps[event.key]![0], cell.cellIndex + steps[event.key]![1]];
    else if (event.key === 'Home') to = [event.ctrlKey ? 0 : row_at, 0];
    else if (event.key === 'End') to = [event.ctrlKey ? table.rows.length - 1 : row_at, shown.length - 1];
    else if (event.key === 'PageDown') to = [Math.min(table.rows.length - 1, row_at + 10), cell.cellIndex];
    else if (event.key === 'PageUp') to = [Math.max(0, row_at - 10), cell.cellIndex];
    if (!to) return;
    const target = table.rows[to[0]]?.cells[to[1]];
    if (!target) return;
    event.preventDefault();
    cell.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  };

  return (
    <div className="data-table-place" ref={place}>
      <table className="data-table" aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {shown.map(({ name, index }) => {
              const numeric = NUMBER_TYPES.has(data.columns[index]!.type);
              const active = sorting?.column === name;
              const note = notes[name];
              return (
                <th key={index} scope="col" className={numeric ? 'number' : ''} aria-sort={active ? (sorting.descending ? 'descending' : 'ascending') : 'none'}>
                  <button type="button" onClick={() => set_sorting(active && (numeric ? !sorting.descending : sorting.descending) ? null : { column: name, descending: active ? !sorting.descending : numeric })}>
                    <bdi>{note?.label || humanize(name)}</bdi>
                    {note?.unit && !short_unit(note.unit) && <span className="faint">, {note.unit}</span>}
                    <span className="sort-mark" aria-hidden="true">
                      {active ? (sorting.descending ? '↓' : '↑') : ''}
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={move}>
          {rows.slice(0, count).map((row, row_index) => (
            <tr key={row_index}>
              {shown.map(({ index, write }, column_at) => {
                const { type } = data.columns[index]!;
                const text = write(row[index]);
                return (
                  <td
                    key={index}
                    dir={NUMBER_TYPES.has(type) ? undefined : 'auto'}
                    className={NUMBER_TYPES.has(type) ? 'number' : ''}
                    tabIndex={row_index === 0 && column_at === 0 ? 0 : -1}
                    title={text.length > 40 ? text : undefined}
                    onClick={on_select ? () => on_select({ x: row[index] as string | number | null }) : undefined}
                  >
                    {text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > count && (
        <p className="table-more">
          <button type="button" className="quiet" onClick={() => set_count(count + ROWS_AT_ONCE)}>
            Show {Math.min(ROWS_AT_ONCE, rows.length - count)} more of {(rows.length - count).toLocaleString('en')}
          </button>
        </p>
      )}
    </div>
  );
}

function sorted(data: AnswerData, sorting: Sorting | null): Cell[][] {
  if (!sorting) return data.rows;
  const index = column_index(data.columns, sorting.column);
  const numeric = NUMBER_TYPES.has(data.columns[index]?.type ?? 'text');
  const sign = sorting.descending ? -1 : 1;
  return [...data.rows].sort((a, b) => {
    const [one, two] = [a[index] ?? null, b[index] ?? null];
    if (one === null || two === null) return one === two ? 0 : one === null ? 1 : -1;
    // Numbers that travel as text are compared by their digits.
    if (numeric) return sign * (typeof one === 'string' && typeof two === 'string' ? compare_keys(one, two) : (to_number(one) ?? 0) - (to_number(two) ?? 0));
    return sign * String(one).localeCompare(String(two), 'en', { numeric: true });
  });
}

// How the cells of a column are written: numbers with equal digits, and with those units that need no room.
function cell_writer(data: AnswerData, index: number, notes: ColumnNotes): (cell: Cell | undefined) => string {
  const { name, type } = data.columns[index]!;
  const note = { ...notes[name], unit: short_unit(notes[name]?.unit) };
  if (type !== 'number' && type !== 'integer') return (cell) => format_cell(cell, type, note);
  const write = writer_of(data.rows.map((row) => to_number(row[index])), note);
  return (cell) => (typeof cell === 'number' ? write(cell) : format_cell(cell, type, note));
}

// The table ends between two rows: a row that is cut in half looks like the last.
function use_whole_rows(place: React.RefObject<HTMLDivElement | null>, body: React.RefObject<HTMLTableSectionElement | null>) {
  useEffect(() => {
    const element = place.current;
    const room = element?.parentElement;
    if (!element || !room) return;
    const fit = () => {
      element.style.removeProperty('--whole-rows');
      const rows = body.current?.rows;
      const first = rows?.[0]?.getBoundingClientRect();
      const inside = element.clientHeight;
      if (!first || first.height === 0 || getComputedStyle(element).position !== 'absolute' || element.scrollHeight <= inside) return;
      const head = body.current!.offsetTop;
      const whole = Math.floor((inside - head) / first.height);
      if (whole > 0) element.style.setProperty('--whole-rows', `${Math.floor(head + whole * first.height)}px`);
    };
    const observer = new ResizeObserver(fit);
    observer.observe(room);
    fit();
    return () => observer.disconnect();
  });
}
