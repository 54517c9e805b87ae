// The browser tests against the real binary on the demo's tables: node tests/browser/bridge_page.mjs [SHOT_DIR]
// Starts a server, makes a first dashboard, runs run.mjs on it, and ends with its status.
import {spawn} from 'node:child_process';
import {copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DATA, generate, makeTeam, startServer} from '../integration/harness.mjs';

const tables = mkdtempSync(join(tmpdir(), 'bridge-tables-'));
for (const name of ['flights-3m.parquet', 'weather.csv', 'movies.json', 'penguins.json']) copyFileSync(join(DATA, name), join(tables, name));
const server = await startServer();
let status = 1;
try {
  const team = await makeTeam(server, 'Operations', tables);
  const {done, last} = await generate(server, team, 'Which airports have the longest delays, and when?');
  if (!done) throw new Error(JSON.stringify(last));
  const link = server.errors.match(/http:\S+#token=[\w-]+/)[0];
  const child = spawn(process.execPath, ['tests/browser/run.mjs', server.url, link, ...process.argv.slice(2)], {
    stdio: 'inherit', env: {...process.env, BRIDGE_QUESTION: process.env.BRIDGE_QUESTION ?? 'busiest routes by month'}});
  status = await new Promise((done) => child.on('exit', (code) => done(code ?? 1)));
} finally {
  await server.stop();
  rmSync(tables, {recursive: true, force: true});
}
process.exit(status);
