import assert from 'node:assert/strict';
import { test } from 'node:test';
import { started, with_event, type Answer } from '../agent/answer';
import type { AgentEvent } from '../api/agent_events';
import { ApiError } from '../api/client';
import { follow_turn, type TurnSource } from './follow_turn';

const token = (id: string, text: string): AgentEvent => ({ id, type: 'token', text });
const done = (id: string): AgentEvent => ({ id, type: 'done', done: {} });

async function* stream(events: AgentEvent[], failure?: Error): AsyncGenerator<AgentEvent> {
  yield* events;
  if (failure) throw failure;
}

function source(given: Partial<TurnSource>): { source: TurnSource; answer: () => Answer; resumed: string[]; connection: string[] } {
  let answer = started(0);
  const resumed: string[] = [];
  const connection: string[] = [];
  const { resume } = given;
  return {
    resumed,
    connection,
    answer: () => answer,
    source: {
      open: () => stream([]),
      find_running: async () => null,
      pause: async () => {},
      on_event: (event) => (answer = with_event(answer, event, 0)),
      on_connection: (state) => connection.push(state),
      signal: new AbortController().signal,
      ...given,
      resume: (id) => {
        resumed.push(id);
        return resume ? resume(id) : stream([]);
      },
    },
  };
}

const said = (answer: Answer) => answer.entries.map((entry) => (entry.kind === 'words' ? entry.text : '')).join('');

test('a stream that is lost in the middle goes on after its last event', async () => {
  const one = source({ open: () => stream([token('1:1', 'a'), token('1:2', 'b')], new TypeError('network')), resume: () => stream([token('1:2', 'b'), token('1:3', 'c'), done('1:4')]) });
  await follow_turn(one.source);
  assert.deepEqual(one.resumed, ['1:2']);
  assert.equal(said(one.answer()), 'abc');
  assert.equal(one.answer().state, 'done');
  assert.deepEqual(one.connection, ['lost', 'open']);
});

test('a stream that ends without its last event is lost too', async () => {
  const one = source({ open: () => stream([token('2:1', 'a')]), resume: () => stream([done('2:2')]) });
  await follow_turn(one.source);
  assert.equal(one.answer().state, 'done');
});

test('a connection that is lost before the first event asks which turn runs', async () => {
  const one = source({ open: () => stream([], new TypeError('network')), find_running: async () => '4:0', resume: () => stream([token('4:1', 'x'), done('4:2')]) });
  await follow_turn(one.source);
  assert.deepEqual(one.resumed, ['4:0']);
});

test('a message that never arrived is said to be so', async () => {
  const one = source({ open: () => stream([], new TypeError('network')) });
  await assert.rejects(follow_turn(one.source), (error) => error instanceof ApiError && error.code === 'not_delivered');
});

test('a refusal is not tried again', async () => {
  const refusal = new ApiError({ title: 'No', status: 403, code: 'permission_denied' });
  const one = source({ open: () => stream([], refusal) });
  await assert.rejects(follow_turn(one.source), refusal);
  assert.deepEqual(one.resumed, []);
});

test('what can no longer be resumed is not shown as an error of the answer', async () => {
  const gone: AgentEvent = { id: '', type: 'error', problem: { title: 'Gone', status: 409, code: 'resume_gone' } };
  const one = source({ open: () => stream([token('1:1', 'a')]), resume: () => stream([gone]) });
  await assert.rejects(follow_turn(one.source), (error) => error instanceof ApiError && error.status === 410);
  assert.equal(one.answer().state, 'running');
});

test('a server that stays away is given up in the end', async () => {
  const one = source({ open: () => stream([token('1:1', 'a')], new TypeError('network')), resume: () => stream([], new TypeError('network')) });
  await assert.rejects(follow_turn(one.source), (error) => error instanceof ApiError && error.code === 'network');
  assert.equal(one.resumed.length, 6);
});
