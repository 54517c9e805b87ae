// Sentences as people type them: a page's first chart has the numbers of SQL written by hand, or the page says which words it did not use.
import assert from 'node:assert/strict';
import {copyFileSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {extname, join} from 'node:path';
import test from 'node:test';
import {DATA, expectStatus, generate, independentRows, makeTeam, startServer} from './harness.mjs';

const cases = JSON.parse(readFileSync('tests/integration/sloppy_sentences.json', 'utf8'));
const RIGHT_LEAST = Number(process.env.SLOPPY_RIGHT_LEAST ?? 18);  // of the thirty

// Dates, whole years and numbers in one spelling.
function spelled(value) {
  if (value === null || value === '' || value === undefined) return '';
  const text = String(value).replace(/[T ]00:00:00(\.0+)?(Z|\+00)?$/, '');
  if (/^(1[5-9]|20)\d\d$/.test(text)) return `${text}-01-01`;
  return text !== '' && Number.isFinite(Number(text)) ? String(Number(Number(text).toPrecision(9))) : text;
}
const near = (a, b) => (a === '' && b === '') || a === b || Math.abs(Number(a) - Number(b)) <= 1e-6 * Math.max(1, Math.abs(Number(b)));

// The charts in the order of the page, without its numbers.
function chartsOf(document) {
  const names = JSON.stringify(document.layout ?? []).matchAll(/"chart":"([^"]+)"/g);
  return [...names].map(([, name]) => document.charts[name]).filter(({mark}) => mark !== 'kpi');
}
const fieldOf = (encoding) => (Array.isArray(encoding) ? fieldOf(encoding[0]) : typeof encoding === 'string' ? encoding : encoding?.field);

// The rows of the first chart as [key…, number], as far as it draws them.
function leadRows(document, queries) {
  const [chart] = chartsOf(document);
  const {columns, rows} = queries[chart.query].data;
  const at = (name) => columns.findIndex((column) => column.name === name);
  const fields = chart.mark === 'table' ? chart.columns ?? columns.map(({name}) => name) : [fieldOf(chart.x), fieldOf(chart.color), fieldOf(chart.y)];
  const wanted = fields.filter((name) => name && at(name) >= 0);
  const isNumber = (name) => rows.some((row) => row[at(name)] !== null && Number.isFinite(Number(row[at(name)])));
  // A lying bar has its category on y.
  const last = isNumber(wanted.at(-1)) ? wanted.at(-1) : wanted.find(isNumber);
  // A key that is the same everywhere tells nothing apart.
  const keys = wanted.filter((name, i) => name !== last && (i === 0 || new Set(rows.map((row) => row[at(name)])).size > 1));
  return {chart, rows: rows.map((row) => [...keys.map((name) => spelled(row[at(name)])), spelled(row[at(last)])])};
}

const keyOf = (row) => row.slice(0, -1).join('|');
function agrees(lead, truth, {by}) {
  const totals = new Map();
  for (const row of by === 'sum' ? lead.map((one) => [one[0], one.at(-1)]) : lead) {
    const key = keyOf(row);
    totals.set(key, totals.has(key) && by === 'sum' ? String(Number(totals.get(key)) + Number(row.at(-1))) : row.at(-1));
  }
  const known = new Map(truth.map((row) => [keyOf(row), row.at(-1)]));
  if (totals.size === 0 || totals.size < Math.min(known.size - (known.has('') ? 1 : 0), 3)) return false;
  return [...totals].every(([key, value]) => key === '' || key === '(none)' || (known.has(key) && near(value, known.get(key))));
}

test('no sloppy sentence is answered silently wrong', async (t) => {
  const server = await startServer();
  const folder = mkdtempSync(join(tmpdir(), 'bridge-sloppy-'));
  t.after(async () => { await server.stop(); rmSync(folder, {recursive: true, force: true}); });
  const teams = new Map();
  let right = 0;
  for (const one of cases) {
    await t.test(one.say, async (t) => {
      if (!teams.has(one.file)) {
        const place = join(folder, one.file.replace(/\W+/g, '_'));
        const {mkdirSync} = await import('node:fs');
        mkdirSync(place);
        copyFileSync(join(DATA, one.file), join(place, one.file.replace(extname(one.file), '').replace(/\W+/g, '_') + extname(one.file)));
        teams.set(one.file, await makeTeam(server, one.file, place));
      }
      const team = teams.get(one.file);
      const {done, error} = await generate(server, team, one.say);
      if (error) { t.diagnostic(`refused: ${error.detail}`); return; }
      const document = (await expectStatus(team.call('GET', `/v1/dashboards/${done.dashboard_slug}/document`), 200)).json;
      const {queries} = (await expectStatus(team.call('GET', `/v1/dashboards/${done.dashboard_slug}/data`), 200)).json;
      const {chart, rows} = leadRows(document, queries);
      const table = `'${join(DATA, one.file)}'`;
      for (const sql of [one.sql, one.or].filter(Boolean)) {
        const truth = (await independentRows(sql.replaceAll(/\bT\b/g, table))).map((row) => Object.values(row).map(spelled));
        if (agrees(rows, truth, one)) { right += 1; return; }
      }
      const unused = (done.account ?? []).filter(({role}) => role === 'unused').map(({word}) => word);
      const shown = `"${chart.title}" ${JSON.stringify(rows.slice(0, 4))}`;
      assert.ok(unused.length > 0 && (!one.names || unused.some((word) => new RegExp(`^(${one.names})$`, 'i').test(word))),
        `${shown} is not what was asked, and the unused words are [${unused}]`);
      t.diagnostic(`said: ${unused} unused; ${shown}`);
    });
  }
  assert.ok(right >= RIGHT_LEAST, `${right} of ${cases.length} are right`);
});
