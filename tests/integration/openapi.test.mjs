import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import test from 'node:test';
import {UPDATING, startServer} from './harness.mjs';

test('schemas/openapi.json is the description that the server gives (./dev update rewrites it)', async () => {
  const server = await startServer();
  try {
    const text = JSON.stringify((await server.call('GET', '/openapi.json')).json, null, 1) + '\n';
    if (UPDATING) writeFileSync('schemas/openapi.json', text);
    assert.equal(readFileSync('schemas/openapi.json', 'utf8'), text, 'run ./dev update and commit the difference');
    assert.equal((await server.call('GET', '/docs')).status, 200);
    const schema = await server.call('GET', '/schemas/dashboard/v1.json', {key: null});
    assert.deepEqual(schema.json, JSON.parse(readFileSync('schemas/dashboard.schema.json', 'utf8')));
  } finally {
    await server.stop();
  }
});
