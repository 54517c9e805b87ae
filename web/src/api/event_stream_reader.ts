// Reads Server-Sent Events from a fetch body. EventSource cannot POST, so the page parses the stream itself, as the
// HTML standard says: any of CR, LF, CRLF ends a line, a blank line ends an event, a chunk may end anywhere.

export interface ServerSentEvent {
  event: string;
  data: string;
  id: string;
}

// One event larger than this is not a step of an agent but a broken server; reading stops rather than fill the memory.
const EVENT_CHARACTERS_MAX = 16_000_000;

export class EventStreamParser {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private size = 0;
  private id = '';
  private started = false;

  // Returns the events that `text` completes.
  push(text: string): ServerSentEvent[] {
    let buffer = this.rest + text;
    if (!this.started && buffer.length > 0) {
      if (buffer.startsWith('\uFEFF')) buffer = buffer.slice(1);
      this.started = true;
    }
    const events: ServerSentEvent[] = [];
    let from = 0;
    for (;;) {
      const end = line_end(buffer, from);
      if (!end) break;
      this.take_line(buffer.slice(from, end.at), events);
      from = end.next;
    }
    this.rest = buffer.slice(from);
    if (this.rest.length + this.size > EVENT_CHARACTERS_MAX) throw new Error('an event of the stream is too large');
    return events;
  }

  private take_line(line: string, events: ServerSentEvent[]): void {
    if (line === '') {
      if (this.data.length > 0) events.push({ event: this.event || 'message', data: this.data.join('\n'), id: this.id });
      this.event = '';
      this.data = [];
      this.size = 0;
      return;
    }
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.event = value;
    else if (field === 'data') {
      this.data.push(value);
      this.size += value.length;
    } else if (field === 'id' && !value.includes('\0')) this.id = value;
  }
}

// A CR at the very end of the buffer may be the first half of a CRLF: it waits for the next chunk.
function line_end(buffer: string, from: number): { at: number; next: number } | null {
  for (let at = from; at < buffer.length; at += 1) {
    const character = buffer.charCodeAt(at);
    if (character === 10) return { at, next: at + 1 };
    if (character === 13) {
      if (at + 1 === buffer.length) return null;
      return { at, next: buffer.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
    }
  }
  return null;
}

export async function* read_event_stream(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventStreamParser();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
