// A sentence's readings as charts, over HTTP and from the command line; nothing is saved.
import assert from 'node:assert/strict';
import test from 'node:test';
import {DATA, expectStatus, generate, makeTeam, startServer} from './harness.mjs';

test('a sentence is read as charts, by those who may make some', async (t) => {
  const server = await startServer();
  try {
    const team = await makeTeam(server, 'Screen', `${DATA}/movies.json`);
    const ask = (body, options = {}) => team.call('POST', '/v1/charts/suggest', {body: {connection_id: team.connectionId, ...body}, ...options});

    await t.test('the first reading has the mark, the columns and the filters that are said', async () => {
      const {readings, table, account} = (await expectStatus(ask({sentence: 'bar chart of the average imdb rating by creative type, excluding Fantasy', top: 3}), 200)).json;
      assert.equal(table, 'movies');
      assert.ok(readings.length >= 1 && readings.length <= 3);
      assert.equal(readings[0].mark, 'bar');
      assert.equal(readings[0].x, 'Creative Type');
      assert.equal(readings[0].y, 'IMDB Rating');
      assert.equal(readings[0].aggregate, 'mean');
      assert.deepEqual(readings[0].filters, [{field: 'Creative Type', op: '<>', values: ['Fantasy']}]);
      assert.match(readings[0].sql, /^SELECT "Creative Type" AS "Creative Type", avg\("IMDB Rating"\) AS "value"\nFROM movies\nWHERE .*Fantasy/);
      assert.ok(account.some(({word, role}) => /imdb|rating/i.test(word) && role === 'used'), JSON.stringify(account));
    });

    await t.test('values that are not among the commonest are looked up', async () => {
      const {readings} = (await expectStatus(ask({sentence: 'average budget by director for Ridley Scott and Jane Campion'}), 200)).json;
      assert.deepEqual(readings[0].filters.map(({op, values}) => [op, [...values].sort()]), [['in', ['Jane Campion', 'Ridley Scott']]]);
    });

    await t.test('what cannot be read is refused with words', async () => {
      assert.equal((await expectStatus(ask({sentence: '  '}), 422)).json.violations?.[0]?.path ?? 'sentence', 'sentence');
      await expectStatus(ask({sentence: 'ratings', top: 99}), 422);
      assert.match((await ask({sentence: 'ratings', table: 'nowhere'})).text, /There is no table 'nowhere'/);
      await expectStatus(ask({sentence: 'ratings'.padEnd(3_000, ' x')}), 422);
    });

    await t.test('viewers may not, and another team has its own connections', async () => {
      await expectStatus(ask({sentence: 'ratings'}, {key: await team.as('viewer')}), 403);
      const other = await makeTeam(server, 'Other');
      await expectStatus(other.call('POST', '/v1/charts/suggest', {body: {connection_id: team.connectionId, sentence: 'ratings'}}), 404);
    });

    await t.test('the page of the sentence begins with the same chart', async () => {
      const {done} = await generate(server, team, 'pie chart of movies by mpaa rating');
      const document = (await expectStatus(team.call('GET', `/v1/dashboards/${done.dashboard_slug}/document`), 200)).json;
      const charts = document.layout.flatMap((row) => row.items ?? row.row ?? []).map((item) => document.charts[item.chart]).filter((chart) => chart && chart.mark !== 'kpi');
      assert.equal(charts[0].mark, 'donut');
      assert.ok(done.readings.length >= 1, 'the runners-up are offered');
      assert.ok(done.readings.every((reading) => reading.mark));
    });
  } finally {
    await server.stop();
  }
});
