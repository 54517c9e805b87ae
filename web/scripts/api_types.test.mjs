// The client's types are those of the server's description and of the document's schema: generated again, they must be the ones that are committed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('..', import.meta.url));

test('the types of the wire are generated from schemas/ (npm run generate-api)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-api-'));
  const made = spawnSync(process.execPath, [join(web, 'scripts/generate_types.mjs'), folder], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const names = readdirSync(folder).sort();
  assert.deepEqual(readdirSync(join(web, 'src/api')).filter((name) => name.endsWith('.generated.ts')).sort(), names);
  for (const name of names) assert.equal(readFileSync(join(web, 'src/api', name), 'utf8'), readFileSync(join(folder, name), 'utf8'), name);
  rmSync(folder, { recursive: true });
});
