// The fakes as programs: `node tests/fakes/anthropic.mjs --port 0 --brain` prints {"url": …} and serves until it is ended.
import {pathToFileURL} from 'node:url';

const NUMBERS = ['port', 'firstDelayMs', 'headerDelayMs', 'chunkDelayMs', 'chunkBytes', 'split', 'seed', 'pieceLength', 'contextTokens'];
const BRAIN_WORDS = ['thinks', 'loops', 'overCap', 'victim', 'chat'];

/** `--name value`, and `--name` alone for true. */
export function readArguments(words) {
  const found = {};
  for (let i = 0; i < words.length; ++i) {
    if (!words[i].startsWith('--')) throw new Error(`'${words[i]}' is no option`);
    const next = words[i + 1];
    found[words[i].slice(2)] = next === undefined || next.startsWith('--') ? true : words[++i];
  }
  return found;
}

/** Starts the server when the module at `url` is the program. */
export async function runAsProgram(url, start) {
  if (!process.argv[1] || url !== pathToFileURL(process.argv[1]).href) return;
  const given = readArguments(process.argv.slice(2));
  const options = {};
  for (const name of NUMBERS) if (given[name] !== undefined) options[name] = Number(given[name]);
  if (given.apiKey !== undefined) options.apiKey = given.apiKey === true || given.apiKey === 'any' ? null : given.apiKey;
  if (given.validate === 'false') options.validate = false;
  if (given.quirks) options.quirks = given.quirks.split(',');
  if (given.bench) options.bench = {tokens: Number(given.tokens ?? 50), firstDelayMs: options.firstDelayMs, chunkDelayMs: options.chunkDelayMs};
  if (given.script) options.script = JSON.parse(given.script);
  if (given.failure) options.script = {failure: given.failure};
  if (given.brain) {
    const {makeBrain} = await import('./brain.mjs');
    const variant = Object.fromEntries(BRAIN_WORDS.filter((name) => given[name]).map((name) => [name, true]));
    if (given.badYaml) variant.badYaml = Number(given.badYaml);
    options.script = makeBrain(variant);
  }
  const server = await start(options);
  console.log(JSON.stringify({url: server.url}));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { server.stop(); process.exit(0); });
}
