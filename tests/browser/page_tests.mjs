// How the page looks and behaves whatever the server answers: layout, paper, names, keys, faults. On the page's own stand-in server, so that
// every mark and every trouble is there: node tests/browser/page_tests.mjs [SHOT_DIR]
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const {chromium} = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [shot_dir] = process.argv.slice(2);
const STEP_MS = 60_000;
const WIDE = {width: 1400, height: 900};
const NARROW = {width: 390, height: 844};

let child;
let origin;
let browser;
let page;

before(async () => {
  child = spawn(process.execPath, ['web/dev/fake_server.mjs', '0'], {env: {...process.env, FAKE_DELAY_MS: '0', FAKE_TOKEN_REUSABLE: '1'}, stdio: ['ignore', 'pipe', 'inherit']});
  const line = await new Promise((done) => createInterface({input: child.stdout}).once('line', done));
  const {url, link} = JSON.parse(line);
  origin = url;
  browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']});
  const context = await browser.newContext({viewport: WIDE, colorScheme: 'light', bypassCSP: true});
  context.setDefaultTimeout(STEP_MS);
  page = await context.newPage();
  await page.goto(link);
  await page.getByTestId('ask-input').waitFor();
  if (shot_dir) mkdirSync(shot_dir, {recursive: true});
});

after(async () => {
  await browser?.close();
  child?.kill();
});

async function drawn() {
  await page.getByTestId('grid').first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[data-chart]').length > 0 && !document.querySelector('[data-state="loading"], .refreshing, [data-drawn="false"]:not(:has(.chart-note))'));
  await page.waitForTimeout(350);
}

const shot = async (name, full = true) => {
  if (!shot_dir) return;
  const size = page.viewportSize();
  if (full) {
    await page.setViewportSize({width: size.width, height: Math.min(8000, await page.evaluate(() => document.documentElement.scrollHeight))});
    await page.waitForTimeout(500);
  }
  await page.screenshot({path: join(shot_dir, `${name}.png`)});
  if (full) await page.setViewportSize(size);
};

const LONG = `An-extraordinarily-long-title-without-any-place-to-break-${'x'.repeat(80)} and then some more words`;

// Every screen of the page by a short name.
const SCREENS = {
  list: {path: '/', ready: () => page.getByTestId('dashboard-item').first().waitFor()},
  dashboard: {path: '/d/flight-delays', ready: drawn},
  filtered: {path: '/d/flight-delays?origin=LAX&origin=SFO', ready: drawn},
  'every-mark': {path: '/d/every-mark', ready: drawn},
  troubles: {path: '/d/troubles', ready: drawn},
  editor: {path: '/d/flight-delays/edit', ready: async () => { await page.locator('.cm-content').waitFor(); await page.locator('[data-testid=problems][data-state=done]').waitFor(); await drawn(); }},
  history: {path: '/d/flight-delays/edit', ready: async () => { await page.getByTestId('history-tab').click(); await page.getByTestId('history').locator('.history-item').first().waitFor(); }},
  conversation: {path: '/chat/0190f0c4-0000-7000-8000-000000000001', ready: () => page.getByTestId('turn').first().waitFor()},
  chat: {path: '/chat', ready: () => page.getByTestId('composer').waitFor()},
  usage: {path: '/usage', ready: async () => { await page.getByTestId('tool-cache').waitFor(); await page.waitForTimeout(500); }},
  'prompt-blocks': {path: '/prompt-blocks', ready: () => page.getByTestId('block-item').first().waitFor()},
  'not-found': {path: '/nowhere/at/all', ready: () => page.getByTestId('not-found').waitFor()},
  'no-dashboard': {path: '/d/no-such-dashboard', ready: () => page.getByRole('alert').waitFor()},
};

async function open(name) {
  await page.goto(origin + SCREENS[name].path);
  await SCREENS[name].ready();
}

const violations = () => page.evaluate(async () => {
  const found = await window.axe.run(document, {resultTypes: ['violations']});
  return found.violations.map((one) => `${one.id}: ${one.help} (${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')})`);
});

for (const theme of ['light', 'dark']) {
  test(`every screen is clean under axe and fits into 390 pixels, ${theme}`, async () => {
    await page.evaluate((wanted) => localStorage.setItem('bridge.theme', wanted), theme);
    const problems = {};
    for (const name of Object.keys(SCREENS)) {
      await page.setViewportSize(WIDE);
      await open(name);
      await page.addScriptTag({content: AXE});
      const found = await violations();
      if (found.length > 0) problems[`${name} (axe)`] = found;
      await shot(`${name}-${theme}-1400`);
      await page.setViewportSize(NARROW);
      await page.waitForTimeout(300);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > NARROW.width) problems[`${name} (390)`] = `${wide} pixels wide`;
      await shot(`${name}-${theme}-390`);
    }
    await page.setViewportSize(WIDE);
    await page.evaluate(() => localStorage.removeItem('bridge.theme'));
    assert.deepEqual(problems, {});
  });
}

test('an answer with a chart is clean under axe', async () => {
  await open('chat');
  await page.getByTestId('composer').fill('chart');
  await page.locator('[data-testid=send]:not([disabled])').click();
  await page.locator('[data-testid=turn][data-state=done]').waitFor();
  for (const fold of await page.locator('[data-testid=folded-steps] > summary').all()) await fold.click();
  await page.locator('[data-testid=result-chart] [data-drawn=true]').first().waitFor();
  await page.addScriptTag({content: AXE});
  assert.deepEqual(await violations(), []);
  await shot('answer', false);
});

test('the sign-in form is clean under axe', async () => {
  const stranger = await browser.newPage({viewport: WIDE, bypassCSP: true});
  await stranger.goto(`${origin}/`);
  await stranger.getByLabel('API key').waitFor();
  await stranger.addScriptTag({content: AXE});
  assert.deepEqual(await stranger.evaluate(async () => (await window.axe.run(document)).violations.map((one) => one.id)), []);
  await stranger.close();
});

test('at 390 pixels the way to ask is in sight with two connections, and long titles break', async () => {
  await page.setViewportSize(NARROW);
  await page.route('**/v1/onboarding/connections', async (route) => {
    const answer = await (await route.fetch()).json();
    answer.items = answer.items.map((one, at) => ({...one, name: `a rather long name of the connection number ${at + 1}`}));
    await route.fulfill({json: answer});
  });
  await page.route('**/v1/dashboards?*', async (route) => {
    const answer = await (await route.fetch()).json();
    answer.items[0].title = LONG;
    answer.items[0].description = LONG;
    await route.fulfill({json: answer});
  });
  await page.route('**/v1/dashboards/flight-delays/document', async (route) => {
    const answer = await (await route.fetch()).json();
    answer.title = LONG;
    answer.description = LONG;
    answer.provenance = {prompt: LONG, generator: 'rules'};
    answer.charts.total.title = LONG;
    await route.fulfill({json: answer});
  });
  await open('list');
  await page.getByTestId('ask-connection').waitFor();
  const box = await page.getByTestId('ask-submit').boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= NARROW.width, `the button ends at ${box.x + box.width}`);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= NARROW.width);
  await shot('long-list-390');
  await open('dashboard');
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= NARROW.width);
  await shot('long-dashboard-390');
  await page.unrouteAll();
  await page.setViewportSize(WIDE);
});

test('a question that fails shows its reason first and in view', async () => {
  await page.setViewportSize({width: 1400, height: 420});
  await open('list');
  await page.getByTestId('ask-input').fill('please fail');
  await page.getByTestId('ask-submit').click();
  const reason = page.getByTestId('run-problem');
  await reason.waitFor();
  const steps = page.getByTestId('run-tried');
  assert.ok((await reason.boundingBox()).y < (await steps.boundingBox()).y, 'the reason stands before the steps');
  assert.equal(await steps.getAttribute('open'), null, 'the steps are folded');
  await page.waitForTimeout(200);
  const {y, height} = await reason.boundingBox();
  assert.ok(y >= 0 && y + height <= 420, `the reason is in view: ${y} to ${y + height}`);
  await shot('failed-question', false);
  await page.setViewportSize(WIDE);
});

test('the editor marks what the dry run refused, at its line, and does not call it valid', async () => {
  await open('editor');
  const head = page.locator('.problems-head');
  assert.match(await head.innerText(), /the queries work/);
  const line = page.locator('.cm-line').filter({hasText: 'FROM flights f'}).first();
  await line.click();
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.type('FROM no_flights f');
  await page.locator('[data-testid=problems][data-state=done][data-errors="1"]').waitFor();
  assert.equal(await page.locator('.cm-lintRange-error').first().innerText(), 'no_flights');
  assert.equal(await page.locator('.cm-lint-marker-error').count(), 1);
  assert.match(await page.getByTestId('problems').innerText(), /1 error[\s\S]*no_flights/);
  assert.equal(await page.getByTestId('save').isDisabled(), true);
  await shot('editor-refused', false);
});

test('a check that cannot be made is not called valid', async () => {
  await page.route('**/v1/dashboards/validate*', (route) => (route.request().url().includes('dry_run') ? route.fulfill({status: 503, json: {title: 'Unavailable', status: 503, code: 'unavailable', detail: 'The warehouse does not answer.'}}) : route.continue()));
  page.once('dialog', (dialog) => dialog.accept());
  await page.goto(`${origin}/d/flight-delays/edit`);
  await page.locator('[data-testid=problems][data-state=failed]').waitFor();
  assert.match(await page.locator('.problems-head').innerText(), /Not checked: The warehouse does not answer/);
  await page.unrouteAll();
});

test('Escape and Tab leave the editor', async () => {
  await open('editor');
  await page.locator('.cm-content').click();
  assert.equal(await page.evaluate(() => document.activeElement.classList.contains('cm-content')), true);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.closest('.yaml-editor') === null), true, 'the focus is elsewhere');
});

test('a click filters the others and leaves the clicked chart its bars, with the chosen one marked', async () => {
  await open('dashboard');
  const rows = (id) => page.locator(`[data-chart=${id}] [data-testid=chart-data] tbody tr`).count();
  const id = 'ranked';
  const bars = await rows(id);
  const total = await page.getByTestId('kpi-value').first().innerText();
  assert.ok(bars > 5, `${bars} bars`);
  const keys = page.locator(`[data-chart=${id}] .chart-keys`);
  await keys.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => new URLSearchParams(location.search).has('origin'));
  await drawn();
  assert.equal(await rows(id), bars, 'no bar is gone');
  assert.notEqual(await page.getByTestId('kpi-value').first().innerText(), total, 'the others are filtered');
  await shot('clicked', false);
  await page.reload();
  await drawn();
  assert.equal(await rows(id), bars, 'the address alone brings the same picture');
  await page.locator(`[data-chart=${id}] .chart-keys`).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.getByRole('option', {selected: true}).count(), 1, 'the chosen bar says that it is chosen');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !new URLSearchParams(location.search).has('origin'));
});

test('every chart has a name, and there is no nameless place to stop at', async () => {
  for (const name of ['every-mark', 'dashboard', 'troubles']) {
    await open(name);
    const labels = await page.locator('.chart-keys').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    assert.ok(labels.length > 0 && labels.every((label) => /\. .+(value|empty)/.test(label)), JSON.stringify(labels));
    const nameless = [];
    for (let at = 0; at < 250; at += 1) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === document.body) return null;
        const name = element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.[0]?.textContent || element.title || element.placeholder;
        return name ? '' : element.outerHTML.slice(0, 120);
      });
      if (stop === null) break;
      if (stop) nameless.push(stop);
    }
    assert.deepEqual(nameless, [], name);
  }
});

test('a chart that does not filter shows no hand and says its values to the arrow keys', async () => {
  await open('every-mark');
  const keys = page.locator('.chart-keys[role=img]').first();
  await keys.focus();
  await page.keyboard.press('ArrowRight');
  const said = page.locator('.chart-place [role=status]').first();
  assert.notEqual(await said.innerText(), '');
  await page.keyboard.press('Escape');
  assert.equal(await said.innerText(), '');
});

test('a period is counted from where the data ends, and says from which day', async () => {
  await open('dashboard');
  const period = page.getByTestId('parameter-period');
  await period.click();
  assert.match(await page.getByTestId('parameter-period-newest').innerText(), /newest day of the data/);
  await page.getByRole('button', {name: 'Last 30 days', exact: true}).click();
  await page.waitForURL(/period=last_30_days_of_data/);
  await drawn();
  assert.match(await period.innerText(), /Last 30 days to 31 Mar 2001/);
  assert.match(await page.getByTestId('kpi-value').first().innerText(), /\d,\d/, 'there are flights');
  await period.click();
  assert.match(await page.getByTestId('parameter-period-newest').innerText(), /31 Mar 2001, where the data ends/);
  await shot('period', false);
  await page.keyboard.press('Escape');
});

test('the question stands apart from the title, with the words that were not used, and another reading is one click away', async () => {
  await page.route('**/v1/dashboards/flight-delays/document', async (route) => {
    const answer = await (await route.fetch()).json();
    answer.provenance = {generator: 'rules', prompt: 'delays of airports but not at night'};
    await route.fulfill({json: answer});
  });
  await open('dashboard');
  const question = page.getByTestId('question');
  assert.match(await question.innerText(), /“delays of airports but not at night”/);
  assert.match(await page.getByTestId('unused-words').innerText(), /Not used: “not at night”/);
  await question.getByText('Read it differently').click();
  await page.addScriptTag({content: AXE});
  assert.deepEqual(await violations(), []);
  await shot('readings', false);
  assert.equal(await page.getByTestId('reading').count(), 2, 'what the page cannot write is not offered as a click');
  await page.getByTestId('reading').first().click();
  await page.waitForURL(/\/d\/flight-delays\/edit$/);
  await page.locator('.cm-content').waitFor();
  assert.match(await page.locator('.cm-content').innerText(), /reading:[\s\S]*count\(\*\) AS value/);
  assert.match(await page.getByTestId('save-state').innerText(), /Not saved/);
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('link', {name: 'Dashboards'}).first().click();
  await page.unrouteAll();
});

test('a fault of several charts is told once', async () => {
  await open('troubles');
  const note = page.getByTestId('shared-fault');
  assert.equal(await note.count(), 1);
  assert.match(await note.innerText(), /2\.4 GB[\s\S]*2 charts have no answer: /);
  assert.equal(await page.getByText('would scan 2.4 GB').count(), 1);
});

test('when nothing comes at all, the reason stands once', async () => {
  await page.route('**/v1/dashboards/flight-delays/data*', (route) => route.fulfill({status: 500, json: {title: 'Broken', status: 500, code: 'internal', detail: 'The warehouse is on fire.'}}));
  await page.goto(`${origin}/d/flight-delays`);
  await page.getByText('on fire').first().waitFor();
  assert.equal(await page.getByRole('alert').count(), 1);
  await page.unrouteAll();
});

test('an address that is not there has a page, with a way home', async () => {
  await open('not-found');
  assert.equal(await page.title(), 'No such page · Bridge');
  await page.getByRole('link', {name: 'All dashboards'}).click();
  await page.getByTestId('ask-input').waitFor();
});

test('paper is light, keeps every bar, and cuts no card', async () => {
  await page.evaluate(() => localStorage.setItem('bridge.theme', 'dark'));
  for (const name of ['dashboard', 'every-mark', 'troubles']) {
    await open(name);
    const before = await page.evaluate(() => document.querySelectorAll('.chart-place[data-drawn=true]').length);
    await page.emulateMedia({media: 'print'});
    await page.waitForFunction(() => document.documentElement.dataset.printing === 'yes');
    const paper = await page.evaluate(() => {
      const light = (color) => (color.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, level) => sum + Number(level), 0) / 3;
      const cards = [...document.querySelectorAll('.card')];
      // What is higher than a page lies there in pieces, between which a page may end.
      const pictures = [...document.querySelectorAll('.chart-canvas canvas, .paper-pieces canvas')].filter((canvas) => canvas.offsetParent).map((canvas) => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let ink = 0;
        let bright = 0;
        for (let at = 0; at < pixels.length; at += 16) {
          if (pixels[at + 3] < 40) continue;
          ink += 1;
          if (pixels[at] + pixels[at + 1] + pixels[at + 2] > 690) bright += 1;
        }
        const card = canvas.closest('.card').getBoundingClientRect();
        const place = canvas.getBoundingClientRect();
        return {id: canvas.closest('[data-chart]')?.dataset.chart, height: place.height, ink, bright, inside: place.bottom <= card.bottom + 1 && place.right <= card.right + 1 && place.left >= card.left - 1, ratio: place.height / place.width - canvas.height / canvas.width, scale: canvas.width / 2 / place.width};
      });
      return {
        background: light(getComputedStyle(document.documentElement).backgroundColor),
        ink: light(getComputedStyle(document.body).color),
        clipped: cards.flatMap((card) => [...card.querySelectorAll('.chart-place, .facets, .data-table-place')].filter((place) => place.scrollHeight > place.clientHeight + 1 && getComputedStyle(place).overflowY !== 'visible').map(() => card.dataset.chart)),
        pictures,
        wide: document.documentElement.scrollWidth,
      };
    });
    assert.ok(paper.background > 250 && paper.ink < 80, JSON.stringify([paper.background, paper.ink]));
    assert.deepEqual(paper.clipped, [], name);
    assert.ok(paper.pictures.length >= before, `${paper.pictures.length} of ${before} pictures`);
    for (const picture of paper.pictures) {
      assert.ok(picture.ink > 50, `${name}: ${picture.id} is drawn`);
      assert.ok(picture.height < 1000, `${name}: ${picture.id} fits on a page: ${picture.height}`);
      assert.ok(picture.inside, `${name}: ${picture.id} lies in its card`);
      assert.ok(picture.scale > 0.9 && picture.scale < 1.1, `${name}: ${picture.id} is drawn for paper: ${picture.scale}`);
      assert.ok(Math.abs(picture.ratio) < 0.02, `${name}: ${picture.id} is not stretched`);
    }
    if (shot_dir) await page.pdf({path: join(shot_dir, `${name}.pdf`), format: 'A4'});
    await page.emulateMedia({media: 'screen'});
    await drawn();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'the screen is as it was');
  }
  await page.evaluate(() => localStorage.removeItem('bridge.theme'));
});
