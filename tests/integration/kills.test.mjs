// Workers, zygotes and servers that are killed at any moment, one after the other on one data folder: what was acknowledged stays. KILLS=300 by hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import {readFileSync, readdirSync, rmSync} from 'node:fs';
import {DATA, expectStatus, makeTeam, startServer, temporaryFolder} from './harness.mjs';

const KILLS = Number(process.env.KILLS ?? 30);
const WRITERS = 4;
const VICTIMS = ['bridge-worker', 'bridge-zygote', 'server', 'bridge-worker'];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const document = (slug, count) => `bridge: 1
slug: ${slug}
title: Count ${count}
connection: warehouse
queries:
  q: {sql: "SELECT Origin, count(*) AS n, ${count} AS salt FROM cars GROUP BY 1"}
charts:
  c: {query: q, mark: bar, x: Origin, y: n}
`;

/** Processes below the server by their name. */
function below(server, name) {
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return [{pid: Number(pid), name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), parent: Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])}];
    } catch { return []; }  // it is gone
  });
  const zygotes = all.filter((one) => one.name === 'bridge-zygote' && one.parent === server.child.pid);
  if (name === 'bridge-zygote') return zygotes.map(({pid}) => pid);
  return all.filter((one) => one.name === name && zygotes.some(({pid}) => pid === one.parent)).map(({pid}) => pid);
}

test(`${KILLS} kills of workers, zygotes and the server, in the middle of saves and views, lose nothing that was acknowledged`, async () => {
  const folder = temporaryFolder();
  let server = await startServer({folder, keep: true});
  const team = await makeTeam(server, 'Kills', `${DATA}/cars.json`);
  const call = (method, path, options = {}) => server.call(method, path, {team: team.id, ...options});
  // Of each document: the last count that was acknowledged, and the last that was sent.
  const known = Array.from({length: WRITERS}, (_, i) => ({slug: `board-${i}`, acknowledged: 0, sent: 0}));
  for (const board of known) {
    board.sent = board.acknowledged = 1;
    await expectStatus(call('POST', '/v1/dashboards', {body: document(board.slug, 1), type: 'application/yaml'}), 201);
  }
  const killed = {};
  let saves = 0;
  try {
    for (let i = 0; i < KILLS; ++i) {
      let isOver = false;
      const write = async (board) => {
        while (!isOver) {
          const count = ++board.sent;
          try {
            const {status} = await call('PUT', `/v1/dashboards/${board.slug}`, {body: document(board.slug, count), type: 'application/yaml', headers: {'if-match': '*'}});
            if (status === 200) { board.acknowledged = count; ++saves; }
          } catch { return; }  // the server is gone
        }
      };
      const view = async (board) => {
        while (!isOver) {
          try { await call('GET', `/v1/dashboards/${board.slug}/data`); } catch { return; }
        }
      };
      const work = Promise.all([...known.map(write), ...known.map(view)]);
      await sleep(20 + Math.random() * 120);
      const wanted = VICTIMS[i % VICTIMS.length];
      const [victim] = wanted === 'server' ? [server.child.pid] : below(server, wanted);
      if (victim) {
        process.kill(victim, 'SIGKILL');
        killed[wanted] = (killed[wanted] ?? 0) + 1;
      }
      if (wanted === 'server') await server.exited;
      else await sleep(30);
      isOver = true;
      await work;
      if (wanted === 'server') server = await startServer({folder, keep: true});
      const listed = (await expectStatus(call('GET', '/v1/dashboards?limit=100'), 200)).json.items.map(({slug}) => slug);
      for (const board of known) {
        assert.ok(listed.includes(board.slug), `${board.slug} is listed after kill ${i} (${wanted})`);
        const {text} = await expectStatus(call('GET', `/v1/dashboards/${board.slug}/yaml`), 200);
        const count = Number(/^title: Count (\d+)$/m.exec(text)?.[1]);
        assert.ok(count >= board.acknowledged && count <= board.sent, `${board.slug} has ${count} after kill ${i} (${wanted}); ${board.acknowledged} was acknowledged, ${board.sent} sent`);
        board.acknowledged = count;
      }
      const fresh = await expectStatus(call('GET', `/v1/dashboards/${known[0].slug}/data`, {headers: {'cache-control': 'no-cache'}}), 200);
      assert.equal(fresh.json.queries.q.error, undefined, fresh.text.slice(0, 500));
    }
    console.error(`${saves} acknowledged saves; killed ${JSON.stringify(killed)}`);
    assert.ok(saves > KILLS, 'there was something to lose');
    assert.ok(Object.keys(killed).length === new Set(VICTIMS).size, JSON.stringify(killed));
  } finally {
    await server.stop({force: true});
    rmSync(folder, {recursive: true, force: true});
  }
});

test('a data folder that is removed under the server is said in every answer, and nothing is taken into it', async () => {
  const folder = temporaryFolder();
  const server = await startServer({folder});
  try {
    const team = await makeTeam(server, 'Gone', `${DATA}/cars.json`);
    await expectStatus(team.call('POST', '/v1/dashboards', {body: document('board', 1), type: 'application/yaml'}), 201);
    rmSync(folder, {recursive: true, force: true});
    for (const [method, path, options] of [
      ['GET', '/v1/dashboards'], ['GET', '/v1/dashboards/board/yaml'], ['GET', '/v1/onboarding/connections'],
      ['POST', '/v1/dashboards', {body: document('other', 1), type: 'application/yaml'}],
      ['POST', '/v1/onboarding/teams', {body: {name: 'Lost'}}], ['POST', '/v1/keys', {body: {name: 'lost', role: 'viewer'}}],
    ]) {
      const answer = await team.call(method, path, options);
      assert.equal(`${answer.status} ${answer.json?.code}`, '503 data_folder_gone', `${method} ${path}: ${answer.text}`);
    }
    const ready = await server.call('GET', '/ready');
    assert.equal(ready.status, 503);
    assert.equal((await server.call('GET', '/health')).status, 200);
  } finally {
    await server.stop({force: true});
  }
});
