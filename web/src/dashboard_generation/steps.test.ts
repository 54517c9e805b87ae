import assert from 'node:assert/strict';
import { test } from 'node:test';
import { to_generation_event, type GenerationEvent } from '../api/client';
import { ended, refusal_of, scan_of, started, with_event, type Run } from './steps';

(globalThis as { localStorage?: unknown }).localStorage ??= undefined;

const play = (events: GenerationEvent[]): Run => events.reduce((run, event, at) => with_event(run, event, at), started('how late?', 0));
const call = (id: string): GenerationEvent => ({ type: 'tool_call', call: { id, name: 'run_dry_run_query', arguments: { sql: 'SELECT 1' } } });

test('words between two steps become one entry, and results find their call', () => {
  const run = play([
    { type: 'session', session_id: 's' },
    { type: 'token', text: 'I will ' },
    { type: 'token', text: 'look.' },
    call('a'),
    { type: 'tool_result', result: { id: 'a', name: 'run_dry_run_query', ok: true, result: { bytes_scanned: 5, cap_bytes: 10 } } },
    { type: 'done', done: { session_id: 's', dashboard_slug: 'x', gcs_yaml_path: null, preview_url: null } },
  ]);
  assert.equal(run.state, 'done');
  assert.deepEqual(run.entries.map((entry) => (entry.kind === 'words' ? entry.text : entry.step.call.id)), ['I will look.', 'a']);
  const entry = run.entries[1]!;
  assert.deepEqual(entry.kind === 'step' && scan_of(entry.step.result), { bytes: 5, cap: 10 });
});

test('a refused step says why', () => {
  assert.equal(refusal_of({ id: 'a', name: 'x', ok: false, result: { error: { message: 'over the cap.', help: 'Filter by date.' } } }), 'over the cap. Filter by date.');
});

test('a stream that just stops is a failure, not a success', () => {
  assert.equal(ended(play([call('a')]), 9).state, 'failed');
});

test('an error event carries its problem, wrapped or bare', () => {
  const bare = to_generation_event('error', '{"title":"Busy","status":503,"code":"unavailable"}');
  const wrapped = to_generation_event('error', '{"problem":{"title":"Busy","status":503,"code":"unavailable"}}');
  assert.deepEqual(bare, wrapped);
  assert.equal(to_generation_event('something_new', '{}'), null);
});
