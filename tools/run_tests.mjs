// Runs the test suites one after the other and closes with one line: "N passed, N failed, N skipped". What was skipped is named above it.
//   node tools/run_tests.mjs [SUITE…]      suites: see `suites` below; default: all of them
import {spawn} from 'node:child_process';
import {createWriteStream, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import * as coverage from './coverage.mjs';

const LOGS = 'build/test-logs';
const SECONDS_MAX = {build: 3000, unit: 900, node: 900};
const COVERED_PERCENT_MIN = 85;
// Tests of processes behind walls, through which a sanitizer's own files and memory do not come: the suite `walls` runs them.
const BEHIND_WALLS = 'Sandbox.*:WorkerLauncher.*:WorkerSupervisor.*';
mkdirSync(LOGS, {recursive: true});

const totals = {passed: 0, failed: 0, skipped: 0};
const failures = [];
const skips = [];

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
  const named = whatWasSkipped(result.text);
  for (const skip of named) skips.push(`${name}: ${skip}`);
  if (named.length < skipped) skips.push(`${name}: ${skipped - named.length} more, see ${result.log}`);
}

// The names and reasons that GoogleTest and both of node's reporters give.
function whatWasSkipped(text) {
  const gtest = [...text.matchAll(/^(?:.*: Skipped\n(.*)\n+)?\[ {2}SKIPPED \] (\S+) \(\d+ ms\)$/gm)].map(([, why, name]) => ({name, why}));
  const tap = [...text.matchAll(/^ *ok \d+ - (.*?) # SKIP ?(.*)$/gm)].map(([, name, why]) => ({name, why}));
  const spec = [...text.matchAll(/^ *﹣ (.*?) \([\d.]+ms\) # (.*)$/gm)].map(([, name, why]) => ({name, why: why === 'SKIP' ? '' : why}));
  return [...gtest, ...tap, ...spec].map(({name, why}) => why ? `${name} (${why})` : name);
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

async function gtest(name, program, env, filter = '*') {
  const result = await run(name, program, ['--gtest_brief=0', '--gtest_color=no', `--gtest_filter=${filter}`], {seconds: SECONDS_MAX.unit, env});
  report(name, result, count(result.text, /\[  PASSED  \] (\d+) tests?\./g), count(result.text, /^ ?(\d+) FAILED TESTS?$/gm), count(result.text, /\[  SKIPPED \] (\d+) tests?,/g));
}

async function nodeTest(name, args, env) {
  reportNode(name, await run(name, process.execPath, args, {seconds: SECONDS_MAX.node, env}));
}

function reportNode(name, result) {
  report(name, result, count(result.text, /^(?:#|ℹ) pass (\d+)$/gm), count(result.text, /^(?:#|ℹ) fail (\d+)$/gm), count(result.text, /^(?:#|ℹ) skipped (\d+)$/gm));
}

// What runs under the thread sanitizer. The others were not seen to pass under it yet: a room is added here when it was.
const UNDER_THREADS = ['base', 'cache', 'chat', 'http', 'jobs', 'network', 'observability', 'otlp', 'query_execution', 'warehouse_use', 'work'];

// Integration tests that measure times or memory of the whole machine.
const ALONE = ['kills', 'memory', 'start', 'walls'];

// The programs that CMake knows: one a module that has tests.
async function testPrograms(preset, wanted = () => true) {
  const {code, text} = await run(`list-${preset}`, 'ctest', ['--test-dir', `build/${preset}`, '--show-only=json-v1'], {seconds: 60});
  const tests = code === 0 ? JSON.parse(text.slice(text.indexOf('{'))).tests : [];
  if (tests.length === 0) throw new Error(`ctest lists no test in build/${preset}: ${text}`);
  return tests.filter(({name}) => wanted(name)).map(({name, command}) => {
    if (!command) throw new Error(`the test ${name} was not built: unit_tests does not depend on it`);  // ctest names programs that are there
    return command[0];
  }).sort();
}

async function unitTests(preset, env, suffix = '', wanted = undefined) {
  await inParallel((await testPrograms(preset, wanted)).map((program) => {
    const name = program.split('/').pop();
    return () => gtest(name + suffix, program, env, name === 'worker_process_test' ? `-${BEHIND_WALLS}` : '*');
  }), 2);
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

async function checkCoverage(folder) {
  const started = Date.now();
  const log = join(LOGS, 'coverage.log');
  const found = await coverage.measure(folder).then((measured) => {
    const verdict = `${measured.percent.toFixed(1)} % of the lines of src/ are covered by the unit tests; the floor is ${COVERED_PERCENT_MIN} %`;
    return {ok: measured.percent >= COVERED_PERCENT_MIN, text: `${coverage.describe(measured)}${verdict}\n`, verdict};
  }, (error) => ({ok: false, text: String(error.stack), verdict: error.message}));
  writeFileSync(log, found.text);
  report('coverage', {code: found.ok ? 0 : 1, text: found.text, log, seconds: ((Date.now() - started) / 1000).toFixed(1)}, found.ok ? 1 : 0, found.ok ? 0 : 1);
  console.log(`        ${found.verdict}`);
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
  async format() {
    const result = await run('format', './dev', ['_check_format'], {seconds: 120});
    report('format', result, result.code === 0 ? 1 : 0, result.code === 0 ? 0 : 1);
  },
  // The unit tests run under the address and undefined-behaviour sanitizers, which also measure what they cover.
  async units() {
    if (!(await build('asan', 'unit_tests'))) return;
    coverage.forget('build/asan');
    const env = {ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0', LSAN_OPTIONS: 'suppressions=tools/leaks.txt:print_suppressions=0', UBSAN_OPTIONS: 'print_stacktrace=1'};
    await unitTests('asan', env);
    await checkCoverage('build/asan');
  },
  // Those of the rooms whose threads work on the same things, under the thread sanitizer.
  async threads() {
    if (!(await build('tsan', ...UNDER_THREADS.map((room) => `${room}_test`)))) return;
    // Some tests fork: their children run threads of their own.
    await unitTests('tsan', {TSAN_OPTIONS: 'suppressions=tools/races.txt halt_on_error=0 die_after_fork=0'}, ' (threads)', (name) => UNDER_THREADS.includes(name));
  },
  // Worker processes behind the walls that people run them in.
  async walls() {
    if (!(await build('release', 'worker_process_test', 'isolated_test'))) return;
    await gtest('worker_process_test (walls)', 'build/release/src/platform/worker_process/worker_process_test', {}, BEHIND_WALLS);
    await gtest('isolated_test (walls)', 'build/release/src/warehouse/isolated_test', {});
  },
  async web() {
    reportNode('web', await run('web', 'npm', ['--prefix', 'web', 'test', '--silent'], {seconds: SECONDS_MAX.node}));
  },
  // The false model vendors, against the vendors' own clients.
  async conformance() {
    for (const file of readdirSync('tests/conformance').filter((name) => name.endsWith('.test.mjs')).sort()) {
      await nodeTest(`conformance ${file.replace('.test.mjs', '')}`, ['--test', '--test-reporter=tap', `tests/conformance/${file}`]);
    }
  },
  async integration() {
    if (!(await build('release', 'bridge', 'bridge_with_crash_points', 'duckdb_rows'))) return;
    const names = readdirSync('tests/integration').filter((name) => name.endsWith('.test.mjs')).map((name) => name.replace('.test.mjs', ''));
    for (const name of ALONE) if (!names.includes(name)) throw new Error(`there is no tests/integration/${name}.test.mjs`);
    const test = (name) => () => nodeTest(`integration ${name}`, ['--test', '--test-reporter=tap', `tests/integration/${name}.test.mjs`]);
    // Most of them wait for most of their time. The longest come first, so that no processor is idle at the end.
    const longest = ['model_failures', 'models', 'chat'];
    await inParallel([...longest, ...names.filter((name) => !ALONE.includes(name) && !longest.includes(name)).sort()].map(test), 2);
    await inParallel(ALONE.map(test), 1);
  },
  async browser() {
    if (!(await build('release', 'bridge'))) return;
    await nodeTest('browser page', ['tests/browser/page_tests.mjs', 'build/test-logs/screenshots']);
    await nodeTest('browser', ['tests/browser/bridge_page.mjs', 'build/test-logs/screenshots']);
  },
};

// What people read about the suites names each of them.
for (const file of ['dev', 'CONTRIBUTING.md']) {
  const text = readFileSync(file, 'utf8');
  const missing = Object.keys(suites).filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  if (missing.length) {
    console.error(`${file} does not name the suites ${missing.join(', ')}`);
    process.exit(2);
  }
}

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!suites[name]) {
    console.error(`There is no suite '${name}': ${Object.keys(suites).join(', ')}`);
    process.exit(2);
  }
}
for (const name of wanted.length ? wanted : Object.keys(suites)) {
  console.log(`\n— ${name}`);
  try {
    await suites[name]();
  } catch (error) {
    report(name, {code: 1, text: error.stack, log: 'none', seconds: 0}, 0, 1);
  }
}

for (const failure of failures) console.log(`\n──── ${failure.name} (whole log: ${failure.log})\n${failure.excerpt}`);
if (skips.length) console.log(`\nskipped:\n${skips.map((skip) => `  ${skip}`).join('\n')}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed ? 1 : 0);
