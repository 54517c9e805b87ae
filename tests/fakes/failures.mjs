// What can go wrong with an answer, by name. A failure changes a draft of the answer before it is sent.
//
// A draft: {streaming, frames, body, status, headers, format, bom, limit, gzip, before}
//   frames   of a streamed answer; body: the JSON of one that is not
//   raw      {type, text}: sent instead of both
//   before   'hang' or 'reset' in place of a head; 'head' for a head and nothing after it
// A dialect is what differs between vendors: {errorFrame(type, message), errorBody(status, type, message), typeOf(status), isToken(frame), isToolFragment(frame),
// isTerminator(frame), ping(), hugeFrame(bytes), unknownFrame(), lateFrames()}.

/** 'status:429 + retry-after:2', {name, argument}, or a list of either → [{name, argument}]. */
export function parseFailures(failure) {
  if (failure === undefined || failure === null) return [];
  if (Array.isArray(failure)) return failure.flatMap(parseFailures);
  if (typeof failure === 'object') return [failure];
  return failure.split(' + ').map((part) => {
    const colon = part.indexOf(':');
    return colon < 0 ? {name: part.trim()} : {name: part.slice(0, colon).trim(), argument: part.slice(colon + 1).trim()};
  });
}

const HTML = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n';

const before = (draft, index, ...frames) => draft.frames.splice(index < 0 ? draft.frames.length : index, 0, ...frames);
const cutAt = (draft, index, ...frames) => { draft.frames = [...draft.frames.slice(0, index < 0 ? draft.frames.length : index), ...frames]; };
const find = (draft, is) => draft.frames.findIndex(is);
const afterFirst = (draft, is) => find(draft, is) + 1;

function errorStatus(draft, dialect, status, type) {
  draft.status = status;
  draft.body = dialect.errorBody(status, type);
  draft.streaming = false;
}

/** Ends a stream with an error; an answer that is not streamed becomes the status that this error would have been. */
function errorAt(index) {
  return (draft, argument, dialect) => {
    if (!draft.streaming) return errorStatus(draft, dialect, dialect.statusOf(argument), argument);
    cutAt(draft, index(draft, dialect), dialect.errorFrame(argument));
  };
}

function header(name) {
  return (draft, argument, dialect) => {
    if (draft.status === 200 && draft.body?.error === undefined && !draft.raw) errorStatus(draft, dialect, 429);
    draft.headers[name] = argument;
  };
}

const limit = (stop) => (draft, argument) => { draft.limit = {bytes: Number(argument), stop}; };

export const SHARED_FAILURES = {
  // in place of an answer
  hang_before_headers: (draft) => { draft.before = 'hang'; },
  hang_after_headers: (draft) => { draft.before = 'head'; },
  reset_connection: (draft) => { draft.before = 'reset'; },
  status: (draft, argument, dialect) => errorStatus(draft, dialect, Number(argument)),
  message: (draft, argument) => { draft.body.error.message = argument; },
  error_type: (draft, argument) => { draft.body.error.type = argument; },
  'retry-after': header('retry-after'),
  'retry-after-ms': header('retry-after-ms'),
  'x-should-retry': header('x-should-retry'),
  header: (draft, argument) => { const at = argument.indexOf('='); draft.headers[argument.slice(0, at)] = argument.slice(at + 1); },
  html_502: (draft) => { draft.status = 502; draft.raw = {type: 'text/html', text: HTML}; },
  ok_with_html: (draft) => { draft.raw = {type: 'text/html', text: HTML}; },
  ok_with_json_error: (draft, argument, dialect) => { errorStatus(draft, dialect, dialect.statusOf(argument), argument); draft.status = 200; },
  empty_body: (draft) => { draft.raw = {type: 'text/event-stream; charset=utf-8', text: ''}; },
  redirect: (draft, argument) => { draft.status = 307; draft.headers.location = argument; draft.raw = {type: 'text/plain', text: ''}; },
  wrong_content_type: (draft) => { draft.headers['content-type'] = 'text/plain'; },

  // an error in the stream, after a head that said 200
  error_first: errorAt(() => 0),
  error_after_first_token: errorAt((draft, dialect) => afterFirst(draft, dialect.isToken)),
  error_inside_tool_json: errorAt((draft, dialect) => afterFirst(draft, dialect.isToolFragment)),
  error_before_terminator: errorAt((draft, dialect) => find(draft, dialect.isTerminator)),

  // an end or a silence where there should be more
  cut_after_bytes: limit('eof'),
  reset_after_bytes: limit('reset'),
  hang_after_bytes: limit('hang'),
  cut_after_first_token: (draft, argument, dialect) => cutAt(draft, afterFirst(draft, dialect.isToken)),
  cut_inside_tool_json: (draft, argument, dialect) => cutAt(draft, afterFirst(draft, dialect.isToolFragment)),
  cut_before_terminator: (draft, argument, dialect) => cutAt(draft, find(draft, dialect.isTerminator)),
  reset_mid_stream: (draft, argument, dialect) => cutAt(draft, afterFirst(draft, dialect.isToken), {stop: 'reset'}),
  hang_mid_stream: (draft, argument, dialect) => cutAt(draft, afterFirst(draft, dialect.isToken), {stop: 'hang'}),
  pause_mid_stream: (draft, argument, dialect) => before(draft, afterFirst(draft, dialect.isToken), {pauseMs: Number(argument ?? 1000)}),
  // behind the end of the answer, which is whole
  reset_after_end: (draft) => { draft.frames.push({stop: 'reset'}); },
  hang_after_end: (draft) => { draft.frames.push({stop: 'hang'}); },
  pings_after_end: (draft, argument, dialect) => { draft.frames.push({repeat: dialect.ping(), everyMs: Number(argument ?? 20)}); },
  silence_with_pings: (draft, argument, dialect) => cutAt(draft, afterFirst(draft, dialect.isToken), {repeat: dialect.ping(), everyMs: Number(argument ?? 100)}),

  // frames that a reader must survive
  keepalive_comments: (draft) => { draft.frames = draft.frames.flatMap((frame) => [{comment: 'keep-alive'}, frame]); },
  events_without_data: (draft) => { draft.frames = draft.frames.flatMap((frame) => [{raw: 'data:\n\n'}, frame]); },
  retry_fields: (draft) => { draft.frames = draft.frames.flatMap((frame, i) => (i % 2 ? [frame] : [{retry: 3000}, frame])); },
  unknown_event: (draft, argument, dialect) => before(draft, afterFirst(draft, dialect.isToken), dialect.unknownFrame()),
  huge_data_line: (draft, argument, dialect) => before(draft, afterFirst(draft, dialect.isToken), dialect.hugeFrame(Number(argument ?? (8 << 20) + 1))),
  events_after_end: (draft, argument, dialect) => { draft.frames.push(...dialect.lateFrames()); },
  invalid_json_data: (draft, argument, dialect) => before(draft, afterFirst(draft, dialect.isToken), {event: dialect.eventName, data: '{"type":'}),

  // the same frames in other bytes
  crlf: (draft) => { draft.format = {...draft.format, newline: '\r\n'}; },
  bom: (draft) => { draft.bom = true; },
  no_space_after_colon: (draft) => { draft.format = {...draft.format, space: ''}; },
  multi_line_data: (draft) => { draft.format = {...draft.format, multiLine: true}; },
  gzip: (draft) => { draft.gzip = true; },
};

/** Applies the failures that are known to `table`; one that is not is a mistake of the test. */
export function applyFailures(draft, failures, table, dialect) {
  for (const {name, argument} of failures) {
    const change = table[name];
    if (!change) throw new Error(`there is no failure '${name}': ${Object.keys(table).sort().join(', ')}`);
    change(draft, argument, dialect);
  }
}
