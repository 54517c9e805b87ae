// Builds every src/**/*.test.ts for node and runs them with node's own test runner.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const web = fileURLToPath(new URL('..', import.meta.url));
const out = join(web, 'node_modules/.cache/bridge-tests');
rmSync(out, { recursive: true, force: true });

const input = Object.fromEntries(
  readdirSync(join(web, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => [name.replace(/\.ts$/, '').replaceAll('/', '.'), join(web, 'src', name)]),
);
await build({
  root: web,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: true,
    outDir: out,
    minify: false,
    target: 'node20',
    rollupOptions: { input, output: { entryFileNames: '[name].mjs', chunkFileNames: 'shared/[name]-[hash].mjs' } },
  },
});
const files = [...Object.keys(input).map((name) => join(out, `${name}.mjs`)), join(web, 'scripts/api_types.test.mjs')];
const run = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' });
process.exit(run.status ?? 1);
