// Prompt caches of the two vendors, in memory: what of a prompt is read from them and what is written into them.
import {createHash} from 'node:crypto';
import {tokensOf} from './wire.mjs';

const TTL_MS = {'5m': 5 * 60_000, '1h': 60 * 60_000};
const LOOKBACK_POSITIONS = 20;
const OPENAI_TOKENS_MIN = 1024;
const OPENAI_TOKENS_STEP = 128;

// ---- Anthropic: explicit breakpoints --------------------------------------------------------------------------------------

/** The blocks of a prompt in the order of its prefix: tools, system, messages. `bytes` are those that must be equal; `ttl` marks a breakpoint. */
export function promptBlocks(request) {
  const blocks = [];
  const add = (value, tier, kind) => {
    const {cache_control: marker, ...rest} = value;
    blocks.push({bytes: JSON.stringify(rest), ttl: marker ? marker.ttl ?? '5m' : null, tier, kind});
  };
  for (const tool of request.tools ?? []) add(tool, 'tools', 'tool');
  const system = typeof request.system === 'string' ? [{type: 'text', text: request.system}] : request.system ?? [];
  for (const block of system) add(block, 'system', 'text');
  for (const {role, content} of request.messages) {
    const list = typeof content === 'string' ? [{type: 'text', text: content}] : content;
    for (const block of list) {
      add(block, 'messages', block.type);
      blocks.at(-1).bytes = `${role} ${blocks.at(-1).bytes}`;
    }
  }
  if (request.cache_control && blocks.length) blocks.at(-1).ttl ??= request.cache_control.ttl ?? '5m';
  return blocks;
}

const inToolRun = ({kind}) => kind === 'tool_use' || kind === 'tool_result';

export class AnthropicPromptCache {
  constructor(now = Date.now) {
    this.now = now;
    this.entries = new Map();  // hash of a prefix → {expires, ttlMs}
  }

  /** Usage of a request, and `commit()` for when its answer begins: only then can others read what it wrote. */
  look(request, {workspace = '', cacheTokensMin = 1024} = {}) {
    const blocks = promptBlocks(request);
    const {hashes, tokens} = this.#prefixes(blocks, request, workspace);
    const total = tokens.at(-1) ?? 0;
    const marks = blocks.flatMap((block, at) => (block.ttl && tokens[at] >= cacheTokensMin ? [at] : []));
    const read = this.#longestRead(blocks, hashes, marks);
    const usage = {input_tokens: total, cache_creation_input_tokens: 0, cache_read_input_tokens: read < 0 ? 0 : tokens[read], cache_creation: {ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0}};
    let covered = usage.cache_read_input_tokens;
    const writes = marks.filter((at) => at > read);
    for (const at of writes) {
      usage.cache_creation[`ephemeral_${blocks[at].ttl}_input_tokens`] += tokens[at] - covered;
      covered = tokens[at];
    }
    usage.cache_creation_input_tokens = covered - usage.cache_read_input_tokens;
    usage.input_tokens = total - covered;
    const started = this.now();
    return {usage, commit: () => this.#commit(started, read < 0 ? null : hashes[read], writes.map((at) => [hashes[at], TTL_MS[blocks[at].ttl]]))};
  }

  #prefixes(blocks, request, workspace) {
    const hashes = [];
    const tokens = [];
    let bytes = 0;
    let last = createHash('sha256').update(`${workspace}\0${request.model}`).digest('base64');
    let tier = 'tools';
    for (const block of blocks) {
      // A different choice of tools or way of thinking leaves tools and system cached, but not the messages.
      if (block.tier === 'messages' && tier !== 'messages') last += JSON.stringify([request.tool_choice ?? null, request.thinking ?? null]);
      tier = block.tier;
      last = createHash('sha256').update(`${last}\0${block.tier}\0${block.bytes}`).digest('base64');
      bytes += Buffer.byteLength(block.bytes);
      hashes.push(last);
      tokens.push(tokensOf(bytes));
    }
    return {hashes, tokens};
  }

  // From each breakpoint backwards over at most 20 positions; a run of tool calls and results is one position.
  #longestRead(blocks, hashes, marks) {
    let best = -1;
    for (const mark of marks) {
      let positions = 0;
      for (let at = mark; at > best && positions < LOOKBACK_POSITIONS; --at) {
        if (this.#isLive(hashes[at])) { best = at; break; }
        if (at === 0 || !(inToolRun(blocks[at]) && inToolRun(blocks[at - 1]))) ++positions;
      }
    }
    return best;
  }

  #isLive(hash) {
    const entry = this.entries.get(hash);
    return entry !== undefined && entry.expires > this.now();
  }

  #commit(started, readHash, writes) {
    const entry = this.entries.get(readHash);
    if (entry) entry.expires = started + entry.ttlMs;
    for (const [hash, ttlMs] of writes) this.entries.set(hash, {expires: started + ttlMs, ttlMs});
  }
}

// ---- OpenAI: automatic, in steps of 128 tokens from 1024 on ------------------------------------------------------------------

export class OpenaiPromptCache {
  constructor(now = Date.now) {
    this.now = now;
    this.entries = new Map();
  }

  look(request, {workspace = ''} = {}) {
    const text = Buffer.from(JSON.stringify([request.tools ?? [], ...request.messages]));
    const total = tokensOf(text.length);
    const hashes = [];
    const rolling = createHash('sha256').update(`${workspace}\0${request.model}\0${request.prompt_cache_key ?? ''}\0`);
    const stepBytes = OPENAI_TOKENS_STEP * 4;
    for (let at = 0; at + stepBytes <= text.length; at += stepBytes) hashes.push(rolling.update(text.subarray(at, at + stepBytes)).copy().digest('base64'));
    const stepsMin = OPENAI_TOKENS_MIN / OPENAI_TOKENS_STEP;
    let steps = hashes.length;
    while (steps >= stepsMin && !(this.entries.get(hashes[steps - 1]) > this.now())) --steps;
    const cached = steps >= stepsMin ? steps * OPENAI_TOKENS_STEP : 0;
    const written = hashes.length >= stepsMin ? hashes.length * OPENAI_TOKENS_STEP - cached : 0;
    return {
      promptTokens: total,
      cachedTokens: cached,
      writtenTokens: written,
      commit: () => { for (const hash of hashes.slice(stepsMin - 1)) this.entries.set(hash, this.now() + TTL_MS['5m']); },
    };
  }
}
