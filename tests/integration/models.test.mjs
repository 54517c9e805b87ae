// The demo's sentence on Claude and on GPT, played by fakes that refuse what the vendors refuse: nothing but the keys is different.
import assert from 'node:assert/strict';
import test from 'node:test';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {makeBrain} from '../fakes/brain.mjs';
import {QUIRKS} from '../fakes/openai_stream.mjs';
import {expectStatus, temporaryFolder} from './harness.mjs';
import {countMarkers, dashboards, generateWith, modelCalls, openChat, readDashboard, say, SENTENCE, sumOfCalls, VENDORS, withModels} from './model_harness.mjs';

const names = (turn) => turn.calls.map(({name}) => name);
const withoutMarkers = (value) => JSON.stringify(value, (key, each) => (key === 'cache_control' ? undefined : each));
const textOf = (content) => (typeof content === 'string' ? content : content.map(({text}) => text ?? '').join(''));
const systemOf = ({system, messages}) => (system ? textOf(system) : messages.filter(({role}) => role === 'system' || role === 'developer').map(({content}) => textOf(content)).join('\n'));

async function assertSaved(team, turn, generator) {
  assert.ok(turn.done, JSON.stringify(turn.error));
  const saved = await readDashboard(team, turn.done.dashboard_slug);
  assert.equal(saved.document.provenance.generator, generator);
  assert.ok(Object.values(saved.document.charts).length >= 3);
  return saved;
}

for (const vendor of Object.keys(VENDORS)) {
  test(`${vendor}: the demo's sentence becomes a dashboard, explored, dry-run, validated and saved in that order, and its numbers are real`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({thinks: true})}}, async ({server, team, fake}) => {
      const turn = await generateWith(server, team, SENTENCE);
      const order = ['list_tables', 'get_table_schema', 'run_dry_run_query', 'validate_dashboard_yaml', 'save_dashboard_yaml'];
      assert.deepEqual([...new Set(names(turn))], order);
      assert.ok(names(turn).lastIndexOf('run_dry_run_query') < names(turn).indexOf('validate_dashboard_yaml'));
      for (const result of turn.results) assert.equal(result.ok, true, JSON.stringify(result));
      const {document, queries} = await assertSaved(team, turn, vendor);
      const dryRun = turn.calls.filter(({name}) => name === 'run_dry_run_query').map(({input}) => input.sql.replaceAll(/\s+/g, ' ').trim());
      for (const [id, {sql}] of Object.entries(document.queries)) assert.ok(dryRun.includes(sql.replaceAll(/\s+/g, ' ').trim()), `${id} was dry-run as it is saved`);

      // The same question asked by hand, as another dashboard, through the preview.
      const preview = `bridge: 1\ntitle: T\nconnection: warehouse\nqueries:\n  q: {sql: "SELECT count(*) AS n, avg(delay) AS d FROM flights_3m WHERE date < TIMESTAMP '2001-07-01'"}\ncharts:\n  c: {query: q, mark: table}\nlayout:\n  - row: [{chart: c}]\n`;
      const hand = (await expectStatus(team.call('POST', '/v1/dashboards/preview', {body: preview, type: 'application/yaml'}), 200)).json.queries.q.data.rows[0];
      const totals = queries.totals.data.rows[0];
      assert.equal(totals[0], hand[0]);
      assert.ok(Math.abs(totals[1] - hand[1]) < 1e-9, `an average of ${totals[1]}, by hand ${hand[1]}`);
      assert.ok(Object.values(queries).every(({metadata}) => metadata.bytes_scanned < 100_000_000));

      // What the vendor saw.
      assert.ok(fake.requests.length >= 5);
      for (const {status, body} of fake.requests) {
        assert.equal(status, 200);
        assert.equal(body.stream, true);
      }
      const prompts = new Set(fake.requests.map(({body}) => systemOf(body)));
      assert.equal(prompts.size, 1, 'one system prompt for all steps');
      assert.ok([...prompts][0].length > 1000);
      assert.equal(new Set(fake.requests.map(({body}) => JSON.stringify(body.tools.map(({cache_control: _, ...tool}) => tool)))).size, 1, 'the same tools in every step');
      for (const [i, {body}] of fake.requests.slice(1).entries()) {
        const before = fake.requests[i].body.messages;
        assert.equal(withoutMarkers(body.messages.slice(0, before.length)), withoutMarkers(before), `request ${i + 1} goes on from what was sent before`);
      }
      const calls = await modelCalls(server, team, turn.session, {count: fake.requests.length});
      assert.equal(calls.length, fake.requests.length);
      assert.deepEqual(calls.map(({step}) => step), calls.map((_, i) => i + 1));
      for (const [i, call] of calls.entries()) {
        assert.equal(call.status, 'ok');
        assert.equal(call.usage_complete, true);
        if (i > 0) assert.ok(call.cache_read_tokens > calls[i - 1].cache_read_tokens || call.cache_read_tokens >= calls[i - 1].cache_read_tokens + calls[i - 1].cache_write_tokens, `step ${i + 1} reads more from the cache: ${calls.map((each) => each.cache_read_tokens)}`);
        if (i > 0) assert.ok(call.cache_read_tokens > 0);
      }
      const {complete, ...usage} = turn.done.usage;
      assert.deepEqual(usage, sumOfCalls(calls));
      assert.equal(complete, true);
    }));
}

test('anthropic: at most four cache markers a request, and thoughts come back byte for byte', () =>
  withModels({fake: {script: makeBrain({thinks: true})}}, async ({server, team, fake}) => {
    assert.ok((await generateWith(server, team, SENTENCE)).done);
    for (const {raw} of fake.requests) {
      assert.ok(countMarkers(raw) <= 4, `${countMarkers(raw)} markers`);
      assert.ok(countMarkers(raw) >= 1);
    }
    const thoughtsOf = ({body}) => body.messages.flatMap(({content}) => (Array.isArray(content) ? content : [])).filter(({type}) => type === 'thinking');
    for (const [i, request] of fake.requests.entries()) assert.equal(thoughtsOf(request).length, i, 'one thought a step');
    // The fake refuses a thought whose words, signature or prefix is another: 400. Here, with words that escape in many ways.
    const words = 'längste 😀 \u2028 "quoted" \\u0041 \\ </data> \t tab\nline \u0001 ﷽ 0.1e5';
    fake.setScript([
      {content: [{type: 'thinking', text: words}, {type: 'text', text: 'Let me see. '}, {type: 'tool_use', name: 'list_tables', input: {dataset: 'main', 'ä': [1, 1.0, 1e3, null, {b: '\u2028'}]}}], pieceLength: 3},
      {content: [{type: 'thinking', text: ''}, {type: 'redacted_thinking'}, {type: 'tool_use', name: 'list_datasets', input: {}}]},
      {content: [{type: 'thinking', text: words + words}, {type: 'text', text: 'That is all.'}]},
      {content: [{type: 'text', text: 'You are welcome.'}]},
    ]);
    const session = await openChat(server, team);
    const turn = await say(server, team, session, 'Think about it');
    assert.ok(turn.done, JSON.stringify(turn.error));
    assert.equal(turn.lastText, 'That is all.');
    const thanks = await say(server, team, session, 'Thanks');
    assert.ok(thanks.done, JSON.stringify(thanks.error));
    const last = thoughtsOf(fake.requests.at(-1));
    assert.deepEqual(last.map(({thinking}) => thinking), [words, '', words + words]);
  }));

test('every model that is offered gets the sentence done, whatever it takes and refuses', async (t) => {
  await withModels({vendors: ['anthropic', 'openai'], fake: {script: makeBrain({thinks: true})}}, async ({server, team, fakes}) => {
    const {json} = await expectStatus(team.call('GET', '/v1/chat/providers'), 200);
    assert.equal(json.default_provider, 'anthropic');
    for (const {name: provider, models, available} of json.providers.filter(({name}) => name !== 'rules')) {
      assert.equal(available, true);
      for (const model of models) {
        await t.test(`${provider}/${model}`, async () => {
          const before = fakes[provider].requests.length;
          await assertSaved(team, await generateWith(server, team, SENTENCE, {provider, model}), provider);
          for (const {status, body} of fakes[provider].requests.slice(before)) {
            assert.equal(status, 200);
            assert.equal(body.model, model);
          }
        });
      }
    }
  });
});

test('openai: gpt-5.6 with tools is asked without reasoning, which it would refuse', () =>
  withModels({vendors: ['openai'], fake: {script: makeBrain()}}, async ({server, team, fake}) => {
    await assertSaved(team, await generateWith(server, team, SENTENCE, {model: 'gpt-5.6-sol'}), 'openai');
    for (const {body} of fake.requests) assert.equal(body.reasoning_effort, 'none');
  }));

test('the system prompt of a conversation is frozen: an admin who changes a block changes it for new ones alone', async (t) => {
  for (const vendor of Object.keys(VENDORS)) {
    await t.test(vendor, () => withModels({vendors: [vendor], fake: {script: makeBrain({thinks: true, chat: true})}}, async ({server, team, fake}) => {
      const blocks = (await expectStatus(server.call('GET', '/v1/prompt-blocks'), 200)).json.items.filter(({active}) => active);
      assert.ok(blocks.length >= 1);
      const session = await openChat(server, team);
      assert.ok((await say(server, team, session, 'Which airports run late?')).done);
      const frozen = systemOf(fake.requests[0].body);
      await expectStatus(server.call('PUT', '/v1/prompt-blocks', {body: {name: blocks[0].name, content: blocks[0].content + '\nAlways answer in rhymes.'}}), 200);
      const again = await say(server, team, session, 'And which are the quickest?');
      assert.ok(again.done, JSON.stringify(again.error));
      for (const {body, status} of fake.requests) {
        assert.equal(status, 200);
        assert.equal(systemOf(body), frozen);
      }
      const before = fake.requests.length;
      assert.ok((await say(server, team, await openChat(server, team), 'Which airports run late?')).done);
      assert.match(systemOf(fake.requests[before].body), /Always answer in rhymes/);
    }));
  }
});

for (const vendor of Object.keys(VENDORS)) {
  test(`${vendor}: a model that writes two bad documents is told what is wrong and mends them`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({badYaml: 2})}}, async ({server, team}) => {
      const turn = await generateWith(server, team, SENTENCE);
      await assertSaved(team, turn, vendor);
      const validations = turn.results.filter(({name}) => name === 'validate_dashboard_yaml');
      assert.deepEqual(validations.map(({result}) => result.valid), [false, false, true]);
      for (const {result} of validations.slice(0, 2)) assert.ok(result.errors.every(({path, code, message}) => path !== undefined && code && message), JSON.stringify(result));
      assert.deepEqual(turn.fallbacks, []);
    }));

  test(`${vendor}: a model that never learns to write a document is followed by the rules, which say so and save`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({badYaml: Infinity})}}, async ({server, team}) => {
      const turn = await generateWith(server, team, SENTENCE);
      assert.equal(turn.fallbacks.length, 1, turn.stream.raw.slice(-500));
      assert.match(turn.fallbacks[0].from, new RegExp(`^${vendor}/`));
      assert.match(turn.fallbacks[0].to, /^rules\//);
      assert.match(turn.fallbacks[0].reason, /problems \d+ times/);
      await assertSaved(team, turn, 'rules');
      assert.equal((await dashboards(team)).length, 1);
      const calls = await modelCalls(server, team, turn.session);
      assert.ok(calls.some(({provider}) => provider === 'rules') && calls.some(({provider}) => provider === vendor));
      assert.equal(turn.done.model_calls, calls.length);
    }));

  test(`${vendor}: SQL over the cap is refused with the estimate, the cap and a way out, and a smaller query follows`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({overCap: true})}}, async ({server, team}) => {
      const turn = await generateWith(server, team, SENTENCE);
      const [refused, ...others] = turn.results.filter(({name}) => name === 'run_dry_run_query');
      assert.equal(refused.ok, false);
      assert.ok(refused.result.error.bytes_scanned > 100_000_000, JSON.stringify(refused));
      assert.equal(refused.result.error.cap_bytes, 100_000_000);
      assert.ok((refused.result.error.hint ?? refused.result.error.help ?? '').length > 10, `a way out in ${JSON.stringify(refused.result.error)}`);
      assert.ok(others.length >= 3 && others.every(({ok, result}) => ok && result.bytes_scanned < 100_000_000));
      await assertSaved(team, turn, vendor);
    }));

  test(`${vendor}: a model that asks the same thing for ever is stopped, and what it had to answer is said`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({loops: true})}}, async ({server, team, fake}) => {
      const made = await generateWith(server, team, SENTENCE);
      assert.equal(made.fallbacks.length, 1);
      await assertSaved(team, made, 'rules');
      assert.ok(fake.requests.length <= 5, `${fake.requests.length} requests`);
      const refused = made.results.filter(({name, ok, result}) => name === 'list_tables' && !ok && /already/.test(result.error.message));
      assert.ok(refused.length >= 1, 'the model was told first');

      const session = await openChat(server, team);
      const turn = await say(server, team, session, 'Which airports run late?');
      assert.equal(turn.error?.code, 'repeated_tool_call', turn.stream.raw.slice(-600));
      fake.setScript(makeBrain({chat: true}));
      const next = await say(server, team, session, 'Which airports run late?');
      assert.ok(next.done, `the conversation can go on: ${JSON.stringify(next.error)}`);
    }));
}

test('providers, models and tools that there are not are clear problems that name what there is', () =>
  withModels({fake: {script: makeBrain({chat: true})}}, async ({server, team, fake}) => {
    for (const [path, body] of [['/v1/chat/sessions', {}], ['/v1/dashboards/generate', {connection_id: team.connectionId, user_prompt: SENTENCE}]]) {
      const unknown = await team.call('POST', path, {body: {...body, provider: 'antropic'}});
      assert.equal(unknown.status, 422);
      assert.match(unknown.headers.get('content-type'), /problem\+json/);
      assert.equal(unknown.json.code, 'unknown_provider');
      assert.equal(unknown.json.errors[0].suggestion, 'anthropic', unknown.text);
      const keyless = await team.call('POST', path, {body: {...body, provider: 'openai'}});
      assert.equal(keyless.json.code, 'provider_not_configured', keyless.text);
      assert.ok(keyless.status >= 400 && keyless.status < 500, `${keyless.status}`);
      assert.match(keyless.text, /OPENAI_API_KEY/);
      const model = await team.call('POST', path, {body: {...body, provider: 'rules', model: 'rules-9'}});
      assert.equal(model.json.code, 'unknown_model', model.text);
    }
    const {providers} = (await team.call('GET', '/v1/chat/providers')).json;
    const openai = providers.find(({name}) => name === 'openai');
    assert.equal(openai.available, false);
    assert.match(openai.reason, /OPENAI_API_KEY/);

    const session = await openChat(server, team);
    const tools = await team.call('POST', `/v1/chat/sessions/${session}/stream`, {body: {message: 'Hello', tools: ['run_qery']}});
    assert.equal(tools.status, 422, tools.text);
    assert.match(tools.text, /run_query/);

    // A model of a vendor is for the vendor to know.
    const stranger = await openChat(server, team, {model: 'claude-imaginary-9'});
    const before = fake.requests.length;
    const turn = await say(server, team, stranger, 'Hello');
    assert.equal(turn.error?.code, 'not_found_error', JSON.stringify(turn.error));
    assert.match(turn.error.detail ?? turn.error.title, /does not know this model/);
    assert.match(JSON.stringify(turn.error), /claude-imaginary-9/);
    assert.equal(fake.requests.length, before + 1, 'asked once');
  }));

for (const vendor of Object.keys(VENDORS)) {
  test(`${vendor}: a key that is refused is said to be, without showing it, and the conversation survives`, () =>
    withModels({vendors: [vendor], fake: {script: makeBrain({chat: true}), apiKey: 'another-key-than-the-server-has'}}, async ({server, team, fake}) => {
      const session = await openChat(server, team);
      const turn = await say(server, team, session, 'Which airports run late?');
      assert.match(JSON.stringify(turn.error), /key for \w+ was refused/i);
      assert.match(JSON.stringify(turn.error), vendor === 'anthropic' ? /ANTHROPIC_API_KEY/ : /OPENAI_API_KEY/);
      assert.equal(turn.error.retryable, false);
      assert.doesNotMatch(turn.stream.raw, /test-key/);
      assert.equal(fake.requests.length, 1, 'a refused key is not tried again');
      const made = await generateWith(server, team, SENTENCE);
      assert.match(JSON.stringify(made.error), /was refused/);
      const [call] = await modelCalls(server, team, session, {count: 1});
      assert.equal(call.status, 'error');
      const detail = (await expectStatus(team.call('GET', `/v1/chat/sessions/${session}`), 200)).json;
      assert.equal(detail.status, 'active');
      assert.equal(detail.running, false);
      const again = await say(server, team, session, 'And now?');
      assert.match(JSON.stringify(again.error), /was refused/);
      assert.equal(server.child.exitCode, null);
    }));
}

test('openai: servers that are only compatible, each with its own ways, get the sentence done', async (t) => {
  const profiles = {rejects_stream_options: 'minimal'};
  for (const quirk of [...QUIRKS, 'no_ids,index_always_zero,stop_with_tool_calls,no_done']) {
    const profile = profiles[quirk] ?? 'compatible';
    await t.test(`${quirk} (${profile})`, () =>
      withModels({vendors: ['openai'], fake: {script: makeBrain(), quirks: quirk.split(',')}, env: {OPENAI_PROFILE: profile, BRIDGE_MODEL: 'llama-4'}}, async ({server, team, fake}) => {
        const turn = await generateWith(server, team, SENTENCE);
        await assertSaved(team, turn, 'openai');
        assert.ok(fake.requests.every(({status}) => status === 200), fake.requests.map(({status}) => status).join());
        assert.equal(turn.calls.filter(({name}) => name === 'run_dry_run_query').length, 4, 'parallel calls stay apart');
        const calls = await modelCalls(server, team, turn.session);
        assert.ok(calls.every(({price_known}) => price_known === false), 'nobody knows what llama-4 costs');
        assert.equal(turn.done.cost_usd, null);
        if (quirk === 'no_usage') {
          assert.ok(calls.every(({usage_complete, output_tokens}) => usage_complete === false && output_tokens === null), 'unknown is not 0');
          assert.equal(turn.done.usage.complete, false);
        }
      }));
  }
  await t.test('comments that keep the connection alive', () =>
    withModels({vendors: ['openai'], fake: {script: (request) => ({...makeBrain()(request), failure: 'keepalive_comments'})}, env: {OPENAI_PROFILE: 'compatible', BRIDGE_MODEL: 'gpt-4.1'}}, async ({server, team}) => {
      await assertSaved(team, await generateWith(server, team, SENTENCE), 'openai');
    }));
});

test('when Claude is down GPT goes on, people are told, and both attempts are accounted for', async (t) => {
  const brain = makeBrain({thinks: true});
  await t.test('overloaded from the start', () =>
    withModels({vendors: ['anthropic', 'openai'], fake: {anthropic: {script: 'status:529'}, openai: {script: brain}}, env: {BRIDGE_FALLBACK: 'openai'}}, async ({server, team, fakes}) => {
      const turn = await generateWith(server, team, SENTENCE);
      await assertSaved(team, turn, 'anthropic');
      assert.ok(turn.fallbacks.length >= 1);
      assert.deepEqual([turn.fallbacks[0].from, turn.fallbacks[0].to], ['anthropic/claude-sonnet-5-5', 'openai/gpt-6.1-sol']);
      assert.match(turn.fallbacks[0].reason, /overloaded/);
      const calls = await modelCalls(server, team, turn.session);
      assert.equal(calls.length, fakes.anthropic.requests.length + fakes.openai.requests.length, 'one account a request');
      const first = calls.filter(({step}) => step === 1);
      assert.deepEqual(first.map(({provider, status}) => `${provider} ${status}`), [...Array(first.length - 1).fill('anthropic error'), 'openai ok']);
      assert.deepEqual(first.map(({attempt}) => attempt), first.map((_, i) => i + 1));
      assert.ok(first.length <= 4, 'three attempts at one, then the other');
      assert.ok(fakes.anthropic.requests.length <= 5, `the circuit opens: ${fakes.anthropic.requests.length} requests`);
    }));

  await t.test('unreachable', () =>
    withModels({vendors: ['openai'], fake: {script: brain}, env: {ANTHROPIC_API_KEY: 'test-key', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1', BRIDGE_PROVIDER: 'anthropic', BRIDGE_FALLBACK: 'openai/gpt-5.6-sol'}}, async ({server, team, fake}) => {
      const turn = await generateWith(server, team, SENTENCE);
      await assertSaved(team, turn, 'anthropic');
      assert.ok(fake.requests.every(({body}) => body.model === 'gpt-5.6-sol'));
    }));

  await t.test('in the middle of the work: after it has said half a sentence', () => {
    let n = 0;
    const anthropic = (request) => {
      const answer = brain(request);
      if (++n < 3) return answer;
      return {content: [{type: 'text', text: 'Half a sentence that will not be kept. '}, ...answer.content.filter(({type}) => type === 'tool_use')], failure: 'error_after_first_token'};
    };
    return withModels({vendors: ['anthropic', 'openai'], fake: {anthropic: {script: anthropic}, openai: {script: brain}}, env: {BRIDGE_FALLBACK: 'openai'}}, async ({server, team, fakes}) => {
      const turn = await generateWith(server, team, SENTENCE);
      await assertSaved(team, turn, 'anthropic');
      assert.ok(turn.resets >= 1, 'what was said is void');
      assert.doesNotMatch(turn.text, /Half a sentence/);
      assert.ok(fakes.openai.requests.length >= 1);
      assert.deepEqual([...new Set(fakes.openai.requests.map(({status}) => status))], [200], 'the history of the other vendor is understood');
    });
  });
});

test('an e-mail address in a message or in the data never reaches the model, and is right again in answers and calls', async (t) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'customers.csv'), 'customer,spent\n' + Array.from({length: 400}, (_, i) => `buyer${i % 40}@shop.example,${i * 3 + 1}`).join('\n') + '\n');
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  for (const vendor of Object.keys(VENDORS)) {
    await t.test(vendor, () => {
      const script = (request) => {
        const text = JSON.stringify(request.messages);
        const standIn = text.match(/redacted-email-\d+/)?.[0];
        if (!/"tool_result"|"role":"tool"/.test(text)) return {content: [{type: 'tool_use', name: 'get_table_schema', input: {table: 'customers'}}, {type: 'tool_use', name: 'run_query', input: {sql: `SELECT customer, max(spent) AS spent FROM customers WHERE customer <> '${standIn}' GROUP BY 1 ORDER BY 2 DESC LIMIT 3`}}]};
        const all = [...new Set(text.match(/redacted-email-\d+/g))];
        return {content: [{type: 'text', text: `I wrote to ${standIn}, and the best are ${all.join(' and ')}.`}], pieceLength: 3};
      };
      return withModels({vendors: [vendor], fake: {script}, table: folder}, async ({server, team, fake}) => {
        const session = await openChat(server, team);
        const turn = await say(server, team, session, 'Leave out ada.lovelace+test@example.com, who buys the most?');
        assert.ok(turn.done, JSON.stringify(turn.error));
        for (const {raw} of fake.requests) assert.doesNotMatch(raw, /ada\.lovelace|buyer\d+@|shop\.example/);
        const schema = turn.results.find(({name}) => name === 'get_table_schema');
        assert.match(JSON.stringify(schema), /buyer\d+@shop\.example/, 'people see the real ones');
        assert.ok(new Set(fake.requests.at(-1).raw.match(/redacted-email-\d+/g)).size >= 2, 'the model sees stand-ins of the data');
        assert.match(turn.calls[1].input.sql, /customer <> 'ada\.lovelace\+test@example\.com'/);
        assert.doesNotMatch(turn.text, /redacted-/);
        assert.match(turn.text, /^I wrote to ada\.lovelace\+test@example\.com, and the best are .*buyer\d+@shop\.example/);
        const query = turn.results.find(({name}) => name === 'run_query');
        assert.equal(query.ok, true, JSON.stringify(query));
        assert.match(turn.text, /^I wrote to ada\.lovelace\+test@example\.com, and the best are .*buyer39@shop\.example.*\.$/);
        assert.doesNotMatch(turn.text, /redacted-/);
        const next = await say(server, team, session, 'Again please');
        assert.ok(next.done, JSON.stringify(next.error));
        assert.ok(fake.requests.every(({status, raw}) => status === 200 && !/ada\.lovelace/.test(raw)));
      });
    });
  }
  await t.test('unless redaction is off', () => withModels({fake: {script: makeBrain({chat: true})}, env: {BRIDGE_REDACTION: 'off'}}, async ({server, team, fake}) => {
    assert.ok((await say(server, team, await openChat(server, team), 'Write to ada@example.com which airports run late')).done);
    assert.match(fake.requests[0].raw, /ada@example\.com/);
  }));
});

test('a secret in a message reaches neither the model nor what is kept', async (t) => {
  const key = 'sk-ant-api03-' + 'Ab3dEf6hIj9lMn'.repeat(4);
  await t.test('of a conversation', () => withModels({fake: {script: makeBrain({chat: true})}}, async ({server, team, fake}) => {
    const session = await openChat(server, team);
    const turn = await say(server, team, session, `My key is ${key}; which airports run late? postgres://me:hunter2hunter2@db.example/x`);
    assert.ok(turn.done, JSON.stringify(turn.error));
    for (const {raw} of fake.requests) assert.doesNotMatch(raw, /Ab3dEf6hIj9lMn|hunter2/);
    const kept = [(await team.call('GET', `/v1/chat/sessions/${session}/export`)).text, (await team.call('GET', `/v1/chat/sessions/${session}`)).text, (await team.call('GET', '/v1/chat/sessions')).text];
    for (const text of kept) {
      assert.match(text, /removed/);
      assert.doesNotMatch(text, /Ab3dEf6hIj9lMn|hunter2/);
    }
    assert.doesNotMatch(server.errors, /Ab3dEf6hIj9lMn|hunter2/);
  }));
  await t.test('of a dashboard', () => withModels({fake: {script: makeBrain()}}, async ({server, team, fake}) => {
    const turn = await generateWith(server, team, `Which airports have the longest delays? My key is ${key}`);
    assert.ok(turn.done, JSON.stringify(turn.error));
    for (const {raw} of fake.requests) assert.doesNotMatch(raw, /Ab3dEf6hIj9lMn/);
    for (const path of [`/v1/chat/sessions/${turn.session}/export`, '/v1/chat/sessions', `/v1/dashboards/${turn.done.dashboard_slug}/yaml`, `/v1/dashboards/${turn.done.dashboard_slug}/document`]) {
      assert.doesNotMatch((await expectStatus(team.call('GET', path), 200)).text, /Ab3dEf6hIj9lMn/, path);
    }
  }));
});

test('of a model that ends without saving Bridge says so in its own words, and the rules take over', () =>
  withModels({fake: {script: [{content: [{type: 'tool_use', name: 'run_dry_run_query', input: {sql: 'SELECT count(*) AS n FROM flights_3m'}}]}, {content: [{type: 'text', text: 'I have saved it as /d/my-dashboard.'}]}]}}, async ({server, team}) => {
    const turn = await generateWith(server, team, SENTENCE);
    assert.ok(turn.done, JSON.stringify(turn.error));
    const fallback = turn.events.find(({event}) => event === 'fallback');
    assert.match(fallback.data.reason, /without saving/);
    assert.doesNotMatch(fallback.data.reason, /my-dashboard/);
    await assertSaved(team, turn, 'rules');
  }));

test('what was recorded once is played again without a vendor, and the record holds no key', async (t) => {
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  const file = join(folder, 'cassette.jsonl');
  let yaml;
  await withModels({fake: {script: makeBrain({thinks: true})}, env: {BRIDGE_CASSETTE: `record:${file}`}}, async ({server, team}) => {
    yaml = (await assertSaved(team, await generateWith(server, team, SENTENCE), 'anthropic')).yaml;
  });
  assert.doesNotMatch(readFileSync(file, 'utf8'), /test-key/);
  await withModels({fake: {script: 'status:500'}, env: {BRIDGE_CASSETTE: `replay:${file}`}}, async ({server, team, fake}) => {
    const again = await assertSaved(team, await generateWith(server, team, SENTENCE), 'anthropic');
    assert.equal(fake.requests.length, 0);
    const withoutMeta = (text) => text.replace(/^meta:[\s\S]*?(?=^\S)/m, '').replace(/^meta:[\s\S]*$/m, '');
    assert.equal(withoutMeta(again.yaml), withoutMeta(yaml));
  });
});

test('a model that always has another idea is made to answer in the last of 24 steps; its cache is read in every one of them', async (t) => {
  for (const vendor of Object.keys(VENDORS)) {
    await t.test(vendor, () => {
      let n = 0;
      const script = ({tool_choice: choice}) => {
        if ((choice?.type ?? choice) === 'none') return {content: [{type: 'text', text: 'Well, then: it is late.'}]};
        return {content: [{type: 'thinking', text: `Idea ${++n}.`}, {type: 'tool_use', name: 'run_dry_run_query', input: {sql: `SELECT count(*) + ${n} AS n FROM flights_3m WHERE delay > ${n}`}}]};
      };
      return withModels({vendors: [vendor], fake: {script}}, async ({server, team, fake}) => {
        const session = await openChat(server, team);
        const turn = await say(server, team, session, 'Think of something');
        assert.equal(turn.text, 'Well, then: it is late.', JSON.stringify(turn.error));
        assert.equal(fake.requests.length, 24);
        assert.ok(fake.requests.every(({status}) => status === 200), fake.requests.map(({status}) => status).join());
        const calls = await modelCalls(server, team, session, {count: 24});
        const free = calls.slice(0, -1);  // another choice of tools is another prefix
        for (const [i, call] of free.entries()) {
          if (i === 0) continue;
          assert.ok(call.cache_read_tokens >= free[i - 1].cache_read_tokens, `step ${i + 1}: ${free.map((each) => each.cache_read_tokens)}`);
          assert.ok(call.cache_read_tokens > 0.8 * (call.input_tokens + call.cache_read_tokens + call.cache_write_tokens), `step ${i + 1} reads most of its prompt from the cache`);
        }
        for (const {raw} of fake.requests) assert.ok(countMarkers(raw) <= 4);
      });
    });
  }
});

test('a turn that uses up too many tokens or too much money is ended', async (t) => {
  const uses = (usage) => (request) => ({...makeBrain({chat: true})(request), usage});
  await t.test('tokens', () => withModels({fake: {script: uses({input_tokens: 900_000, cache_read_input_tokens: 0, cache_creation_input_tokens: 0}), models: {}}, env: {BRIDGE_MODEL: 'claude-haiku-5-5'}}, async ({server, team, fake}) => {
    const turn = await say(server, team, await openChat(server, team), 'Which airports run late?');
    assert.equal(turn.error?.code, 'token_limit', JSON.stringify(turn.done ?? turn.error));
    assert.equal(fake.requests.length, 2);
    assert.equal(turn.error.usage.input_tokens, 1_800_000);
  }));
  await t.test('money', () => withModels({fake: {script: uses({input_tokens: 400_000, cache_read_input_tokens: 0, cache_creation_input_tokens: 0})}, env: {BRIDGE_MODEL: 'claude-opus-5'}}, async ({server, team, fake}) => {
    const turn = await say(server, team, await openChat(server, team), 'Which airports run late?');
    assert.equal(turn.error?.code, 'cost_limit', JSON.stringify(turn.done ?? turn.error));
    assert.equal(fake.requests.length, 1);
    assert.ok(turn.error.cost_usd >= 2);
  }));
});
