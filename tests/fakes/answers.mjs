// From a script to a sent answer: the same for both fakes.
import {setTimeout as sleep} from 'node:timers/promises';
import {applyFailures, parseFailures} from './failures.mjs';
import {breakOff, encodeFrames, PLAIN_FORMAT, sendJson, sendStream} from './wire.mjs';

/** The answer of a script to its request number `n`. A list is used up; a function is asked; a single answer is given always. */
export async function answerOf(script, parsed, n, record) {
  const found = typeof script === 'function' ? await script(parsed, n, record) : Array.isArray(script) ? script[n] : script;
  const answer = typeof found === 'string' ? {failure: found} : found;
  if (answer) return answer;
  return {failure: ['status:500', {name: 'message', argument: `the script has no answer to request ${n}`}, 'x-should-retry:false']};
}

export const isToolFailure = (failures) => failures.some(({name}) => name.includes('tool') || name.includes('call') || ['index_always_zero', 'no_ids', 'arguments_object'].includes(name));

/** Sends a draft (see failures.mjs) at the answer's pace. */
export async function sendDraft(exchange, draft, answer, defaults) {
  const {response, record, gone} = exchange;
  const pace = {...defaults, ...answer};
  if (draft.before === 'hang') return;
  if (draft.before === 'reset') return breakOff(exchange);
  if (pace.headerDelayMs) {
    try { await sleep(pace.headerDelayMs, undefined, {signal: gone}); } catch { return; }
  }
  if (draft.raw) {
    return sendStream(exchange, {status: draft.status, headers: {...draft.headers, 'content-type': draft.raw.type}, gzip: draft.gzip, pieces: encodeFrames([{raw: draft.raw.text}], {limit: draft.limit})});
  }
  if (draft.before === 'head') {
    record.status = draft.status;
    response.writeHead(draft.status, {'content-type': 'text/event-stream; charset=utf-8', ...draft.headers});
    return response.flushHeaders();
  }
  if (draft.streaming) {
    const headers = {'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...draft.headers};
    const pieces = encodeFrames(draft.frames, {format: draft.format, bom: draft.bom, limit: draft.limit, chunkBytes: pace.chunkBytes, split: pace.split, paced: pace.chunkDelayMs > 0});
    return sendStream(exchange, {status: draft.status, headers, gzip: draft.gzip, pieces, firstDelayMs: pace.firstDelayMs, chunkDelayMs: pace.chunkDelayMs});
  }
  if (draft.gzip || draft.limit) {
    const pieces = encodeFrames([{raw: JSON.stringify(draft.body)}], {limit: draft.limit});
    return sendStream(exchange, {status: draft.status, headers: {'content-type': 'application/json', ...draft.headers}, gzip: draft.gzip, pieces});
  }
  if (draft.status === 200 && pace.firstDelayMs) {
    try { await sleep(pace.firstDelayMs, undefined, {signal: gone}); } catch { return; }
  }
  sendJson(exchange, draft.status, draft.body, draft.headers);
}

export function makeDraft({streaming, frames, body, headers}) {
  return {streaming, frames, body, status: 200, headers, format: PLAIN_FORMAT, bom: false, limit: undefined, gzip: false, before: undefined, raw: undefined};
}

export {applyFailures, parseFailures};

/** Answers every request with the same bytes and reads nothing: a mock upstream for benchmarks. */
export function startBench(frames, {tokens = 50, firstDelayMs = 0, chunkDelayMs = 0, headers = {}}) {
  const {first, token, last} = frames(tokens);
  const encode = (list) => Buffer.concat(encodeFrames(list));
  const [head, each, tail] = [encode(first), encode(token), encode(last)];
  const whole = chunkDelayMs ? null : Buffer.concat([head, ...Array(tokens).fill(each), tail]);
  // A token is one write of bytes that are ready: node's own chunked encoding costs more than all the rest.
  const eachChunk = Buffer.concat([Buffer.from(`${each.length.toString(16)}\r\n`), each, Buffer.from('\r\n')]);
  return ({response, record, gone}) => {
    record.status = 200;
    response.writeHead(200, {'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers});
    response.flushHeaders();
    let left = tokens;
    const next = () => {
      if (gone.aborted) return;
      if (whole) return void response.end(whole);
      if (left === tokens) response.write(head);
      if (left-- > 0) {
        response.socket.write(eachChunk);
        setTimeout(next, chunkDelayMs);
      } else {
        response.end(tail);
      }
    };
    if (firstDelayMs) setTimeout(next, firstDelayMs);
    else next();
  };
}
