import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStreamParser, read_event_stream } from './event_stream_reader';

const stream = 'event: session\ndata: {"session_id":"s"}\n\n: heartbeat\n\nevent: token\r\ndata: a\r\ndata: b\r\n\r\ndata:x\rid: 7\r\r';
const expected = [
  { event: 'session', data: '{"session_id":"s"}', id: '' },
  { event: 'token', data: 'a\nb', id: '' },
  { event: 'message', data: 'x', id: '7' },
];

test('a stream in one piece gives its events', () => {
  assert.deepEqual(new EventStreamParser().push(`${stream}:`), expected);
});

test('a stream cut at every possible place gives the same events', () => {
  for (let cut = 1; cut < stream.length; cut += 1) {
    const parser = new EventStreamParser();
    const events = [...parser.push(stream.slice(0, cut)), ...parser.push(`${stream.slice(cut)}:`)];
    assert.deepEqual(events, expected, `cut at ${cut}`);
  }
});

test('a multi-byte character that is cut between two chunks arrives whole', async () => {
  const bytes = new TextEncoder().encode('data: Zürich 📈\n\n');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const events = [];
  for await (const event of read_event_stream(body)) events.push(event.data);
  assert.deepEqual(events, ['Zürich 📈']);
});

test('an event without its closing blank line is not delivered', () => {
  assert.deepEqual(new EventStreamParser().push('data: half\n'), []);
});
