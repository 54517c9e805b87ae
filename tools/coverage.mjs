// Line coverage of src/ by the unit tests that ran last in a build folder: measure('build/asan').
// Read with gcov, which comes with the compiler. Tests and what only they use (`testing/`) do not count; a file that no test links counts with nothing.
import {execFile} from 'node:child_process';
import {existsSync, readdirSync, rmSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {join, relative, resolve} from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 256 << 20;
const FILES_A_CALL = 8;
// What runs behind walls cannot write its counts.
const BEHIND_WALLS = /^src\/(platform\/worker_process|warehouse\/isolated)\//;
const counts = (file) => file.startsWith('src/') && !/_test\.cpp$|\/testing\//.test(file) && !BEHIND_WALLS.test(file);

function* files(folder, ending) {
  for (const entry of readdirSync(folder, {recursive: true})) if (entry.endsWith(ending)) yield join(folder, entry);
}

/** Forgets what ran before. */
export function forget(build) {
  for (const file of [...files(join(build, 'src'), '.gcda')]) rmSync(file);
}

/** `{percent, lines, covered, folders: Map(folder → {lines, covered})}`. */
export async function measure(build) {
  const notes = [...files(join(build, 'src'), '.gcno')].map((file) => resolve(file));
  const lines = new Map();  // file → Map(line → runs)
  const groups = Array.from({length: Math.ceil(notes.length / FILES_A_CALL)}, (_, i) => notes.slice(i * FILES_A_CALL, (i + 1) * FILES_A_CALL));
  await Promise.all(Array.from({length: availableParallelism()}, async () => {
    for (let group = groups.shift(); group; group = groups.shift()) {
      // Counts of a source of which no program ran are missing: gcov then says zero.
      const {stdout} = await run('gcov', ['--json-format', '--stdout', '--relative-only', '--source-prefix', process.cwd(), ...group], {cwd: build, maxBuffer: OUTPUT_BYTES_MAX});
      for (const text of stdout.split('\n')) if (text.startsWith('{')) add(lines, build, JSON.parse(text));
    }
  }));
  const folders = new Map();
  const total = {lines: 0, covered: 0};
  for (const [file, runs] of lines) {
    const folder = folders.get(file.slice(0, file.lastIndexOf('/'))) ?? {lines: 0, covered: 0};
    folders.set(file.slice(0, file.lastIndexOf('/')), folder);
    for (const sum of [folder, total]) {
      sum.lines += runs.size;
      sum.covered += [...runs.values()].filter((count) => count > 0).length;
    }
  }
  if (total.lines === 0) throw new Error(`no line of src/ was measured in ${build}`);
  return {...total, percent: 100 * total.covered / total.lines, folders};
}

// A line of a template or of a header is in many objects: it counts as run when it ran in any.
// Sources are named from the build folder, or from here without the prefix. The folder that an object says it was compiled in may be another checkout's, by way
// of ccache.
function add(lines, build, {files}) {
  for (const one of files) {
    const name = one.file.startsWith('src/') ? one.file : relative(process.cwd(), resolve(build, one.file));
    if (!counts(name) || !existsSync(name)) continue;  // an object of a source that has moved may still lie there
    const runs = lines.get(name) ?? new Map();
    lines.set(name, runs);
    for (const {line_number: line, count} of one.lines) runs.set(line, Math.max(runs.get(line) ?? 0, count));
  }
}

export function describe({percent, lines, folders}) {
  const row = (name, {lines, covered}) => `${name.padEnd(48)} ${(100 * covered / lines).toFixed(1).padStart(6)} % ${String(lines).padStart(7)} lines`;
  return [...[...folders].sort().map(([folder, sum]) => row(folder, sum)), row('total', {lines, covered: Math.round(lines * percent / 100)})].join('\n') + '\n';
}
