import assert from 'node:assert/strict';
import { test } from 'node:test';
import { first_calls } from './first_calls';

test('a dashboard begins with all of its calls at once, a filtered one waits for its document', () => {
  assert.deepEqual(first_calls('/d/flight-delays', ''), ['/v1/me', '/v1/dashboards/flight-delays/document', '/v1/dashboards/flight-delays/data']);
  assert.deepEqual(first_calls('/d/flight-delays', '?origin=LAX'), ['/v1/me', '/v1/dashboards/flight-delays/document']);
});

test('other screens begin with who is asking, and a sign-in link with nothing', () => {
  assert.deepEqual(first_calls('/', ''), ['/v1/me', '/v1/dashboards?limit=500']);
  assert.deepEqual(first_calls('/chat', ''), ['/v1/me']);
  assert.deepEqual(first_calls('/nowhere/at/all', ''), ['/v1/me']);
  assert.deepEqual(first_calls('/open', ''), []);
});

test('an address that cannot be read begins with who is asking', () => {
  assert.deepEqual(first_calls('/d/%zz', ''), ['/v1/me']);
});
