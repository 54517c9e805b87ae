import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calls_query, cost_text, total_cost, with_filter, with_offset } from './usage';

const summary = { total_cost_usd: 1.5, total_tokens: 10, unpriced_calls: 0, breakdown: [] };

test('a price that is not known is never nothing', () => {
  assert.deepEqual(total_cost(summary), { text: '$1.50', note: null });
  assert.equal(total_cost({ ...summary, total_cost_usd: 0 }).text, '$0');
  assert.equal(total_cost({ ...summary, total_cost_usd: 0, unpriced_calls: 3 }).text, 'price unknown');
  assert.equal(total_cost({ ...summary, total_cost_usd: null }).text, 'price unknown');
  assert.equal(total_cost({ ...summary, unpriced_calls: 3 }).note, 'and 3 calls whose price is unknown');
});

test('a call without a price, or without usage, has no cost', () => {
  assert.equal(cost_text({ price_known: false, cost_usd: 0 }), 'price unknown');
  assert.equal(cost_text({ price_known: true, cost_usd: null }), 'usage unknown');
  assert.equal(cost_text({ price_known: true, cost_usd: 0 }), '$0');
});

test('another filter begins at the first page again', () => {
  assert.equal(with_filter('session_id=a&offset=50', 'provider', 'x'), 'session_id=a&provider=x');
  assert.equal(with_filter('session_id=a', 'session_id', ''), '');
  assert.equal(with_offset('session_id=a&offset=50', 0), 'session_id=a');
});

test('the server is asked for what the address says and nothing else', () => {
  assert.equal(calls_query('session_id=a&offset=50&other=1'), 'limit=50&session_id=a&offset=50');
});
