// What the walls around engines cost, and what they keep from others: memory of the processes, the first query of a connection, and another
// team's views while one team's every engine is stuck.
import {mkdtempSync, rmSync} from 'node:fs';
import {request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DATA, expectStatus, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {childrenOf, median, pause, percentile, privateMiB, residentMiB} from './figures.mjs';

const ROUNDS = 300;
const STARTS = 10;
const STUCK = [8, 64, 512];
const SECONDS_TO_STICK = 3;

const document = (slug, sql) => `bridge: 1
slug: ${slug}
title: ${slug}
connection: warehouse
params:
  least: {type: number, default: 3}
queries:
  q: {sql: ${JSON.stringify(sql)}}
charts:
  c: {query: q, mark: table}
`;
const WELL = 'SELECT Origin, count(*) AS cars FROM cars WHERE Cylinders > :least GROUP BY 1';
// Nine million million pairs: nobody lives to see the end, and the byte cap has nothing against them.
const ENDLESS = 'SELECT count(*) AS n FROM flights_3m a, flights_3m b WHERE a.delay + b.delay > :least + 100000';

async function times(team, from, query) {
  const took = [];
  for (let i = 0; i < ROUNDS; ++i) {
    const started = performance.now();
    const answer = await expectStatus(team.call('GET', `/v1/dashboards/well/data${query(from + i)}`), 200);
    took.push(performance.now() - started);
    if (answer.json.queries.q.error) throw new Error(answer.text);
  }
  return took;
}
const measure = async (team, from) => ({cached: await times(team, from, () => ''), fresh: await times(team, from, (n) => `?least=${n}`)});

// A viewer on a connection of its own, who stays until the stop.
function viewer(server, team, number, stop) {
  return new Promise((done) => {
    const call = request(`${server.url}/v1/dashboards/stuck/data?least=${number}`, {agent: false, headers: {authorization: `Bearer ${server.operatorKey}`, 'x-bridge-team': team.id}}, (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode));
    });
    call.on('error', () => done('gone'));
    stop.push(() => call.destroy());
    call.end();
  });
}

// The first query of a connection, which opens it, less its second: with this program, and with another whose engines have no walls. Another
// connection was asked before, so that the engine's library is loaded.
async function firstQueries(programs) {
  const all = [];
  for (const binary of programs) {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-first-'));
    const server = await startServer({binary, folder, keep: true});
    const teams = [];
    for (const [name, file] of [['Before', 'movies.json'], ['First', 'cars.json']]) teams.push(await makeTeam(server, name, `${DATA}/${file}`));
    const count = 'SELECT count(*) AS n FROM movies WHERE :least > 0';
    for (const [team, sql] of [[teams[0], count], [teams[1], WELL]]) await expectStatus(team.call('POST', '/v1/dashboards', {body: document('well', sql), type: 'application/yaml'}), 201);
    await server.stop();
    all.push({binary, folder, teams: teams.map(({id}) => id), took: []});
  }
  for (let i = 0; i < STARTS; ++i) {
    for (const each of all) {
      const server = await startServer({binary: each.binary, folder: each.folder, keep: true});
      await pause(500);
      const ask = async (query, team = each.teams[1]) => {
        const started = performance.now();
        const {json, text} = await expectStatus(server.call('GET', `/v1/dashboards/well/data?least=${query}`, {team}), 200);
        if (json.queries.q.error) throw new Error(text);
        return performance.now() - started;
      };
      await ask(3_000 + i, each.teams[0]);
      each.took.push(await ask(1_000 + i) - await ask(2_000 + i));
      await server.stop();
    }
  }
  for (const {folder} of all) rmSync(folder, {recursive: true, force: true});
  return all.map(({took}) => took);
}

export async function walls(figure, programs) {
  {
    const server = await startServer();
    await pause(1_000);
    const zygote = childrenOf(server.child.pid);
    figure('idle, the server and its zygote', `${(residentMiB(server) + privateMiB(zygote)).toFixed(1)} MiB`, '40 MiB', `server ${residentMiB(server).toFixed(1)} MiB resident, zygote ${privateMiB(zygote).toFixed(1)} MiB of its own`);
    const team = await makeTeam(server, 'Idle', `${DATA}/cars.json`);
    const workers = () => childrenOf(zygote[0]);
    await expectStatus(team.call('POST', '/v1/dashboards', {body: document('well', WELL), type: 'application/yaml'}), 201);
    await times(team, 1_000, (n) => `?least=${n}`);
    await pause(1_000);
    figure('a warm worker, of its own', `${median(workers().map((pid) => privateMiB([pid], 'Dirty'))).toFixed(1)} MiB`, '12 MiB', `private memory after 300 queries over cars.json; pages of the engine's library, which the system may drop and others may share, not counted: ${median(workers().map((pid) => privateMiB([pid], 'Clean'))).toFixed(1)} MiB`);
    await server.stop();
  }
  const [first, peer] = await firstQueries(programs);
  figure('the first query of a connection, less its second', `${median(first).toFixed(1)} ms`, '5 ms more than in process', peer ? `in process ${median(peer).toFixed(1)} ms (name a build without walls with --against), ${(median(first) - median(peer)).toFixed(1)} ms more` : 'a build without walls beside it: --against PROGRAM');
  for (const count of STUCK) {
    const server = await startServer();
    const stop = [];
    try {
      const team = await makeTeam(server, 'Stuck', `${DATA}/flights-3m.parquet`);
      const other = await makeTeam(server, 'Other', `${DATA}/cars.json`);
      await expectStatus(team.call('POST', '/v1/dashboards?dry_run=false', {body: document('stuck', ENDLESS), type: 'application/yaml'}), 201);
      await expectStatus(other.call('POST', '/v1/dashboards', {body: document('well', WELL), type: 'application/yaml'}), 201);
      await measure(other, 10_000);
      const before = await measure(other, 20_000);
      const answers = {};
      for (let i = 0; i < count; ++i) viewer(server, team, i, stop).then((status) => { answers[status] = (answers[status] ?? 0) + 1; });
      await pause(SECONDS_TO_STICK * 1_000);
      const told = {...answers};
      const meanwhile = await measure(other, 30_000);
      for (const [kind, goal] of [['cached', '1.50 × without'], ['fresh', '2.00 × without']]) {
        const p99 = (of) => percentile(of[kind], 0.99);
        figure(`p99 of another team, ${kind}, beside ${count} stuck queries`, `${(p99(meanwhile) / p99(before)).toFixed(2)} ×`, goal, `${p99(meanwhile).toFixed(2)} ms, ${p99(before).toFixed(2)} without; medians ${median(meanwhile[kind]).toFixed(2)} and ${median(before[kind]).toFixed(2)}; of the stuck ${JSON.stringify(told)} were answered after ${SECONDS_TO_STICK} s`);
      }
    } finally {
      for (const end of stop) end();
      await server.stop({force: true});
    }
  }
}
