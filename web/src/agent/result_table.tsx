import { useState } from 'react';
import { DataTable } from '../charts/data_table';
import { format_count } from '../charts/format';
import type { DrawnResult } from './drawn_result';

const ROWS_AT_FIRST = 8;
const NO_NOTES = {};

// The rows of a query: the first few, and all of them when asked for.
export default function ResultTable({ result }: { result: Extract<DrawnResult, { kind: 'table' }> }) {
  const { data, row_count, truncated } = result;
  const [all, set_all] = useState(false);
  const more = data.rows.length > ROWS_AT_FIRST;
  const facts = truncated || row_count > data.rows.length ? `the first ${format_count(data.rows.length, 'row')}` : format_count(row_count, 'row');
  return (
    <div className="result" data-testid="result-table">
      {data.rows.length === 0 ? (
        <p className="result-empty faint">No rows</p>
      ) : (
        <div className="result-rows">
          <DataTable data={data} columns={null} notes={NO_NOTES} label={`Result, ${facts}`} limit={all ? null : ROWS_AT_FIRST} />
        </div>
      )}
      {data.rows.length > 0 && (
        <p className="result-foot faint">
          {more && (
            <button type="button" className="link" onClick={() => set_all(!all)}>
              {all ? 'Show fewer' : `Show all ${data.rows.length.toLocaleString('en')}`}
            </button>
          )}
          <span>{facts}</span>
        </p>
      )}
    </div>
  );
}
