import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut_text, usage_text } from './usage_text';

const usage = { input_tokens: 1204, cache_read_tokens: 900, cache_write_tokens: 50, output_tokens: 310, complete: true };

test('the foot line says tokens, cost and calls', () => {
  assert.equal(usage_text({ usage, cost_usd: 0.0042, model_calls: 3 }), '2,154 tokens in (900 cached), 310 out · $0.0042 · 3 model calls');
  assert.equal(usage_text({ usage: { ...usage, cache_read_tokens: null, complete: false }, cost_usd: 1.5, model_calls: 1 }), 'at least 1,254 tokens in, 310 out · $1.50 · 1 model call');
});

test('a price that is not known is not a price of nothing', () => {
  assert.match(usage_text({ usage, cost_usd: null }), /price unknown/);
  assert.match(usage_text({ usage, cost_usd: 0 }), /\$0$/);
});

test('an answer of which nothing is known says nothing', () => {
  assert.equal(usage_text({ usage: { ...usage, input_tokens: 0, output_tokens: 0, complete: false }, cost_usd: null, model_calls: 0 }), '');
});

test('an answer that was cut off says so', () => {
  assert.match(cut_text({ finish_reason: 'length' }) ?? '', /cut off/);
  assert.equal(cut_text({ finish_reason: 'stop' }), null);
});
