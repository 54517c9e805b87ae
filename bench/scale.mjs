// How start, list and idling grow with the number of dashboards and teams: flat within 10 % is wanted.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DATA, expectStatus, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {median, pause, processorSeconds, spread} from './figures.mjs';

const IDLE_SECONDS = 15;
const document = (number) => `bridge: 1
slug: board-${number}
title: Board ${number}
connection: warehouse
queries:
  q: {sql: "SELECT Origin, count(*) AS cars FROM cars WHERE Cylinders > ${number % 7} GROUP BY 1", cache: {ttl: 1h}}
charts:
  c: {query: q, mark: bar, x: Origin, y: cars}
`;

async function eachOf(count, width, work) {
  let next = 0;
  await Promise.all(Array.from({length: width}, async () => { while (next < count) await work(next++); }));
}

const addDashboards = (team, from, to) =>
  eachOf(to - from, 8, (i) => expectStatus(team.call('POST', '/v1/dashboards?dry_run=false', {body: document(from + i), type: 'application/yaml'}), 201));

// Starts, list and idle time over one data folder.
async function measure(folder, teamOf) {
  const ready = [];
  const listed = [];
  let idle = 0;
  for (let i = 0; i < 7; ++i) {
    const server = await startServer({folder, keep: true});
    ready.push(server.readyMs);
    if (i === 6) {
      const team = teamOf(server);
      for (let j = 0; j < 60; ++j) {
        const started = performance.now();
        await expectStatus(team('GET', '/v1/dashboards'), 200);
        if (j >= 10) listed.push(performance.now() - started);
      }
      await pause(3_000);
      const before = processorSeconds([server.child.pid]);
      await pause(IDLE_SECONDS * 1000);
      idle = (processorSeconds([server.child.pid]) - before) / IDLE_SECONDS * 60;
    }
    await server.stop();
  }
  return {ready: ready.slice(1), listed, idle};
}

function tell(figure, what, smallest, largest, goal) {
  const ratio = (of) => (median(largest[of]) / median(smallest[of])).toFixed(2);
  figure(`ready, ${what}`, `${median(largest.ready).toFixed(0)} ms`, `1.10 ×, ${goal.ready}`, `${ratio('ready')} × that with the fewest (${median(smallest.ready).toFixed(0)} ms); ${spread(largest.ready)}`);
  figure(`first page of the list, ${what}`, `${median(largest.listed).toFixed(1)} ms`, `1.10 ×, ${goal.listed}`, `${ratio('listed')} × that with the fewest (${median(smallest.listed).toFixed(1)} ms); ${spread(largest.listed)}`);
  figure(`processor time of an idle minute, ${what}`, `${(largest.idle * 1000).toFixed(0)} ms`, '1.10 ×', `${(smallest.idle * 1000).toFixed(0)} ms with the fewest`);
}

export async function scale(figure) {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-scale-'));
  try {
    let server = await startServer({folder, keep: true});
    const team = await makeTeam(server, 'Scale', `${DATA}/cars.json`);
    await addDashboards(team, 0, 10);
    await server.stop();
    const of = (id) => (running) => (method, path) => running.call(method, path, {team: id});
    const few = await measure(folder, of(team.id));

    server = await startServer({folder, keep: true});
    await addDashboards({call: (method, path, options) => server.call(method, path, {team: team.id, ...options})}, 10, 10_000);
    await server.stop();
    tell(figure, '10,000 dashboards', few, await measure(folder, of(team.id)), {ready: '60 ms', listed: '20 ms'});
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }

  const teamsFolder = mkdtempSync(join(tmpdir(), 'bridge-scale-'));
  try {
    let server = await startServer({folder: teamsFolder, keep: true});
    const first = await makeTeam(server, 'Team 0', `${DATA}/cars.json`);
    await addDashboards(first, 0, 10);
    await server.stop();
    const of = (running) => (method, path) => running.call(method, path, {team: first.id});
    const few = await measure(teamsFolder, of);

    server = await startServer({folder: teamsFolder, keep: true});
    await eachOf(999, 8, async (i) => addDashboards(await makeTeam(server, `Team ${i + 1}`, `${DATA}/cars.json`), 0, 10));
    await server.stop();
    tell(figure, '1,000 teams of 10 dashboards', few, await measure(teamsFolder, of), {ready: '60 ms', listed: '20 ms'});
  } finally {
    rmSync(teamsFolder, {recursive: true, force: true});
  }
}
