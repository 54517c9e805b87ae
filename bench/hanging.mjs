// Whether a warehouse that hangs for ever slows the others: an SQLite file that another program keeps locked, so that every read of it waits.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DATA, expectStatus, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {median, pause, percentile, spread} from './figures.mjs';

const VIEWERS = 100;
const ROUNDS = 400;

// Makes the table, says so, and locks it once it is told to.
const KEEPER = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('CREATE TABLE cars (Origin TEXT, Cylinders INTEGER)')
db.execute("INSERT INTO cars VALUES ('USA', 8), ('Japan', 4)")
print('made', flush=True)
sys.stdin.readline()
db.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.readline()
`;

const document = (slug, connection) => `bridge: 1
slug: ${slug}
title: ${slug}
connection: ${connection}
params:
  least: {type: number, default: 3}
queries:
  q: {sql: "SELECT Origin, count(*) AS cars FROM cars WHERE Cylinders > :least GROUP BY 1"}
charts:
  c: {query: q, mark: bar, x: Origin, y: cars}
`;

// Times of cached views and of fresh queries, one after the other.
async function measure(team, from) {
  const times = {cached: [], fresh: []};
  for (let i = 0; i < ROUNDS; ++i) {
    for (const [kind, query] of [['cached', ''], ['fresh', `?least=${from + i}`]]) {
      const started = performance.now();
      const answer = await expectStatus(team.call('GET', `/v1/dashboards/well/data${query}`), 200);
      times[kind].push(performance.now() - started);
      if (answer.json.queries.q.error) throw new Error(answer.text);
    }
  }
  return times;
}

export async function hanging(figure) {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-hanging-'));
  const file = join(folder, 'cars.db');
  const keeper = spawn('python3', ['-c', KEEPER, file], {stdio: ['pipe', 'pipe', 'inherit']});
  await once(keeper.stdout, 'data');
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Hanging', `${DATA}/cars.json`);
    const other = await makeTeam(server, 'Other', `${DATA}/cars.json`);
    const hangs = (await expectStatus(team.call('POST', '/v1/onboarding/connections', {body: {team_id: team.id, name: 'hangs', connection_type: 'sqlite', credentials: {path: file}}}), 201)).json;
    await expectStatus(team.call('POST', `/v1/onboarding/connections/${hangs.id}/test`), 200);
    for (const [owner, slug, connection] of [[team, 'well', 'warehouse'], [team, 'stuck', 'hangs'], [other, 'well', 'warehouse']]) {
      await expectStatus(owner.call('POST', '/v1/dashboards', {body: document(slug, connection), type: 'application/yaml'}), 201);
    }
    await measure(team, 10_000);
    const before = {team: await measure(team, 20_000), other: await measure(other, 20_000)};
    keeper.stdin.write('lock\n');
    await once(keeper.stdout, 'data');
    const gone = new AbortController();
    const answers = {};
    const took = [];
    for (let i = 0; i < VIEWERS; ++i) {
      const asked = performance.now();
      team.call('GET', `/v1/dashboards/stuck/data?least=${i}`, {signal: gone.signal}).then(({json}) => {
        const code = json.code ?? json.queries.q.error?.code ?? 'rows';
        answers[code] = (answers[code] ?? 0) + 1;
        took.push(performance.now() - asked);
      }, () => {});
    }
    await pause(500);
    const meanwhile = {team: await measure(team, 30_000), other: await measure(other, 30_000)};
    for (const [who, name] of [['team', 'the same team'], ['other', 'another team']]) {
      for (const kind of ['cached', 'fresh']) {
        const p99 = (times) => percentile(times[who][kind], 0.99);
        figure(`p99 of ${name}, ${kind}, beside ${VIEWERS} viewers of a warehouse that hangs`, `${(p99(meanwhile) / p99(before)).toFixed(2)} ×`, '1.50 × without them', `${p99(meanwhile).toFixed(2)} ms, ${p99(before).toFixed(2)} without; medians ${median(meanwhile[who][kind]).toFixed(2)} and ${median(before[who][kind]).toFixed(2)}`);
      }
    }
    figure('viewers of the one that hangs who were answered', `${took.length} of ${VIEWERS}`, 'each an error by its deadline', `while the others were measured: ${JSON.stringify(answers)}, after ${took.length ? spread(took) : '-'} ms`);
    gone.abort();
  } finally {
    keeper.kill();
    await server.stop({force: true});
    rmSync(folder, {recursive: true, force: true});
  }
}
