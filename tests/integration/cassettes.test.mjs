// The whole agent from cassettes: what a provider was sent and answered, byte for byte, without any provider. A changed prompt, tool or encoding shows here
// as a diff of what the model is asked; `./dev update` records anew, from the fakes,
// what does not play any more.
import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {join, resolve} from 'node:path';
import test from 'node:test';
import {startFakeAnthropic} from '../fakes/anthropic.mjs';
import {makeBrain} from '../fakes/brain.mjs';
import {startFakeOpenai} from '../fakes/openai.mjs';
import {DATA, UPDATING, expectStatus, generate, makeTeam, startServer} from './harness.mjs';

const FOLDER = resolve('tests/integration/cassettes');
const SENTENCE = 'Which airports have the longest delays, and when?';
const KEY = 'a-key-that-must-not-be-recorded';
const VENDORS = {
  anthropic: {start: startFakeAnthropic, env: (url) => ({ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url}), url: (fake) => fake.url},
  openai: {start: startFakeOpenai, env: (url) => ({OPENAI_API_KEY: KEY, OPENAI_BASE_URL: url, OPENAI_PROFILE: 'openai'}), url: (fake) => fake.baseUrl},
};
const NOWHERE = {anthropic: 'http://127.0.0.1:9', openai: 'http://127.0.0.1:9/v1'};  // nobody listens there

async function withServer(env, work) {
  const server = await startServer({env});
  try {
    return await work(server, await makeTeam(server, 'Flights', `${DATA}/flights-3m.parquet`));
  } finally {
    await server.stop();
  }
}

async function record(name) {
  const vendor = VENDORS[name];
  const path = join(FOLDER, `${name}.jsonl`);
  mkdirSync(FOLDER, {recursive: true});
  rmSync(path, {force: true});
  const fake = await vendor.start({script: makeBrain({thinks: true}), apiKey: KEY, seed: 7, chunkBytes: 700});
  try {
    await withServer({...vendor.env(vendor.url(fake)), BRIDGE_CASSETTE: `record:${path}`}, (server, team) => generate(server, team, SENTENCE));
  } finally {
    await fake.stop();
  }
}

// Two recordings of the same exchanges differ in their times and ids: what still plays is kept.
async function replays(name) {
  const vendor = VENDORS[name];
  const {done} = await withServer({...vendor.env(NOWHERE[name]), BRIDGE_CASSETTE: `replay:${join(FOLDER, `${name}.jsonl`)}`}, (server, team) => generate(server, team, SENTENCE));
  return Boolean(done);
}

for (const [name, vendor] of Object.entries(VENDORS)) {
  test(`${name}: the agent makes the same dashboard from a cassette, without any provider`, async (t) => {
    const path = join(FOLDER, `${name}.jsonl`);
    if (UPDATING && !(existsSync(path) && (await replays(name)))) await record(name);
    assert.ok(existsSync(path), `${path} is missing: ./dev update records it`);
    assert.ok(!readFileSync(path, 'utf8').includes(KEY), 'no key on a cassette');

    await t.test('replayed', () => withServer({...vendor.env(NOWHERE[name]), BRIDGE_CASSETTE: `replay:${path}`}, async (server, team) => {
      const {done, last, events} = await generate(server, team, SENTENCE);
      assert.ok(done, `${JSON.stringify(last)}\nIf the change is meant: ./dev update`);
      assert.equal(done.dashboard_slug, 'which-airports-have-the-longest-delays-and-when');
      assert.equal(events.filter(({event}) => event === 'fallback').length, 0);
      const calls = (await expectStatus(team.call('GET', '/v1/observability/model-calls'), 200)).json;
      assert.equal(calls.total, readFileSync(path, 'utf8').trim().split('\n').length, 'one call an exchange');
      assert.ok(calls.items.every((call) => call.usage_complete));
    }));

    await t.test('a changed prompt is refused with a diff of what the model is asked', () => withServer({...vendor.env(NOWHERE[name]), BRIDGE_CASSETTE: `replay:${path}`}, async (server, team) => {
      const blocks = (await expectStatus(server.call('GET', '/v1/prompt-blocks', {team: team.id}), 200)).json.items;
      const block = blocks.find((one) => one.name === 'layout_rules' && one.active);
      await expectStatus(server.call('PUT', '/v1/prompt-blocks', {team: team.id, body: {name: block.name, content: `Always write haiku.\n${block.content}`}}), 200);
      const {error} = await generate(server, team, SENTENCE);
      assert.equal(error?.code, 'cassette_mismatch', JSON.stringify(error));
      assert.match(error.detail, /\+ Always write haiku\./);
    }));
  });
}
