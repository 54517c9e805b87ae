// What an answer cost, as a quiet line. Pure.
import type { AgentDone, TokenUsage } from '../api/types';
import { format_cost, format_count } from '../charts/format';

// "2,104 tokens in (900 cached), 310 out · $0.0042 · 3 model calls": all that went in, and how much of it was read from the provider's cache
export function usage_text(done: AgentDone): string {
  // An answer that was read back from the transcript: what it took is only known of the whole conversation.
  if (done.model_calls === 0) return '';
  const parts = [tokens_text(done.usage ?? null), done.cost_usd === undefined ? '' : format_cost(done.cost_usd)];
  if ((done.model_calls ?? 0) > 0) parts.push(format_count(done.model_calls!, 'model call'));
  return parts.filter(Boolean).join(' · ');
}

function tokens_text(usage: TokenUsage | null): string {
  if (!usage || usage.input_tokens === null || usage.output_tokens === null) return usage ? 'tokens unknown' : '';
  const tokens_in = usage.input_tokens + (usage.cache_read_tokens ?? 0) + (usage.cache_write_tokens ?? 0);
  const cached = usage.cache_read_tokens ? ` (${usage.cache_read_tokens.toLocaleString('en')} cached)` : '';
  return `${usage.complete ? '' : 'at least '}${tokens_in.toLocaleString('en')} tokens in${cached}, ${usage.output_tokens.toLocaleString('en')} out`;
}

// Why an answer ended before its end; null when it did not.
export function cut_text(done: AgentDone): string | null {
  switch (done.finish_reason) {
    case 'length':
      return 'The answer is longer than the model may write and was cut off. Ask it to go on.';
    case 'refused':
      return 'The model, or its provider, would not say more to this.';
    default:
      return done.truncated ? 'The answer was cut off. Ask it to go on.' : null;
  }
}
