// The accounts of calls to models: whole, equal wherever they are shown, a team's own; and the limits that are drawn from them.
import assert from 'node:assert/strict';
import test from 'node:test';
import {rmSync} from 'node:fs';
import {makeBrain} from '../fakes/brain.mjs';
import {DATA, expectStatus, makeTeam, temporaryFolder} from './harness.mjs';
import {assertOneEnd, eventually, FLIGHTS, generateWith, modelCalls, openChat, openTurn, readTurn, say, SENTENCE, startServerFor, sumOfCalls, tokensOfCall, tokensOfUsage, VENDORS, withModels} from './model_harness.mjs';

const WEATHER = DATA + '/weather.csv';
const words = (text) => ({content: [{type: 'text', text}]});
const summary = async (team, query = '?user_id=*') => (await expectStatus(team.call('GET', `/v1/observability/cost-summary${query}`), 200)).json;
const close = (a, b, what) => assert.ok(Math.abs(a - b) < 1e-9, `${what}: ${a} is not ${b}`);
const LISTS = {content: [{type: 'text', text: 'Which tables? '}, {type: 'tool_use', name: 'list_tables', input: {dataset: 'main'}}]};

for (const vendor of Object.keys(VENDORS)) {
  test(`${vendor}: calls, the transcript's sums, the cost summary and the done events agree to the last token, retries and a cancelled call included`, () => {
    const script = [LISTS, words('Two tables.'), {...words('Hm, so far.'), failure: 'error_after_first_token'}, words('At last.'), {content: [{type: 'text', text: 'on and on '.repeat(100)}], chunkDelayMs: 10}, 'status:529', words('And again.')];
    return withModels({vendors: [vendor], fake: {script}, table: WEATHER}, async ({server, team, fake}) => {
      const session = await openChat(server, team);
      const turns = [await say(server, team, session, 'One'), await say(server, team, session, 'Two')];
      const left = await openTurn(server, team, session, 'Three');
      await left.until('token');
      left.leave();
      await eventually(async () => !(await team.call('GET', `/v1/chat/sessions/${session}`)).json.running, 'the turn is over');
      turns.push(await say(server, team, session, 'Four'));
      for (const turn of turns) assert.ok(turn.done, JSON.stringify(turn.error));
      const calls = await modelCalls(server, team, session, {count: 7});
      assert.deepEqual(calls.map(({status}) => status), ['ok', 'ok', 'error', 'ok', 'cancelled', 'error', 'ok']);
      assert.equal(fake.requests.length, 7);
      const sum = sumOfCalls(calls);
      const cost = calls.reduce((total, {cost_usd: each}) => total + (each ?? 0), 0);

      // Each turn's own.
      const byTurn = [calls.slice(0, 2), calls.slice(2, 4), calls.slice(5, 7)];
      for (const [i, {done}] of turns.entries()) {
        const {complete, ...usage} = done.usage;
        assert.deepEqual(usage, sumOfCalls(byTurn[i]), `turn ${i + 1}`);
        assert.equal(complete, byTurn[i].every(({usage_complete: whole}) => whole), `turn ${i + 1} says whether that is all`);
        assert.equal(done.model_calls, byTurn[i].length);
        if (done.cost_usd !== null) close(done.cost_usd, byTurn[i].reduce((total, {cost_usd: each}) => total + each, 0), `turn ${i + 1}`);
      }
      assert.equal(calls[4].usage_complete, false);

      const lines = (await expectStatus(team.call('GET', `/v1/chat/sessions/${session}/export`), 200)).text.trim().split('\n').map((line) => JSON.parse(line));
      const totals = lines.findLast((line) => line.totals).totals;
      assert.deepEqual({input_tokens: totals.input_tokens, cache_read_tokens: totals.cache_read_tokens, cache_write_tokens: totals.cache_write_tokens, output_tokens: totals.output_tokens}, sum);
      assert.equal(totals.model_calls, 7);
      assert.equal(totals.complete, false);

      const shown = (await team.call('GET', `/v1/chat/sessions/${session}`)).json;
      assert.equal(shown.total_tokens, tokensOfUsage(sum));
      const all = await summary(team);
      assert.equal(all.total_tokens, calls.reduce((total, call) => total + tokensOfCall(call), 0));
      close(all.total_cost_usd, cost, 'the cost');
      assert.equal(all.unpriced_calls, calls.filter(({price_known: known}) => !known).length);
      for (const call of calls) assert.ok(call.price_known ? call.cost_usd !== null : call.cost_usd === null, JSON.stringify(call));
    });
  });
}

test('calls are listed newest first, by session, provider and time, in pages', () =>
  withModels({vendors: ['anthropic', 'openai'], fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const claude = await openChat(server, team);
    const gpt = await openChat(server, team, {provider: 'openai'});
    for (let i = 0; i < 3; ++i) await say(server, team, claude, `Hello ${i}`);
    for (let i = 0; i < 2; ++i) await say(server, team, gpt, `Hello ${i}`);
    const list = async (query) => (await expectStatus(team.call('GET', `/v1/observability/model-calls?${query}`), 200)).json;
    const all = await list('');
    assert.equal(all.total, 5);
    assert.deepEqual(all.items.map(({created_at: at}) => at), all.items.map(({created_at: at}) => at).sort().reverse());
    assert.deepEqual(all.items.map(({provider}) => provider), ['openai', 'openai', 'anthropic', 'anthropic', 'anthropic']);
    assert.equal((await list(`session_id=${claude}`)).total, 3);
    assert.equal((await list('provider=openai')).total, 2);
    assert.equal((await list(`provider=openai&session_id=${claude}`)).total, 0);
    const today = all.items[0].created_at.slice(0, 10);
    assert.equal((await list(`start_date=${today}&end_date=${today}`)).total, 5, 'a day as the end is all of it');
    assert.equal((await list('end_date=2020-01-01')).total, 0);
    assert.equal((await list(`start_date=${all.items[1].created_at}`)).total, 2, 'from a moment on, included');
    assert.equal((await list(`end_date=${all.items[1].created_at}`)).total, 3, 'to a moment, left out');
    const pages = [];
    for (let offset = 0; offset !== undefined && offset !== null;) {
      const page = await list(`limit=2&offset=${offset}`);
      assert.equal(page.total, 5);
      pages.push(...page.items.map(({id}) => id));
      offset = page.next_offset;
    }
    assert.deepEqual(pages, all.items.map(({id}) => id));
    for (const bad of ['limit=0', 'limit=1001', 'limit=x', 'offset=-1', 'offset=x', 'offset=1e3', 'start_date=yesterday', 'end_date=2026-13-01', 'start_date=2026-02-30']) {
      assert.equal((await team.call('GET', `/v1/observability/model-calls?${bad}`)).status, 422, bad);
    }
    for (const call of all.items) assert.doesNotMatch(JSON.stringify(call), /Hello|Hi\./, 'accounts hold no words');
  }));

test('only admins see calls, nobody sees another team\'s, and viewers see what they have used themselves', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    await say(server, team, session, 'Hello');
    const [call] = await modelCalls(server, team, session, {count: 1});
    const [viewer, editor, admin] = [await team.as('viewer'), await team.as('editor'), await team.as('admin')];
    const other = await makeTeam(server, 'Others', WEATHER);
    const stranger = await other.as('admin');
    const get = (target, key) => server.call('GET', `/v1/observability/${target}`, {key});
    for (const target of ['model-calls', 'cost-summary', 'tool-cache-stats']) {
      assert.equal((await get(target, null)).status, 401, target);
      assert.equal((await get(target, 'brg_' + 'x'.repeat(36))).status, 401, target);
      assert.equal((await get(target, admin)).status, 200, target);
    }
    for (const key of [viewer, editor]) {
      assert.equal((await get('model-calls', key)).status, 403);
      assert.equal((await get('cost-summary', key)).status, 200);
      assert.equal((await get('cost-summary?user_id=*', key)).status, 403);
      assert.equal((await get('cost-summary?user_id=somebody', key)).status, 403);
    }
    assert.equal((await get('cost-summary?user_id=*', admin)).json.total_tokens, tokensOfCall(call));
    assert.equal((await get('cost-summary?group_by=year', admin)).status, 422);
    for (const target of ['model-calls', `model-calls?session_id=${session}`, 'model-calls?provider=anthropic']) {
      const seen = (await get(target, stranger)).json;
      assert.deepEqual([seen.items, seen.total], [[], 0], target);
    }
    assert.deepEqual((await get('cost-summary?user_id=*', stranger)).json, {total_cost_usd: 0, total_tokens: 0, unpriced_calls: 0, breakdown: []});
    const cache = (await get('tool-cache-stats', stranger)).json;
    assert.deepEqual([cache.total_hits, cache.total_misses, cache.total_cached_tools, cache.storage_size_mb], [0, 0, 0, 0]);
  }));

test('costs are summed by day, week and month', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team);
    for (let i = 0; i < 3; ++i) await say(server, team, session, `Hello ${i}`);
    const calls = await modelCalls(server, team, session, {count: 3});
    const today = calls.at(-1).created_at.slice(0, 10);
    const monday = new Date(`${today}T00:00:00Z`);
    monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7));
    const starts = {day: today, week: monday.toISOString().slice(0, 10), month: today.slice(0, 8) + '01'};
    for (const [grouping, date] of Object.entries(starts)) {
      const {breakdown, total_cost_usd: cost, total_tokens: tokens} = await summary(team, `?user_id=*&group_by=${grouping}`);
      if (breakdown.length > 1) continue;  // midnight passed in between
      assert.deepEqual(breakdown.map((each) => [each.date, each.tokens]), [[date, tokens]], grouping);
      close(breakdown[0].cost, cost, grouping);
      close(cost, calls.reduce((total, call) => total + call.cost_usd, 0), 'the calls');
    }
  }));

test('a model whose price nobody knows is flagged and counted, never free', () =>
  withModels({vendors: ['openai'], fake: {script: words('Hi.'), anyModel: true}, table: WEATHER}, async ({server, team}) => {
    const session = await openChat(server, team, {model: 'homegrown-7b'});
    const turn = await say(server, team, session, 'Hello');
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.equal(turn.done.cost_usd, null);
    assert.ok(tokensOfUsage(turn.done.usage) > 0);
    const [call] = await modelCalls(server, team, session, {count: 1});
    assert.deepEqual([call.price_known, call.cost_usd, call.price_date], [false, null, null]);
    const all = await summary(team);
    assert.deepEqual([all.total_cost_usd, all.unpriced_calls, all.total_tokens], [0, 1, tokensOfCall(call)]);
    assert.equal((await team.call('GET', `/v1/chat/sessions/${session}`)).json.total_cost_usd, null);
    assert.equal((await team.call('GET', '/v1/chat/sessions')).json.items[0].total_cost_usd, null);
  }));

test('the second time the same is asked, tools are answered from the cache, and that is counted', () =>
  withModels({fake: {script: makeBrain()}, table: FLIGHTS}, async ({server, team}) => {
    const stats = async () => (await expectStatus(team.call('GET', '/v1/observability/tool-cache-stats'), 200)).json;
    const first = await generateWith(server, team, SENTENCE);
    assert.ok(first.done);
    assert.ok(first.results.every(({cached}) => cached === false));
    const before = await stats();
    assert.equal(before.total_hits, 0);
    assert.ok(before.total_misses >= 2);
    assert.ok(before.total_cached_tools >= 2 && before.storage_size_mb > 0);
    const second = await generateWith(server, team, SENTENCE);
    assert.ok(second.done);
    const cached = second.results.filter((each) => each.cached).map(({name}) => name);
    assert.ok(cached.includes('list_tables') && cached.includes('get_table_schema'), `cached: ${cached}`);
    assert.ok(!cached.includes('save_dashboard_yaml') && !cached.includes('validate_dashboard_yaml'));
    const after = await stats();
    assert.ok(after.total_hits >= cached.length, JSON.stringify(after));  // the other readings of the sentence ask tools too
    close(after.hit_rate_pct, (100 * after.total_hits) / (after.total_hits + after.total_misses), 'the rate');
  }));

test('a team that has spent its day\'s money is told so, with when it can go on, and others are not held up', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER, env: {BRIDGE_TEAM_USD_PER_DAY: '0.0001'}}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const turn = await say(server, team, session, 'Hello');
    assert.equal(turn.error?.code, 'team_budget_spent', JSON.stringify(turn.done ?? turn.error));
    assert.equal(turn.error.status, 429);
    assert.match(turn.error.detail, /BRIDGE_TEAM_USD_PER_DAY/);
    assert.equal(fake.requests.length, 0, 'nothing is sent that may cost too much');
    const made = await generateWith(server, team, SENTENCE);
    assert.equal(made.error?.code, 'team_budget_spent');
    assert.deepEqual(made.fallbacks, [], 'the rules do not pretend to be the model');
    const rules = await generateWith(server, team, 'how rainy is Seattle by month', {provider: 'rules'});
    assert.ok(rules.done, 'what costs nothing goes on');
    const seconds = turn.error.retry_after ?? turn.error.retry_after_ms / 1000;
    assert.ok(seconds > 0 && seconds <= 86_400, `when to come back: ${JSON.stringify(turn.error)}`);
  }));

test('a team that has used its hour\'s tokens is stopped before it uses more', () =>
  withModels({fake: {script: words('Hi.')}, table: WEATHER, env: {BRIDGE_TEAM_TOKENS_PER_HOUR: '30000'}}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const first = await say(server, team, session, 'Hello');
    assert.ok(first.done, JSON.stringify(first.error));
    let refused;
    for (let i = 0; i < 10 && !refused; ++i) {
      const turn = await say(server, team, session, 'x'.repeat(8_000));
      if (turn.error) refused = turn.error;
    }
    assert.equal(refused?.code, 'team_token_limit', JSON.stringify(refused));
    const used = (await modelCalls(server, team, session)).reduce((total, call) => total + tokensOfCall(call), 0);
    assert.ok(used <= 30_000, `${used} tokens`);
    const sent = fake.requests.length;
    await say(server, team, session, 'Hello');
    assert.ok(fake.requests.length <= sent + 1);
  }));

test('a team has only so many answers under way; one more is told to wait, and another team is not', () =>
  withModels({fake: {script: {content: [{type: 'text', text: 'slowly '.repeat(30)}], chunkDelayMs: 30}}, table: WEATHER, env: {BRIDGE_TEAM_STREAMS: '1'}}, async ({server, team}) => {
    const [one, two] = [await openChat(server, team), await openChat(server, team)];
    const stream = await openTurn(server, team, one, 'Hello');
    await stream.until('token');
    const busy = await say(server, team, two, 'Hello');
    assert.equal(busy.error?.code, 'team_busy', JSON.stringify(busy.done ?? busy.error));
    assert.equal(busy.error.status, 429);
    const other = await makeTeam(server, 'Others', WEATHER);
    assert.ok((await say(server, other, await openChat(server, other), 'Hello')).done);
    await stream.end;
    assert.ok(assertOneEnd(readTurn(stream.events)).done);
    assert.ok((await say(server, team, two, 'Hello')).done, 'and then it is free');

    const leaves = await openTurn(server, team, one, 'Hello');
    await leaves.until('token');
    leaves.leave();
    await eventually(async () => !(await team.call('GET', `/v1/chat/sessions/${one}`)).json.running, 'it has stopped');
    assert.ok((await say(server, team, two, 'Hello')).done, 'a client that left holds no place');
  }));

test('what a team has used is known again after a restart', async (t) => {
  const fake = await VENDORS.anthropic.start({script: words('Hi.')});
  t.after(() => fake.stop());
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  let server = await startServerFor({anthropic: fake}, {folder, keep: true});
  const team = await makeTeam(server, 'Thrifty', WEATHER);
  assert.ok((await say(server, team, await openChat(server, team), 'Hello')).done);
  const [call] = await modelCalls(server, team, null, {count: 1});
  await server.stop();
  // As much as is set aside for a call, so that only what was used before can be too much.
  const most = 16_384 + 6_000;
  for (const [limit, refused] of [[most + 20 * tokensOfCall(call), false], [most, true]]) {
    server = await startServerFor({anthropic: fake}, {folder, keep: true, env: {BRIDGE_TEAM_TOKENS_PER_HOUR: String(limit)}});
    try {
      const turn = await say(server, team, await openChat(server, team), 'Hello');
      assert.equal(turn.error?.code, refused ? 'team_token_limit' : undefined, `${limit}: ${JSON.stringify(turn.error)}`);
    } finally {
      await server.stop();
    }
  }
});

test('a dashboard that the rules had to finish is accounted for with both', () =>
  withModels({fake: {script: makeBrain({badYaml: Infinity})}, table: FLIGHTS}, async ({server, team}) => {
    const turn = await generateWith(server, team, SENTENCE);
    assert.ok(turn.done, JSON.stringify(turn.error));
    const calls = await modelCalls(server, team, turn.session, {count: turn.done.model_calls});
    assert.equal(calls.length, turn.done.model_calls);
    const {complete: _, ...usage} = turn.done.usage;
    assert.deepEqual(usage, sumOfCalls(calls));
    const free = calls.filter(({provider}) => provider === 'rules');
    assert.ok(free.length > 0 && free.every(({cost_usd: cost, price_known: known}) => cost === 0 && known), 'the rules are known to cost nothing');
    const all = await summary(team);
    assert.equal(all.unpriced_calls, 0);
    close(all.total_cost_usd, turn.done.cost_usd, 'the cost');
    assert.equal(all.total_tokens, tokensOfUsage(turn.done.usage));
  }));
