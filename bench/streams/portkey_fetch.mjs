// Loaded before @portkey-ai/gateway: it writes into the headers of answers that fetch returned, which no node from 20 on allows, so that every
// stream would be answered with an error (its issue 1389).
const {fetch, Headers, Response} = globalThis;
globalThis.fetch = async (...request) => {
  const {body, status, statusText, headers} = await fetch(...request);
  return new Response(body, {status, statusText, headers: new Headers(headers)});
};
