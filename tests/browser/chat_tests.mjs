// What a person does in the chat, with usage and prompt blocks: registered by run.mjs, in its browser.
// The conversations are with the provider `rules` where there is one, which needs no network and no key.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const ANSWER_MS = 120_000;

export function register_chat_tests({ origin, question, page, shot, all_drawn, expected_statuses }) {
  let conversation;
  const turns = () => page().getByTestId('turn');
  const last = (state) => page().locator(`[data-testid=turn][data-state=${state}]`).last();
  const ended = () => page().waitForFunction(() => !document.querySelector('[data-testid=turn][data-state=running]') && document.querySelector('[data-testid=turn]'), null, { timeout: ANSWER_MS });

  async function say(text) {
    const composer = page().getByTestId('composer');
    await composer.fill(text);
    await page().locator('[data-testid=send]:not([disabled])').waitFor();
    await composer.press('Enter');
  }

  async function begin(text) {
    await page().goto(`${origin}/chat`);
    const model = page().getByTestId('chat-model');
    await model.waitFor();
    const rules = await model.locator('option').evaluateAll((options) => options.map((option) => option.value).find((value) => value.startsWith('rules\n')));
    if (rules) await model.selectOption(rules);
    await say(text);
    await page().waitForURL(/\/chat\/[0-9a-f-]{36}$/);
    return page().url();
  }

  test('a question in the chat is answered, with the steps in sight', async () => {
    await page().goto(`${origin}/`);
    await page().getByRole('link', { name: 'Chat' }).click();
    await page().waitForURL(`${origin}/chat`);
    conversation = await begin(question);
    await turns().first().waitFor();
    await shot('chat-running');
    await ended();
    await last('done').waitFor();
    assert.ok((await page().getByTestId('agent-step').count()) > 0, 'there are steps');
    assert.ok((await page().getByTestId('agent-words').count()) > 0, 'there are words');
    assert.match(await page().getByTestId('turn-foot').last().innerText(), /tokens|\$|price unknown/);
    await shot('chat-done');
  });

  test('tables and charts of the answer have data', async (t) => {
    const tables = page().getByTestId('result-table');
    const charts = page().getByTestId('result-chart');
    if ((await tables.count()) + (await charts.count()) === 0) return t.skip('this answer has neither');
    for (const table of await tables.all()) assert.ok((await table.locator('tbody tr').count()) > 0, 'a table has rows');
    await page().waitForFunction(() => !document.querySelector('[data-testid=result-chart] [data-drawn="false"]'));
    for (const chart of await charts.all()) assert.ok((await chart.locator('canvas, table, svg, .kpi').count()) > 0, 'a chart is drawn');
  });

  test('a reload shows the conversation as it was', async () => {
    const words = await page().getByTestId('agent-words').allInnerTexts();
    await page().reload();
    await turns().first().waitFor();
    assert.equal(await page().locator('.turn-question').first().innerText().then((text) => text.replace(/^You:\s*/, '')), question);
    assert.deepEqual(await page().getByTestId('agent-words').allInnerTexts(), words);
    await page().getByTestId('session-item').first().waitFor();
    assert.equal(await page().locator('[data-testid=session-item][aria-current=page]').count(), 1);
  });

  test('a reload in the middle of an answer goes on with it', async () => {
    await say(question);
    await turns().nth(1).waitFor();
    await page().reload();
    await turns().nth(1).waitFor();
    await ended();
    assert.equal(await turns().count(), 2);
    assert.equal(await turns().last().getAttribute('data-state'), 'done');
    assert.ok((await turns().last().getByTestId('agent-words').count()) > 0);
  });

  test('a connection that is lost in the middle of an answer is taken up where it was', async () => {
    const before = await turns().count();
    // The first stream breaks after its first event; streams that resume are left alone.
    const resumed = await page().evaluateHandle(() => {
      const seen = [];
      const real = window.fetch;
      window.fetch = async (path, options) => {
        const id = options?.headers?.['Last-Event-ID'];
        const response = await real(path, options);
        if (!String(path).endsWith('/stream') || !response.ok) return response;
        if (id) {
          seen.push(id);
          return response;
        }
        const reader = response.body.getReader();
        let text = '';
        const body = new ReadableStream({
          async pull(controller) {
            const { value, done } = await reader.read();
            if (value) controller.enqueue(value);
            text += value ? new TextDecoder().decode(value) : '';
            if (done || /^event: /m.test(text)) {
              await reader.cancel();
              controller.error(new TypeError('the network is gone'));
            }
          },
        });
        return new Response(body, { status: response.status, headers: response.headers });
      };
      return seen;
    });
    await say(question);
    await turns().nth(before).waitFor();
    await ended();
    assert.equal(await turns().last().getAttribute('data-state'), 'done');
    // A whole answer may fit into the first piece of the network; then there was nothing to resume.
    for (const id of await resumed.jsonValue()) assert.match(id, /^\d+:\d+$/);
    const words = () => turns().last().getByTestId('agent-words').allInnerTexts();
    const shown = await words();
    await page().reload();
    await turns().nth(before).waitFor();
    assert.deepEqual(await words(), shown, 'nothing is lost and nothing is said twice');
  });

  test('an answer can be stopped', async () => {
    const before = await turns().count();
    await say(`${question} slow`);
    await turns().nth(before).waitFor();
    await page().keyboard.press('Escape');
    await ended();
    const state = await turns().last().getAttribute('data-state');
    // One that was quicker than the key is done.
    assert.ok(['stopped', 'done'].includes(state), state);
    await page().getByTestId('send').waitFor();
  });

  test('a conversation becomes a dashboard', async () => {
    await page().getByTestId('to-dashboard').click();
    const saved = page().getByTestId('dashboard-saved').last();
    await saved.waitFor({ timeout: ANSWER_MS });
    await ended();
    await shot('chat-saved');
    await saved.getByRole('link').click();
    await page().waitForURL(/\/d\/[^/]+$/);
    await all_drawn();
    const path = new URL(page().url()).pathname.replace('/d/', '/v1/dashboards/');
    await page().goBack();
    await turns().first().waitFor();
    await page().evaluate(async (gone) => (await fetch(gone, { method: 'DELETE' })).status, path);
  });

  test('the transcript is downloaded as JSON lines', async () => {
    const [download] = await Promise.all([page().waitForEvent('download'), page().getByTestId('export').click()]);
    const lines = readFileSync(await download.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.length > 1);
    assert.match(download.suggestedFilename(), /\.jsonl$/);
  });

  test('an ended conversation can be read but not gone on with', async () => {
    page().once('dialog', (dialog) => dialog.dismiss());
    await page().getByTestId('end-conversation').click();
    await page().getByTestId('composer').waitFor();
    page().once('dialog', (dialog) => dialog.accept());
    await page().getByTestId('end-conversation').click();
    await page().getByTestId('conversation-ended').waitFor();
    assert.equal(await page().getByTestId('composer').count(), 0);
    await page().locator('[data-testid=session-item][aria-current=page] .tag').waitFor();
    await page().reload();
    await page().getByTestId('conversation-ended').waitFor();
    await shot('chat-ended');
  });

  test('the chat works in a narrow window, and everything in it has a name', async () => {
    await page().setViewportSize({ width: 390, height: 844 });
    await page().goto(conversation);
    await turns().first().waitFor();
    await shot('chat-narrow');
    assert.ok((await page().evaluate(() => document.documentElement.scrollWidth)) <= 390);
    await page().getByRole('link', { name: 'Conversations' }).click();
    await page().getByTestId('session-item').first().waitFor();
    assert.ok((await page().evaluate(() => document.documentElement.scrollWidth)) <= 390);
    await page().setViewportSize({ width: 1440, height: 900 });
    await page().goto(conversation);
    await turns().first().waitFor();
    const nameless = await page().evaluate(() =>
      [...document.querySelectorAll('button, a, input, select, textarea, [role=img], [role=region]')]
        .filter((element) => !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length || element.title))
        .map((element) => element.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(nameless, []);
  });

  test('a conversation that is not there says so', async () => {
    expected_statuses.add(404);
    await page().goto(`${origin}/chat/00000000-0000-7000-8000-00000000ffff`);
    await page().getByRole('alert').waitFor();
    await page().getByRole('link', { name: 'All conversations' }).waitFor();
  });

  test('usage shows what the conversation took, and its model calls', async () => {
    await page().goto(conversation);
    await page().getByRole('link', { name: 'Model calls' }).click();
    await page().waitForURL(/\/usage\?session_id=/);
    await page().getByTestId('usage-figures').waitFor();
    const calls = page().getByTestId('model-calls');
    await calls.getByTestId('session-filter').waitFor();
    await page().getByRole('button', { name: 'By month' }).click();
    await page().locator('.usage-charts:not(.refreshing), .list-empty').first().waitFor();
    await page().getByTestId('tool-cache').waitFor();
    await shot('usage');
    await calls.getByRole('button', { name: 'Show all calls' }).click();
    await page().waitForURL(`${origin}/usage`);
    await calls.locator('.call-table tbody tr').first().waitFor();
  });

  test('a prompt block gets another version, and goes back to the earlier one', async () => {
    await page().getByTestId('account-menu').click();
    await page().getByRole('link', { name: 'Prompt blocks' }).click();
    await page().getByTestId('block-item').first().click();
    const text = page().getByTestId('block-text');
    await text.waitFor();
    const version = page().getByTestId('block-version');
    const before = await version.inputValue();
    const words = await text.inputValue();
    await text.fill(`${words}\nOne more line.\n`);
    await page().getByTestId('save-block').click();
    await page().getByRole('status').filter({ hasText: /Saved as version \d+/ }).waitFor();
    assert.ok(Number(await version.inputValue()) > Number(before));
    await version.selectOption(before);
    assert.equal(await text.inputValue(), words);
    await page().getByTestId('activate').click();
    await page().getByRole('status').filter({ hasText: `Version ${before} is active now` }).waitFor();
    await shot('prompt-blocks');
  });
}
