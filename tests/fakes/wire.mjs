// What both fakes share of HTTP: a server on loopback that keeps what it was asked, and a writer that sends a stream at a pace, cut anywhere.
import {createServer} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import {constants, createGzip} from 'node:zlib';

const BODY_BYTES_MAX = 32 << 20;
const REQUESTS_KEPT_MAX = 10_000;

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** An id such as the vendors make, from a random source. */
export function makeId(prefix, random, length = 22) {
  return prefix + Array.from({length}, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
}

/** Tokens of a text, as both fakes count them everywhere. */
export const tokensOf = (bytes) => Math.ceil(bytes / 4);

// ---- the server -----------------------------------------------------------------------------------------------------------

/**
 * Serves `handle(exchange)` on loopback. `exchange` is {request, response, record, gone}: `record` is what `requests` keeps, `gone` an
 * AbortSignal for when the client left before the answer was whole.
 */
export async function serve(handle, {port = 0, keepRequests = true} = {}) {
  const requests = [];
  let count = 0;
  const server = createServer({noDelay: true, keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0}, async (request, response) => {
    if (request.method === 'GET' && request.url === '/_requests') return showRequests(response, requests);
    const exchange = openExchange(request, response, count++);
    if (keepRequests && requests.length < REQUESTS_KEPT_MAX) requests.push(exchange.record);
    try {
      exchange.record.raw = await readBody(request);
      await handle(exchange);
    } catch (error) {
      if (exchange.gone.aborted) return;
      exchange.record.fault = String(error.stack ?? error);
      if (response.headersSent) response.destroy();
      else sendJson(exchange, 500, {error: {type: 'fake_failed', message: exchange.record.fault}}, {'x-should-retry': 'false'});
    }
  });
  await new Promise((done, fail) => server.once('error', fail).listen({port, host: '127.0.0.1', backlog: 4096}, done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    get count() { return count; },
    stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  };
}

function openExchange(request, response, n) {
  const leaving = new AbortController();
  const record = {
    n, method: request.method, path: request.url, headers: request.headers, raw: '', body: undefined, status: undefined,
    receivedAt: performance.now(), firstByteAt: undefined, finishedAt: undefined, closedAt: undefined, brokenOffAt: undefined,
  };
  record.gone = new Promise((tell) => {
    const left = () => {
      if (response.writableFinished || leaving.signal.aborted) return;
      leaving.abort();
      if (record.brokenOffAt !== undefined) return;  // it was not the client who left
      record.closedAt = performance.now();
      tell(record.closedAt);
    };
    request.socket.once('end', left);
    response.once('close', left);
    response.once('finish', () => { record.finishedAt = performance.now(); request.socket.off('end', left); });
  });
  return {request, response, record, gone: leaving.signal};
}

function showRequests(response, requests) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(requests));
}

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return bytes > BODY_BYTES_MAX ? null : Buffer.concat(chunks).toString('utf8');
}

export function sendJson(exchange, status, body, headers = {}) {
  exchange.record.status = status;
  exchange.response.writeHead(status, {'content-type': 'application/json', ...headers});
  exchange.response.end(JSON.stringify(body));
}

// ---- frames ---------------------------------------------------------------------------------------------------------------
// A stream is a list of frames: {event?, data}, {comment}, {retry}, {raw}, and what is no bytes: {pauseMs}, {repeat: frame, everyMs} until the
// client leaves, {stop: 'eof' | 'hang' | 'reset'}.

export const PLAIN_FORMAT = {newline: '\n', space: ' ', multiLine: false};

function frameText(frame, format) {
  if (frame.raw !== undefined) return frame.raw;
  const {newline, space} = format;
  if (frame.comment !== undefined) return `:${space}${frame.comment}${newline}${newline}`;
  if (frame.retry !== undefined) return `retry:${space}${frame.retry}${newline}${newline}`;
  const head = frame.event ? `event:${space}${frame.event}${newline}` : '';
  return head + dataLines(frame, format).map((line) => `data:${space}${line}${newline}`).join('') + newline;
}

function dataLines(frame, format) {
  if (typeof frame.data === 'string') return [frame.data];
  if (format.multiLine) return JSON.stringify(frame.data, null, 1).split('\n');
  const text = JSON.stringify(frame.data);
  return [frame.padding ? text.slice(0, -1) + ' '.repeat(frame.padding) + '}' : text];
}

const isBytes = (piece) => Buffer.isBuffer(piece);

const FRAMES_APART_MAX = 2_000;  // of a longer stream many go into one write, unless it is paced
const JOINED_LENGTH = 16 << 10;

/** Frames as buffers, one each or cut as asked, and as what is no bytes. */
export function encodeFrames(frames, {format = PLAIN_FORMAT, bom = false, chunkBytes, split, limit, paced = false} = {}) {
  const together = !paced && frames.length > FRAMES_APART_MAX ? JOINED_LENGTH : 1;
  let pieces = framesToPieces(frames, format, together);
  if (bom) pieces.unshift(Buffer.from([0xef, 0xbb, 0xbf]));
  if (limit) pieces = upTo(pieces, limit);
  if (chunkBytes) pieces = recut(pieces, () => chunkBytes);
  if (split !== undefined) {
    const random = seededRandom(split);
    pieces = recut(pieces, () => 1 + Math.floor(random() ** 2 * 48));
  }
  return pieces;
}

// As many frames a piece as make up `length` characters.
function framesToPieces(frames, format, length) {
  const pieces = [];
  let text = '';
  const flush = () => { if (text) pieces.push(Buffer.from(text)); text = ''; };
  for (const frame of frames) {
    if ('pauseMs' in frame || 'repeat' in frame || 'stop' in frame) {
      flush();
      pieces.push(frame);
      continue;
    }
    text += frameText(frame, format);
    if (text.length >= length) flush();
  }
  flush();
  return pieces;
}

/** All bytes up to `limit.bytes`, then `limit.stop`. */
function upTo(pieces, limit) {
  const kept = [];
  let left = limit.bytes;
  for (const piece of pieces) {
    if (!isBytes(piece)) {
      kept.push(piece);
    } else if (piece.length <= left) {
      kept.push(piece);
      left -= piece.length;
    } else {
      kept.push(piece.subarray(0, left));
      left = 0;
    }
    if (left === 0) break;
  }
  return [...kept, {stop: limit.stop}];
}

function recut(pieces, nextSize) {
  const out = [];
  let run = [];
  const flush = () => {
    const all = Buffer.concat(run);
    run = [];
    for (let at = 0; at < all.length;) {
      const size = nextSize();
      out.push(all.subarray(at, at + size));
      at += size;
    }
  };
  for (const piece of pieces) {
    if (isBytes(piece)) { run.push(piece); continue; }
    flush();
    out.push(piece);
  }
  flush();
  return out;
}

// ---- sending --------------------------------------------------------------------------------------------------------------

/** Sends head and pieces at the pace {firstDelayMs, chunkDelayMs}; ends early, without a fault, when the client leaves. */
export async function sendStream(exchange, {status = 200, headers = {}, pieces, gzip = false, firstDelayMs = 0, chunkDelayMs = 0}) {
  const {response, record, gone} = exchange;
  record.status = status;
  response.writeHead(status, gzip ? {...headers, 'content-encoding': 'gzip'} : headers);
  response.flushHeaders();
  const out = gzip ? createGzip({flush: constants.Z_SYNC_FLUSH}) : response;
  if (gzip) out.pipe(response);
  try {
    if (firstDelayMs) await sleep(firstDelayMs, undefined, {signal: gone});
    for (const piece of pieces) {
      if (gone.aborted) return;
      if (isBytes(piece)) {
        record.firstByteAt ??= performance.now();
        await write(out, piece, gone);
        if (chunkDelayMs) await sleep(chunkDelayMs, undefined, {signal: gone});
        else await new Promise(setImmediate);
      } else if ('pauseMs' in piece) {
        await sleep(piece.pauseMs, undefined, {signal: gone});
      } else if ('repeat' in piece) {
        for (;;) {
          await write(out, Buffer.from(frameText(piece.repeat, PLAIN_FORMAT)), gone);
          await sleep(piece.everyMs, undefined, {signal: gone});
        }
      } else if (piece.stop === 'hang') {
        return;
      } else if (piece.stop === 'reset') {
        await new Promise((done) => setTimeout(done, 20));  // what was written should arrive before the reset overtakes it
        breakOff(exchange);
        return;
      } else {
        break;
      }
    }
    out.end();
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}

/** Ends the connection with a reset. */
export function breakOff({response, record}) {
  record.brokenOffAt = performance.now();
  response.socket?.resetAndDestroy();
}

async function write(out, buffer, gone) {
  if (out.write(buffer)) return;
  await new Promise((done) => {
    const go = () => { out.off('drain', go); gone.removeEventListener('abort', go); done(); };
    out.once('drain', go);
    gone.addEventListener('abort', go, {once: true});
  });
}
