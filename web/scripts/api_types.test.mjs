// The client's types are those of the server's description: generated again, they must be the ones that are committed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('..', import.meta.url));

test('the types of the wire are generated from schemas/openapi.json (npm run generate-api)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-api-'));
  const out = join(folder, 'api.ts');
  const made = spawnSync(process.execPath, [join(web, 'node_modules/openapi-typescript/bin/cli.js'), join(web, '../schemas/openapi.json'), '-o', out], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  assert.equal(readFileSync(join(web, 'src/api/openapi.generated.ts'), 'utf8'), readFileSync(out, 'utf8'));
  rmSync(folder, { recursive: true });
});
