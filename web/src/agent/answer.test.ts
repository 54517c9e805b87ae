import assert from 'node:assert/strict';
import { test } from 'node:test';
import { to_agent_event, type AgentEvent } from '../api/agent_events';
import { broken_off, refusal_of, scan_of, started, with_event, type Answer } from './answer';

const play = (events: AgentEvent[], from = started(0)): Answer => events.reduce((answer, event, at) => with_event(answer, event, at), from);
const call = (id: string, step = 1): AgentEvent => ({ id: '', type: 'tool_call', call: { id, name: 'run_dry_run_query', input: { sql: 'SELECT 1' }, step } });
const result = (id: string): AgentEvent => ({ id: '', type: 'tool_result', result: { id, name: 'run_dry_run_query', ok: true, result: { bytes_scanned: 5, cap_bytes: 10 } } });
const token = (text: string, id = ''): AgentEvent => ({ id, type: 'token', text });
const shown = (answer: Answer) => answer.entries.map((entry) => (entry.kind === 'step' ? entry.step.call.id : entry.text));

test('words between two steps become one entry, and results find their call', () => {
  const answer = play([
    { id: '', type: 'session', session_id: 's' },
    token('I will '),
    token('look.'),
    call('a'),
    result('a'),
    { id: '', type: 'done', done: { session_id: 's', dashboard_slug: 'x', gcs_yaml_path: null, preview_url: null } },
  ]);
  assert.equal(answer.state, 'done');
  assert.deepEqual(shown(answer), ['I will look.', 'a']);
  const entry = answer.entries[1]!;
  assert.deepEqual(entry.kind === 'step' && scan_of(entry.step.result), { bytes: 5, cap: 10 });
});

test('a reset takes back the words and calls of its step and nothing else', () => {
  const answer = play([
    token('First.'),
    call('a', 1),
    result('a'),
    token('Half a sen'),
    { id: '', type: 'fallback', fallback: { from: 'one', to: 'two', reason: 'it did not answer' } },
    call('b', 2),
    { id: '', type: 'reset', step: 2 },
    token('Second.'),
  ]);
  assert.deepEqual(shown(answer), ['First.', 'a', 'two answers instead of one: it did not answer', 'Second.']);
  assert.deepEqual(shown(play([token('Half'), { id: '', type: 'reset', step: 1 }])), []);
});

test('events that were shown before a resume are not shown twice', () => {
  const answer = play([token('a', '1:1'), token('b', '1:2'), token('b', '1:2'), token('a', '1:1'), token('c', '1:3')]);
  assert.deepEqual(shown(answer), ['abc']);
  assert.equal(answer.last_event_id, '1:3');
});

test('a result belongs to the last call of its id', () => {
  const answer = play([call('a', 1), result('a'), call('a', 2)]);
  assert.deepEqual(answer.entries.map((entry) => entry.kind === 'step' && entry.step.result !== null), [true, false]);
});

test('a refused step says why', () => {
  assert.equal(refusal_of({ id: 'a', name: 'x', ok: false, result: { error: { message: 'over the cap.', help: 'Filter by date.' } } }), 'over the cap. Filter by date.');
});

test('a stream that just stops is a failure, not a success', () => {
  assert.equal(broken_off(play([call('a')]), 9, 'why').state, 'failed');
});

test('an answer that was stopped is not an error', () => {
  assert.equal(play([{ id: '', type: 'done', done: { finish_reason: 'cancelled' } }]).state, 'stopped');
  const answer = play([{ id: '', type: 'error', problem: { title: 'Cancelled', status: 499, code: 'cancelled' } }]);
  assert.deepEqual([answer.state, answer.problem], ['stopped', null]);
});

test('an error event carries its problem, wrapped or bare; unknown events are passed over', () => {
  const bare = to_agent_event('error', '{"title":"Busy","status":503,"code":"unavailable"}');
  const wrapped = to_agent_event('error', '{"problem":{"title":"Busy","status":503,"code":"unavailable"}}');
  assert.deepEqual(bare, wrapped);
  assert.equal(to_agent_event('something_new', '{}'), null);
});
