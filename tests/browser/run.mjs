// Drives the web page of a running server in a real browser, as a person would.
//   node tests/browser/run.mjs URL ONE_TIME_LINK [SHOT_DIR]
// Environment: CHROMIUM (default /usr/bin/chromium), BRIDGE_QUESTION (the sentence it asks).
// It makes one dashboard, edits it, and deletes it again, and another one in a chat (chat_tests.mjs); other dashboards are only looked at.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { register_chat_tests } from './chat_tests.mjs';

const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core');

const [url, link, shot_dir] = process.argv.slice(2);
if (!url || !link) {
  console.error('usage: node tests/browser/run.mjs URL ONE_TIME_LINK [SHOT_DIR]');
  process.exit(2);
}
const origin = new URL(url).origin;
const question = process.env.BRIDGE_QUESTION ?? 'How many flights are there by month, and how long are the delays by origin?';
const STEP_MS = 15_000;
const GENERATION_MS = 120_000;

const profile = mkdtempSync(join(tmpdir(), 'bridge-browser-'));
const complaints = [];
const strangers = [];
// Failures that a test brings about on purpose, by status.
const expected_statuses = new Set();
let context;
let page;
let first_slug;
let asked_slug;

before(async () => {
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: flags,
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    acceptDownloads: true,
  });
  context.setDefaultTimeout(STEP_MS);
  page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const status = Number(/status of (\d+)/.exec(message.text())?.[1]);
    if (!expected_statuses.has(status)) complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(target)) strangers.push(target);
  });
  if (shot_dir) mkdirSync(shot_dir, { recursive: true });
});

after(async () => {
  await context?.close();
  rmSync(profile, { recursive: true, force: true });
});

// A full page is taken through a tall window: the browser's own way resizes the page for a moment, and charts follow.
const shot = async (name, { full = false } = {}) => {
  if (!shot_dir) return;
  const size = page.viewportSize();
  if (full) {
    await page.setViewportSize({ width: size.width, height: Math.min(8000, await page.evaluate(() => document.documentElement.scrollHeight)) });
    await page.waitForTimeout(600);
  }
  await page.screenshot({ path: join(shot_dir, `${name}.png`) });
  if (full) await page.setViewportSize(size);
};

async function all_drawn() {
  await page.getByTestId('grid').waitFor();
  await page.waitForFunction(
    () =>
      document.querySelectorAll('[data-chart]').length > 0 &&
      !document.querySelector('[data-state="loading"], .refreshing, [data-drawn="false"]:not(:has(.chart-note))'),
    null,
    { timeout: 30_000 },
  );
  await page.waitForTimeout(350);
}

// What the charts say, as text: the numbers of the tiles, the tables beside the pictures, the tables.
const facts = () =>
  page.evaluate(() => [...document.querySelectorAll('[data-chart]')].map((card) => `${card.dataset.chart}: ${card.querySelector('.card-body')?.textContent}`).join('\n'));

const cards = () =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-chart]')].map((card) => ({
      id: card.dataset.chart,
      mark: card.dataset.mark,
      state: card.dataset.state,
      canvas: card.querySelectorAll('canvas').length,
      rows: card.querySelectorAll('tbody tr').length,
      kpi: card.querySelector('[data-testid="kpi-value"]')?.textContent ?? null,
      text: card.querySelector('.card-body')?.textContent?.slice(0, 200),
    })),
  );

function assert_cards_have_data(found) {
  assert.ok(found.length > 0, 'the dashboard has charts');
  for (const card of found) {
    assert.equal(card.state, 'ready', `chart ${card.id} (${card.mark}) is ${card.state}: ${card.text}`);
    if (card.mark === 'kpi') assert.match(card.kpi ?? '', /\d/, `${card.id} shows a number`);
    else if (card.mark === 'table') assert.ok(card.rows > 0, `${card.id} has rows`);
    else if (card.mark !== 'sparkline') assert.ok(card.canvas > 0 && card.rows > 0, `${card.id} has a picture (${card.canvas}) and its data as a table (${card.rows})`);
  }
}

test('the one-time link signs in and leaves no token in the address', async () => {
  await page.goto(link);
  await page.waitForURL(`${origin}/`);
  await page.getByTestId('ask-input').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await shot('list');
});

test('the list shows the dashboards and finds one by its title', async () => {
  await page.getByTestId('dashboard-item').first().waitFor();
  const count = await page.getByTestId('dashboard-item').count();
  assert.ok(count >= 1);
  const title = (await page.locator('.dashboard-item-title').first().textContent()).trim();
  const search = page.getByRole('searchbox', { name: 'Search dashboards' });
  await search.fill(title);
  await page.getByTestId('dashboard-item').filter({ hasText: title }).first().waitFor();
  await search.fill('zzz nothing is called this');
  await page.getByText('Nothing matches').waitFor();
  await search.press('Escape');
  await page.getByTestId('dashboard-item').first().waitFor();
});

test('the first dashboard opens and every chart has data', async () => {
  await page.getByTestId('dashboard-item').first().click();
  await page.waitForURL(/\/d\/[^/]+$/);
  first_slug = decodeURIComponent(new URL(page.url()).pathname.split('/')[2]);
  await all_drawn();
  const found = await cards();
  await shot('dashboard', { full: true });
  assert_cards_have_data(found);
  assert.match(await page.getByTestId('data-age').textContent(), /As of .+ ago/);
});

test('a parameter changes the address and the data', async (t) => {
  const parameters = page.getByTestId('parameters');
  if ((await parameters.count()) === 0) return t.skip('this dashboard has no parameters');
  const before = await facts();
  const with_choices = parameters.locator('.popover-root > button');
  let changed = false;
  for (let index = 0; index < (await with_choices.count()) && !changed; index += 1) {
    const control = with_choices.nth(index);
    const name = (await control.getAttribute('data-testid')).replace('parameter-', '');
    await control.click();
    const popover = page.locator('.popover');
    const boxes = popover.locator('input[type=checkbox]');
    const answered = page.waitForResponse((response) => new URL(response.url()).searchParams.has(name) && response.url().includes('/data?'));
    if ((await boxes.count()) > 0) await boxes.first().check();
    else await popover.locator('button.choice:not(.chosen)').last().click();
    assert.equal((await answered).status(), 200);
    await page.keyboard.press('Escape');
    await page.waitForFunction((wanted) => new URLSearchParams(location.search).has(wanted), name);
    await all_drawn();
    changed = (await facts()) !== before;
  }
  if ((await with_choices.count()) === 0) return t.skip('this dashboard has no parameter with choices');
  assert.ok(changed, 'some parameter changes what the charts say');
  await shot('filtered', { full: true });
  const address = page.url();
  const filtered = await facts();
  await page.reload();
  await all_drawn();
  assert.equal(page.url(), address);
  assert.equal(await facts(), filtered, 'the address alone brings the filtered view back');
  await page.getByTestId('parameters-reset').click();
  await page.waitForFunction(() => location.search === '');
  await all_drawn();
  assert.equal(await facts(), before, 'reset brings the first view back');
});

test('the data of a chart can be had as CSV', async () => {
  const id = (await cards())[0].id;
  await page.getByTestId(`menu-${id}`).click();
  const href = await page.getByTestId(`csv-${id}`).getAttribute('href');
  const answer = await page.evaluate(async (path) => {
    const response = await fetch(path);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  }, href);
  assert.equal(answer.status, 200);
  assert.match(answer.type, /csv/);
  assert.ok(answer.text.trim().split(/\r?\n/).length >= 2, 'a head and at least one row');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.popover').count(), 0);
});

test('the dark theme is dark, and outlives a reload', async () => {
  const brightness = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, level) => sum + Number(level), 0) / 3);
  assert.ok((await brightness()) > 200);
  await page.getByTestId('theme-toggle').click();
  assert.ok((await brightness()) < 60);
  await page.reload();
  await all_drawn();
  assert.ok((await brightness()) < 60);
  await shot('dark', { full: true });
  await page.getByTestId('theme-toggle').click();
  assert.ok((await brightness()) > 200);
});

test('a narrow window has one column and nothing sticks out', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await all_drawn();
  const shape = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    lefts: [...new Set([...document.querySelectorAll('.grid-item')].map((item) => Math.round(item.getBoundingClientRect().left)))],
  }));
  await shot('narrow', { full: true });
  await page.setViewportSize({ width: 1440, height: 900 });
  assert.ok(shape.width <= 390, `the page is ${shape.width} px wide`);
  assert.equal(shape.lefts.length, 1, `one column, not ${shape.lefts.length}`);
});

test('everything can be reached by keyboard and has a name', async () => {
  await page.goto(`${origin}/`);
  await page.getByTestId('dashboard-item').first().waitFor();
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'ask');
  await page.keyboard.press('Escape');
  await page.getByTestId('dashboard-item').first().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/d\//);
  await all_drawn();
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('button, a, input, select, textarea, [role=img]')]
      .filter((element) => !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length || element.title))
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(nameless, []);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none', 'the focus can be seen');
  const cell = page.locator('.data-table tbody td').first();
  if ((await cell.count()) > 0) {
    await cell.focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.parentElement.sectionRowIndex), 1);
    const heading = page.locator('.data-table th').first();
    await heading.getByRole('button').press('Enter');
    assert.notEqual(await heading.getAttribute('aria-sort'), 'none');
  }
});

test('a sentence becomes a dashboard, step by step in sight', async () => {
  await page.goto(`${origin}/`);
  const input = page.getByTestId('ask-input');
  await input.fill(question);
  await input.press('Enter');
  const run = page.getByTestId('agent-run');
  await run.waitFor();
  await page.locator('[data-testid=agent-step][data-verdict=ok]').first().waitFor({ timeout: GENERATION_MS });
  await shot('asking');
  await page.waitForURL(/\/d\/[^/]+$/, { timeout: GENERATION_MS }).catch(async (error) => {
    await shot('asking-failed', { full: true });
    throw new Error(`the agent did not finish: ${await run.textContent()}`, { cause: error });
  });
  asked_slug = decodeURIComponent(new URL(page.url()).pathname.split('/')[2]);
  await all_drawn();
  await shot('asked', { full: true });
  assert_cards_have_data(await cards());
});

test('asking can be cancelled', async () => {
  await page.goto(`${origin}/`);
  const path = '**/v1/dashboards/generate';
  // An agent that never gets further than its first step.
  await page.route(path, () => {});
  await page.getByTestId('ask-input').fill(question);
  await page.getByTestId('ask-submit').click();
  await page.getByTestId('ask-cancel').click();
  await page.locator('[data-testid=agent-run][data-state=stopped]').waitFor();
  await page.unroute(path);
});

test('the editor marks an error where it is and takes the mark back', async () => {
  assert.ok(asked_slug, 'there is a dashboard to edit');
  await page.goto(`${origin}/d/${encodeURIComponent(asked_slug)}/edit`);
  await page.locator('.cm-content').waitFor();
  await page.locator('[data-testid=problems][data-errors="0"]').waitFor();
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('titel: wrong\n');
  await page.locator('.cm-lintRange-error').first().waitFor();
  assert.equal(await page.getByTestId('save').isDisabled(), true, 'what is wrong cannot be saved');
  assert.ok(Number(await page.getByTestId('problems').getAttribute('data-errors')) >= 1);
  await shot('editor-error');
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Delete');
  await page.locator('[data-testid=problems][data-errors="0"]').waitFor();
  assert.equal(await page.locator('.cm-lintRange-error').count(), 0);
});

// Types `text` at the end of the title, inside its quotes when it has some.
async function type_into_title(text) {
  const line = page.locator('.cm-line').filter({ hasText: /^title:/ }).first();
  await line.click();
  await page.keyboard.press('End');
  if (/['"]\s*$/.test(await line.textContent())) await page.keyboard.press('ArrowLeft');
  await page.keyboard.type(text);
}

test('a valid change is drawn as it is written, and saved', async () => {
  await type_into_title(' edited');
  await page.locator('.preview h2').filter({ hasText: 'edited' }).waitFor();
  await page.locator('[data-testid=save]:not([disabled])').waitFor();
  await page.keyboard.press('Control+s');
  await page.getByTestId('save-state').filter({ hasText: /Saved as version \d+/ }).waitFor();
  await all_drawn();
  await shot('editor-saved');
  await page.getByTestId('history-tab').click();
  await page.getByTestId('history').locator('.history-item').nth(1).waitFor();
  await page.getByTestId('history').locator('.diff-line.added').first().waitFor();
  await shot('editor-history');
});

test('a save over a newer version is refused and shows both', async () => {
  expected_statuses.add(412).add(409);
  await page.evaluate(async (slug) => {
    const path = `/v1/dashboards/${encodeURIComponent(slug)}`;
    const current = await fetch(`${path}/yaml`);
    const text = (await current.text()).replace(/^(description|title): ([^\n]*?)(['"]?)$/m, '$1: $2 elsewhere$3');
    const answer = await fetch(path, { method: 'PUT', body: text, headers: { 'content-type': 'application/yaml', 'if-match': current.headers.get('etag') } });
    if (!answer.ok) throw new Error(await answer.text());
  }, asked_slug);
  await type_into_title(' twice');
  await page.locator('[data-testid=save]:not([disabled])').waitFor();
  await page.getByTestId('save').click();
  const conflict = page.getByTestId('conflict');
  await conflict.waitFor();
  await conflict.getByRole('button', { name: 'Compare' }).click();
  await conflict.locator('.diff-line.added').first().waitFor();
  await shot('editor-conflict');
  await conflict.getByRole('button', { name: 'Save mine over it' }).click();
  await page.getByTestId('save-state').filter({ hasText: /Saved as version \d+/ }).waitFor();
  assert.equal(await conflict.count(), 0);
});

test('a dashboard is deleted only after a question', async () => {
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('button', { name: 'Delete' }).click();
  assert.match(page.url(), /\/edit$/);
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL(`${origin}/`);
  await page.getByTestId('ask-input').waitFor();
  await page.waitForFunction((slug) => !document.querySelector(`a[href="/d/${encodeURIComponent(slug)}"]`), asked_slug);
  assert.notEqual(first_slug, undefined);
});

register_chat_tests({ origin, question, page: () => page, shot, all_drawn, expected_statuses });

test('a used link says how to get another', async () => {
  expected_statuses.add(401).add(403).add(404).add(410);
  await page.goto(`${origin}/`);
  await page.getByTestId('account-menu').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
  await page.goto(link);
  await page.getByTestId('sign-in-notice').waitFor();
  assert.match(await page.locator('body').textContent(), /bridge key create/);
  await shot('link-used');
});

test('nothing complained and nothing left the origin', () => {
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
});
