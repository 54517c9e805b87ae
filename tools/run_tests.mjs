// Runs the test suites one after the other and closes with one line: "N passed, N failed".
//   node tools/run_tests.mjs [SUITE…]      suites: see `suites` below; default: all of them
import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, createWriteStream, statSync} from 'node:fs';
import {join} from 'node:path';

const LOGS = 'build/test-logs';
const SECONDS_MAX = {build: 3000, unit: 600, node: 900};
mkdirSync(LOGS, {recursive: true});

const totals = {passed: 0, failed: 0, skipped: 0};
const failures = [];

function run(name, command, args, {seconds, env = {}} = {}) {
  const log = join(LOGS, name.replace(/[^\w.-]+/g, '_') + '.log');
  return new Promise((resolve) => {
    const started = Date.now();
    const out = createWriteStream(log);
    const child = spawn(command, args, {env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'pipe'], detached: true});
    let text = '';
    const take = (chunk) => {
      out.write(chunk);
      text += chunk;
      if (text.length > 8e6) text = text.slice(-4e6);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => {
      take(`\ntimed out after ${seconds} s\n`);
      try { process.kill(-child.pid, 'SIGKILL'); } catch {}
    }, seconds * 1000);
    child.on('close', (code) => {
      clearTimeout(timer);
      out.end();
      resolve({code: code ?? 1, text, log, seconds: ((Date.now() - started) / 1000).toFixed(1)});
    });
  });
}

function report(name, result, passed, failed, skipped = 0) {
  if (result.code !== 0 && failed === 0) failed = 1;  // a crash, or a suite that did not get to its end
  if (result.code === 0 && passed + failed === 0) failed = 1;  // ran no test
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  const mark = failed ? 'FAILED' : 'ok';
  console.log(`${mark.padEnd(7)} ${name.padEnd(34)} ${String(passed).padStart(5)} passed ${failed ? failed + ' failed' : ''} (${result.seconds} s)`);
  if (failed) failures.push({name, log: result.log, excerpt: whatFailed(result.text)});
}

const EXCERPT_LINES_MAX = 120;

// What the tests that failed said (TAP's and GoogleTest's own marks), and the end of the output when none is marked.
function whatFailed(text) {
  const tap = [...text.matchAll(/^( *)not ok .*\n(?:\1 {2}.*\n)*/gm)].map(([block]) => block);
  const gtest = [...text.matchAll(/^\[ RUN {6}\] (.*)\n(?:(?!\[ RUN).*\n)*?\[ {2}FAILED {2}\] \1.*$/gm)].map(([block]) => block);
  const lines = [...tap, ...gtest].join('\n').split('\n');
  return lines.length > 1 ? lines.slice(0, EXCERPT_LINES_MAX).join('\n') : text.split('\n').slice(-40).join('\n');
}

const count = (text, pattern) => [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);

async function gtest(name, program, env) {
  const result = await run(name, program, ['--gtest_brief=0', '--gtest_color=no'], {seconds: SECONDS_MAX.unit, env});
  report(name, result, count(result.text, /\[  PASSED  \] (\d+) tests?\./g), count(result.text, /^ ?(\d+) FAILED TESTS?$/gm), count(result.text, /\[  SKIPPED \] (\d+) tests?,/g));
}

async function nodeTest(name, args, env) {
  const result = await run(name, process.execPath, args, {seconds: SECONDS_MAX.node, env});
  report(name, result, count(result.text, /^(?:#|ℹ) pass (\d+)$/gm), count(result.text, /^(?:#|ℹ) fail (\d+)$/gm), count(result.text, /^(?:#|ℹ) skipped (\d+)$/gm));
}

function* testPrograms(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const info = statSync(path);
    if (info.isDirectory() && name !== 'CMakeFiles') yield* testPrograms(path);
    else if (info.isFile() && name.endsWith('_test') && info.mode & 0o100) yield path;
  }
}

async function build(preset, ...targets) {
  console.log(`building ${preset} ${targets.join(' ') || '(everything)'} …`);
  const result = await run(`build-${preset}`, './dev', ['_build', preset, ...targets], {seconds: SECONDS_MAX.build});
  console.log(`built ${preset} in ${result.seconds} s`);
  if (result.code !== 0) {
    report(`build ${preset}`, result, 0, 1);
    return false;
  }
  return true;
}

async function inParallel(jobs, width) {
  const queue = [...jobs];
  await Promise.all(Array.from({length: width}, async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await job();
  }));
}

const suites = {
  async layers() {
    const result = await run('layers', process.execPath, ['tools/check_layers.mjs'], {seconds: 60});
    report('layers', result, result.code === 0 ? 1 : 0, result.code === 0 ? 0 : 1);
  },
  // The unit tests run under the address and undefined-behaviour sanitizers.
  async units() {
    if (!(await build('asan'))) return;
    const env = {ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0', LSAN_OPTIONS: 'suppressions=tools/leaks.txt:print_suppressions=0', UBSAN_OPTIONS: 'print_stacktrace=1'};
    await inParallel([...testPrograms('build/asan/src')].sort().map((program) => () => gtest(program.split('/').pop(), program, env)), 2);
  },
  // What threads share, under the thread sanitizer.
  async threads() {
    const programs = ['query_execution_test', 'cache_test', 'http_test', 'chat_test', 'observability_test', 'otlp_test'];
    if (!(await build('tsan', ...programs))) return;
    const found = [...testPrograms('build/tsan/src')].filter((path) => programs.includes(path.split('/').pop()));
    for (const program of found) await gtest(`${program.split('/').pop()} (threads)`, program, {TSAN_OPTIONS: 'suppressions=tools/races.txt halt_on_error=0'});
  },
  async web() {
    const result = await run('web', 'npm', ['--prefix', 'web', 'test', '--silent'], {seconds: SECONDS_MAX.node});
    report('web', result, count(result.text, /^(?:#|ℹ) pass (\d+)$/gm), count(result.text, /^(?:#|ℹ) fail (\d+)$/gm));
  },
  // The false model vendors, against the vendors' own clients.
  async conformance() {
    for (const file of readdirSync('tests/conformance').filter((name) => name.endsWith('.test.mjs')).sort()) {
      await nodeTest(`conformance ${file.replace('.test.mjs', '')}`, ['--test', '--test-reporter=tap', `tests/conformance/${file}`]);
    }
  },
  async integration() {
    if (!(await build('release', 'bridge', 'duckdb_rows'))) return;
    for (const file of readdirSync('tests/integration').filter((name) => name.endsWith('.test.mjs')).sort()) {
      await nodeTest(`integration ${file.replace('.test.mjs', '')}`, ['--test', '--test-reporter=tap', `tests/integration/${file}`]);
    }
  },
  async browser() {
    if (!(await build('release', 'bridge'))) return;
    await nodeTest('browser page', ['tests/browser/page_tests.mjs', 'build/test-logs/screenshots']);
    await nodeTest('browser', ['tests/browser/bridge_page.mjs', 'build/test-logs/screenshots']);
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!suites[name]) {
    console.error(`There is no suite '${name}': ${Object.keys(suites).join(', ')}`);
    process.exit(2);
  }
}
for (const name of wanted.length ? wanted : Object.keys(suites)) {
  console.log(`\n— ${name}`);
  await suites[name]();
}

for (const failure of failures) console.log(`\n──── ${failure.name} (whole log: ${failure.log})\n${failure.excerpt}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed ? 1 : 0);
