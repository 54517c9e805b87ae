// Half an hour of mixed traffic: what a server holds has to stay what it was after ten minutes. MINUTES=n shortens it.
import {DATA, expectStatus, generate, makeTeam, startServer} from '../tests/integration/harness.mjs';
import {pause, residentMiB} from './figures.mjs';

const MINUTES = Number(process.env.MINUTES ?? 30);

const document = (slug, number) => `bridge: 1
slug: ${slug}
title: Board ${number}
connection: warehouse
params:
  least: {type: number, default: ${number % 5}}
queries:
  q: {sql: "SELECT Origin, Name, avg(Horsepower) AS power FROM cars WHERE Cylinders > :least GROUP BY 1, 2"}
charts:
  c: {query: q, mark: bar, x: Name, y: power}
`;
const SENTENCES = ['average horsepower by origin', 'cars per year', 'heaviest cars', 'mileage by cylinders', 'number of cars by origin and cylinders'];

export async function traffic(figure) {
  const server = await startServer();
  const teams = [];
  for (let i = 0; i < 4; ++i) teams.push(await makeTeam(server, `Traffic ${i}`, `${DATA}/cars.json`));
  const end = performance.now() + MINUTES * 60_000;
  const counts = {views: 0, saves: 0, deletes: 0, generations: 0, chats: 0};
  const user = async (team, number) => {
    for (let round = 0; performance.now() < end; ++round) {
      const slug = `board-${number}-${round}`;
      const act = async (kind, work) => { await work(); ++counts[kind]; };  // what is refused is no traffic: the figure fails
      await act('saves', () => expectStatus(team.call('POST', '/v1/dashboards', {body: document(slug, round), type: 'application/yaml'}), 201));
      for (let i = 0; i < 30; ++i) await act('views', () => expectStatus(team.call('GET', `/v1/dashboards/${slug}/data?least=${i % 10}`), 200));
      if (round % 5 === 0) await act('generations', () => generate(server, team, SENTENCES[round / 5 % SENTENCES.length]));
      if (round % 5 === 1) await act('chats', async () => {
        const {session_id} = (await expectStatus(team.call('POST', '/v1/chat/sessions', {body: {connection_id: team.connectionId}}), 201)).json;
        await expectStatus(team.call('POST', `/v1/chat/sessions/${session_id}/stream`, {body: {message: SENTENCES[round % SENTENCES.length]}}), 200);
      });
      await act('deletes', () => expectStatus(team.call('DELETE', `/v1/dashboards/${slug}`), 204));
      await pause(200);
    }
  };
  const resident = [];
  const watch = (async () => {
    while (performance.now() < end) {
      await pause(10_000);
      resident.push(residentMiB(server));
    }
  })();
  await Promise.all([watch, ...teams.flatMap((team, i) => [user(team, i * 2), user(team, i * 2 + 1)])]);
  const third = resident.slice(0, Math.max(1, Math.floor(resident.length / 3)));
  const after = resident.slice(third.length);
  const half = Math.floor(after.length / 2);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  figure(`resident, ${MINUTES} minutes of mixed traffic`, `${(mean(after.slice(half)) / mean(after.slice(0, half))).toFixed(2)} ×`, 'flat after a third', `mean of the last third against the second; ${third.at(-1).toFixed(0)} MiB after a third, ${resident.at(-1).toFixed(0)} at the end; ${Object.entries(counts).map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  await server.stop();
}
