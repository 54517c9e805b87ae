// Writes a .br and a .gz beside every text file of dist, so that the server sends bytes it never has to compress.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const compressible = /\.(js|css|html|svg|json|txt|map)$/;
const totals = { files: 0, plain: 0, br: 0, gz: 0 };

for (const name of readdirSync(dist, { recursive: true })) {
  const path = join(dist, name);
  // What `bridge render` puts into its pages, and what the server reads for itself, is never sent by itself.
  if (!statSync(path).isFile() || !compressible.test(name) || name.startsWith('render/') || name === 'scripts.json') continue;
  const bytes = readFileSync(path);
  const br = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const gz = gzipSync(bytes, { level: 9 });
  writeFileSync(`${path}.br`, br);
  writeFileSync(`${path}.gz`, gz);
  totals.files += 1;
  totals.plain += bytes.length;
  totals.br += br.length;
  totals.gz += gz.length;
}
const kb = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
console.log(`precompressed ${totals.files} files: ${kb(totals.plain)} plain, ${kb(totals.gz)} gzip, ${kb(totals.br)} brotli`);
