// Signatures of thinking blocks: bound to the words, the model, the system prompt, the tools, and all that was said before.
import {createHash, createHmac, randomBytes} from 'node:crypto';

// Order of keys, cache markers, and whether a text stands alone or in a list make no difference.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    return `{${Object.keys(value).filter((key) => key !== 'cache_control').sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

const hash = (value) => createHash('sha256').update(canonical(value)).digest('base64url').slice(0, 16);
const asBlocks = (content) => (typeof content === 'string' ? [{type: 'text', text: content}] : content ?? []);
const isThought = (block) => block.type === 'thinking' || block.type === 'redacted_thinking';
const OPT_OUT_BETA = 'thinking-binding-controls-2026-08-01';

export class ThinkingSignatures {
  constructor(secret = randomBytes(32)) { this.secret = secret; }

  /** What a block that comes after `messages` and `content` is bound to. */
  prefixOf(request, messages, content) {
    const all = [...messages.map(({role, content: blocks}) => ({role, content: asBlocks(blocks)})), {role: 'assistant', content}];
    return {
      model: hash(request.model),
      system: hash(asBlocks(request.system)),
      tools: hash(request.tools ?? []),
      said: hash(all),
      thoughts: all.flatMap((message) => message.content).filter(isThought).length,
    };
  }

  sign(prefix, words) {
    const head = Buffer.from(JSON.stringify(prefix)).toString('base64url');
    return `${head}.${this.#mac(head, words)}`;
  }

  #mac(head, words) {
    return createHmac('sha256', this.secret).update(head).update('\n').update(words).digest('base64url');
  }

  /** The words of an error, or null when every thinking block of the request is as it was made. */
  findProblem(request, headers, bindsPrefix) {
    const optedOut = request.thinking?.block_binding?.prefix_mismatch_behavior === 'drop_block' && String(headers['anthropic-beta'] ?? '').includes(OPT_OUT_BETA);
    for (const [i, message] of request.messages.entries()) {
      if (message.role !== 'assistant' || !Array.isArray(message.content)) continue;
      for (const [j, block] of message.content.entries()) {
        if (!isThought(block)) continue;
        const place = `messages.${i}.content.${j}`;
        const field = block.type === 'thinking' ? 'signature' : 'data';
        const signature = block[field];
        if (signature === undefined) return `${place}.${block.type}.${field}: Field required`;
        const wrong = `${place}: Invalid \`${field}\` in \`${block.type}\` block`;
        const [head, mac] = String(signature).split('.');
        if (!mac || mac !== this.#mac(head, block.type === 'thinking' ? block.thinking : 'redacted')) return wrong;
        if (!bindsPrefix || optedOut) continue;
        const difference = differenceOf(JSON.parse(Buffer.from(head, 'base64url')), this.prefixOf(request, request.messages.slice(0, i), message.content.slice(0, j)));
        if (difference) return `${wrong}. The block is bound to a different conversation. Remove the block, or set \`thinking.block_binding.prefix_mismatch_behavior\` to "drop_block". That setting requires the \`${OPT_OUT_BETA}\` value in the \`anthropic-beta\` header. ${difference}`;
      }
    }
    return null;
  }
}

function differenceOf(made, seen) {
  if (made.model !== seen.model) return 'The `model` differs from the one this block was created with.';
  if (made.system !== seen.system) return 'The `system` prompt differs from the one this block was created with.';
  if (made.tools !== seen.tools) return 'The `tools` differ from the ones this block was created with.';
  if (seen.thoughts < made.thoughts) return 'The `thinking` block that preceded this one when it was created is missing from this request.';
  if (made.said !== seen.said) return 'The `messages` before this block differ from the ones it was created with.';
  return null;
}
