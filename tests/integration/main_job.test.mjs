// A sentence becomes a dashboard whose numbers are those of SQL written by hand and run by DuckDB's own client.
import assert from 'node:assert/strict';
import test from 'node:test';
import {rmSync} from 'node:fs';
import {DATA, expectStatus, generate, independentRows, makeTeam, runBridge, startServer, temporaryFolder} from './harness.mjs';

const FLIGHTS = `'${DATA}/flights-3m.parquet'`;
const rowsOf = (answer) => answer.data.rows.map((row) => Object.fromEntries(answer.data.columns.map(({name}, i) => [name, row[i]])));
const close = (a, b, what) => assert.ok(Math.abs(Number(a) - Number(b)) <= 1e-6 * Math.max(1, Math.abs(Number(b))), `${what}: ${a} is not ${b}`);

test('the demo answers its sentence with the numbers of SQL written by hand', async (t) => {
  const folder = temporaryFolder();
  const run = await runBridge(['demo', '--no-serve'], {folder});
  assert.equal(run.code, 0, run.stderr);
  const result = JSON.parse(run.stdout);
  assert.match(result.dashboard_slug, /^[a-z0-9-]+$/);
  assert.match(result.yaml, /^bridge: 1$/m);
  const answers = Object.entries(result.queries);
  assert.ok(answers.length >= 4, 'KPIs, a trend and breakdowns');
  for (const [id, answer] of answers) {
    assert.ok(!answer.error, `${id}: ${JSON.stringify(answer.error)}`);
    assert.ok(answer.data.rows.length > 0, `${id} has rows`);
    assert.ok(answer.metadata.bytes_scanned < 100_000_000);
  }

  // Every column that says what it is is compared with the same figure made by hand over the same period.
  const period = result.yaml.match(/default:\s*"?(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)"?/);
  const where = period ? `date >= TIMESTAMP '${period[1]}' AND date < TIMESTAMP '${period[2]}' + INTERVAL 1 DAY` : 'TRUE';
  const [whole] = await independentRows(`SELECT count(*) AS flights, avg(delay) AS delay, avg(CASE WHEN delay > 0 THEN 1.0 ELSE 0 END) AS late FROM ${FLIGHTS} WHERE ${where}`);

  await t.test('one-row answers hold the whole period', () => {
    const singles = answers.filter(([id, {data}]) => data.rows.length === 1 && !id.includes('@')).flatMap(([, answer]) => Object.entries(rowsOf(answer)[0]));
    const numbers = singles.map(([, value]) => Number(value)).filter(Number.isFinite);
    assert.ok(numbers.some((value) => value === Number(whole.flights)), `a count of ${whole.flights} among ${JSON.stringify(singles)}`);
    assert.ok(numbers.some((value) => Math.abs(value - whole.delay) < 1e-6), `an average delay of ${whole.delay} among ${JSON.stringify(singles)}`);
  });

  await t.test('the ranking of airports is right to the last digit', async () => {
    const ranking = answers.find(([, {data}]) => data.columns.length >= 2 && data.rows.length > 1 && data.rows.length <= 300 && /^[A-Z]{3}$/.test(String(data.rows[0][0])));
    assert.ok(ranking, 'there is a breakdown by airport');
    const byHand = Object.fromEntries((await independentRows(`SELECT origin, count(*) AS n, avg(delay) AS delay FROM ${FLIGHTS} WHERE ${where} GROUP BY 1`)).map((row) => [row.origin, row]));
    const byHandTo = Object.fromEntries((await independentRows(`SELECT destination, count(*) AS n, avg(delay) AS delay FROM ${FLIGHTS} WHERE ${where} GROUP BY 1`)).map((row) => [row.destination, row]));
    const airports = ranking[1].data.rows.map((row) => row[0]);
    for (const row of ranking[1].data.rows) {
      const numbers = row.slice(1).map(Number).filter(Number.isFinite);
      const hand = [byHand[row[0]], byHandTo[row[0]]].filter(Boolean);
      assert.ok(hand.some((h) => numbers.some((value) => Math.abs(value - h.delay) < 1e-6)), `${row} is not ${JSON.stringify(hand)}`);
    }
    assert.ok(airports.every((airport) => Math.max(byHand[airport]?.n ?? 0, byHandTo[airport]?.n ?? 0) >= 30), 'no airport with a handful of flights tops the ranking');
  });

  await t.test('the trend covers the period without a bogus last point', () => {
    const trend = answers.find(([, {data}]) => ['timestamp', 'date'].includes(data.columns[0]?.type) && data.rows.length > 10);
    assert.ok(trend, 'there is a trend');
    const rows = rowsOf(trend[1]);
    const key = trend[1].data.columns[0].name;
    const times = rows.map((row) => row[key]).filter((value, i, all) => all.indexOf(value) === i).sort();
    assert.ok(times[0].startsWith('2001-0'), times[0]);
    assert.ok(times.at(-1) < '2001-07-01T00:00:00Z' || times.at(-1) >= '2001-06-2', times.at(-1));
    assert.ok(!times.at(-1).startsWith('2001-07-01'), 'the single flight at midnight of 1 July makes no bucket of its own');
  });
  rmSync(folder, {recursive: true, force: true});
});

test('every step is seen: exploring, dry runs under the cap, validation, saving, in that order', async () => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Flights', DATA + '/flights-3m.parquet');
    const {events, done} = await generate(server, team, 'how did our flights go this year?');
    assert.ok(done, JSON.stringify(events.at(-1)));
    assert.equal(events[0].event, 'session');
    assert.equal(events.at(-1).event, 'done');
    const calls = events.filter(({event}) => event === 'tool_call').map(({data}) => data.name);
    const order = ['list_tables', 'get_table_schema', 'run_dry_run_query', 'validate_dashboard_yaml', 'save_dashboard_yaml'].map((name) => calls.indexOf(name));
    assert.deepEqual(order, [...order].sort((a, b) => a - b));
    assert.ok(order.every((at) => at >= 0), calls.join(' '));
    for (const {data} of events.filter(({event}) => event === 'tool_result')) assert.equal(data.ok, true, JSON.stringify(data));
    assert.match(done.gcs_yaml_path, new RegExp(`dashboards/${team.id}/${done.dashboard_slug}\\.yaml$`));
    const saved = (await team.call('GET', `/v1/dashboards/${done.dashboard_slug}/yaml`)).text;
    const dryRun = events.filter(({event, data}) => event === 'tool_call' && data.name === 'run_dry_run_query').map(({data}) => data.input.sql.replaceAll(/\s+/g, ' ').trim());
    const valid = (await expectStatus(team.call('POST', '/v1/dashboards/validate?dry_run=true', {body: saved, type: 'application/yaml'}), 200)).json;
    assert.deepEqual(valid.errors, []);
    const document = (await team.call('GET', `/v1/dashboards/${done.dashboard_slug}/document`)).json;
    for (const [id, query] of Object.entries(document.queries)) {
      if (query.from?.length) continue;
      assert.ok(dryRun.includes(query.sql.replaceAll(/\s+/g, ' ').trim()), `${id} was dry-run as it is saved`);
    }
    assert.ok(document.provenance.dry_run_bytes > 0);
    assert.equal(document.provenance.generator, 'rules');
  } finally {
    await server.stop();
  }
});

// Each table with a sentence; the words that the dashboard must be about; columns that must never be added up.
const SENTENCES = [
  ['weather.csv', 'how rainy is Seattle compared to New York by month', /precipitation/, /sum\(\s*"?(temp_max|temp_min|wind)/i],
  ['birdstrikes.csv', 'what do bird strikes cost and which species cause them', /Cost Total \$/, /sum\(\s*"Speed/i],
  ['movies.json', 'which genres earn the most worldwide and how do they rate', /Worldwide Gross/, /sum\(\s*"(IMDB Rating|Rotten|Running)/i],
  ['penguins.json', 'body mass by species and sex', /Body Mass/, /sum\(\s*"Beak/i],
  ['jobs.json', 'men and women in each job over time', /"?count"?/, /sum\(\s*"?(perc|year)\b/i],
  ['gapminder.json', 'life expectancy vs fertility', /life_expect/, /sum\(\s*"?(life_expect|fertility|year|cluster)\b/i],
  ['stocks.csv', 'compare stock prices over time', /price/, /sum\(\s*"?price/i],
  ['flights-3m.parquet', 'busiest routes by month', /origin[\s\S]*destination|destination[\s\S]*origin/, /sum\(\s*"?delay/i],
];

test('each of the demo\'s tables gets a dashboard that fits its sentence, within the cap and with data in every chart', async (t) => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'All tables', DATA);
    for (const [file, sentence, about, never] of SENTENCES) {
      await t.test(`${file}: ${sentence}`, async () => {
        const {done, last} = await generate(server, team, sentence);
        assert.ok(done, JSON.stringify(last));
        const document = (await team.call('GET', `/v1/dashboards/${done.dashboard_slug}/document`)).json;
        const sql = Object.values(document.queries).map((query) => query.sql).join('\n');
        assert.match(sql, about);
        assert.match(sql, new RegExp(`FROM\\s+"?(main"?\\."?)?${file.split('.')[0].replaceAll('-', '_')}`, 'i'), `reads ${file}`);
        assert.doesNotMatch(sql, never);
        const marks = Object.values(document.charts).map(({mark}) => mark);
        assert.ok(marks.filter((mark) => mark === 'kpi').length >= 2, `KPIs among ${marks}`);
        assert.ok(marks.length >= 4, `${marks}`);
        const {queries} = (await team.call('GET', `/v1/dashboards/${done.dashboard_slug}/data`)).json;
        for (const [id, answer] of Object.entries(queries)) {
          assert.ok(!answer.error, `${id}: ${JSON.stringify(answer.error)}`);
          if (!id.includes('@')) assert.ok(answer.data.rows.length > 0, `${id} has rows`);
          assert.ok(answer.metadata.bytes_scanned < 100_000_000, `${id} is under the cap`);
        }
      });
    }
  } finally {
    await server.stop();
  }
});

test('a sentence over 3 million rows takes under two seconds', async () => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Quick', DATA + '/flights-3m.parquet');
    const times = [];
    for (const sentence of ['Which airports have the longest delays, and when?', 'average delay by distance', 'busiest routes by month']) {
      const started = performance.now();
      const {done, last} = await generate(server, team, sentence);
      assert.ok(done, JSON.stringify(last));
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    assert.ok(times[1] < 2000, `the median of ${times.map(Math.round)} ms`);
  } finally {
    await server.stop();
  }
});

test('a sentence that matches nothing says which tables there are and saves nothing', async () => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Nothing', DATA + '/flights-3m.parquet');
    const {done, error} = await generate(server, team, 'quarterly payroll of employees by department');
    assert.equal(done, undefined);
    assert.equal(error.code, 'nothing_matched');
    assert.match(JSON.stringify(error), /flights_3m/);
    assert.deepEqual((await team.call('GET', '/v1/dashboards')).json.items, []);
  } finally {
    await server.stop();
  }
});

test('the text of the sentence is held to its limits', async () => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Limits', DATA + '/flights-3m.parquet');
    for (const user_prompt of ['', '   ', 'x'.repeat(2001), 7, null, ['a'], {select: 1}]) {
      const response = await team.call('POST', '/v1/dashboards/generate', {body: {connection_id: team.connectionId, user_prompt}});
      assert.equal(response.status, 422, JSON.stringify(user_prompt).slice(0, 40));
      assert.match(response.headers.get('content-type'), /problem\+json/);
    }
    assert.equal((await team.call('POST', '/v1/dashboards/generate', {body: {connection_id: '0190a000-0000-7000-8000-000000000000', user_prompt: 'x'}})).status, 404);
    assert.equal((await team.call('POST', '/v1/dashboards/generate', {body: {connection_id: team.connectionId, user_prompt: 'x', provider: 'oracle'}})).status, 422);
  } finally {
    await server.stop();
  }
});
