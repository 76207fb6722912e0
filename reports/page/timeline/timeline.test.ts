import type { Page } from 'playwright-core';
import { timelineResults } from '../../samples/timeline-results.ts';
import { addAxe, FOR_AXE, violations } from '../../testing/axe.ts';
import { reportBrowser, type ReportBrowser } from '../../testing/report-page.ts';

const results = timelineResults();
const [works] = results.scenarios[0]!.variants;
const calls = works!.timeline!.streams[0]!.calls;
const firstFailed = calls.findIndex(({ outcome }) => outcome === 'fails') + 1;

let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(results);
});
afterAll(() => browser[Symbol.asyncDispose]());

const SCENARIO = 'scenario/failover';
const hash = (page: Page) => new URL(page.url()).hash;

async function open(fragment = SCENARIO, options: Parameters<ReportBrowser['open']>[1] = {}) {
  const opened = await browser.open(fragment, options);
  await opened.page.locator('svg.timeline').first().waitFor();
  return opened;
}

test('the matrix groups rows by step, and a cell shows outage, failed calls and cause', async () => {
  const { page, troubles } = await open();
  expect(await page.locator('.matrix tr.step').allInnerTexts()).toEqual([
    '1 calm',
    '2 l4a dies kill l4a',
    '3 l4a is back start l4a',
  ]);
  const dies = page.locator('.matrix tbody').nth(1).locator('tr').nth(1);
  expect(await dies.locator('th').innerText()).toBe('calls');
  expect(await dies.locator('td').allInnerTexts()).toEqual([
    '✓ 659 ms outage\n32 of 162 calls failed\nstale-neighbour @ l3',
    '✗ 2899 ms outage\n144 of 162 calls failed\nstale-neighbour @ l3',
  ]);
  expect(troubles).toEqual([]);
});

test('arrow keys in the matrix move between steps', async () => {
  const { page } = await open();
  await page.locator('.matrix td a').nth(2).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.panel.flow').waitFor();
  expect(hash(page)).toContain('#/scenario/failover/gratuitous-arp/l4a-dies.calls');
});

test('the timeline shows steps with actions, states of the pair, and a lane with outages per stream', async () => {
  const { page } = await open();
  const timeline = page.locator('svg.timeline');
  expect(await timeline.locator('.step-mark .name').allTextContents()).toEqual([
    '1 calm',
    '2 l4a dies',
    '3 l4a is back',
  ]);
  expect(await timeline.locator('.step-mark .actions').allTextContents()).toEqual(['', 'kill l4a', 'start l4a']);
  const bands = await timeline
    .locator('.band')
    .evaluateAll((all) => all.map((band) => band.getAttribute('aria-label')));
  expect(bands.slice(0, 3)).toEqual([
    'l4a (edge): master → fault → backup → master',
    'l4b (edge): backup → master → backup',
    'node l4a: up → off → up',
  ]);
  expect(await timeline.innerHTML()).toContain('Up throughout: s1, s2, s3 @ l4b');
  const brackets = timeline.locator('.lane-of-calls').first().locator('.bracket > title');
  expect(await brackets.allTextContents()).toEqual(['659 ms outage', 'at most 722 ms']);
  const names = await timeline.locator('.lane-of-calls').first().locator('.gutter-name').allTextContents();
  expect(names.map((name) => name.split('\n')[0])).toEqual(['s1s1', 's2s2', 's3s3', 'stale-neighbour @ l3']);
});

test('a table lists every stream in every step, measured and predicted', async () => {
  const { page } = await open();
  const rows = page.locator('table.measured tbody').nth(1).locator('tr');
  expect(await rows.nth(1).locator('td').allInnerTexts()).toEqual([
    '659 ms outage; 32 of 162 calls failed (stale-neighbour at l3)',
    'outage of at most 722 ms (stale-neighbour at l3), then works\nA backup of edge takes over 722 ms after the last advertisement (one every 200 ms).',
  ]);
  expect(await page.locator('table.measured .unknown').innerText()).toBe(
    '? l4a and l4b hold 203.0.113.80 at the same time: which answer is used is random.',
  );
});

test('a click on a call opens the packets of its example, and names the call they belong to', async () => {
  const { page, troubles } = await open();
  const row = page.locator('svg.timeline .lane-of-calls').first().locator('.failed .tick');
  await row.scrollIntoViewIfNeeded();
  const box = (await row.boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const panel = page.locator('.panel.flow');
  await panel.waitFor();
  expect(await panel.locator('.note').first().innerText()).toMatch(
    new RegExp(`^Call \\d+ took the same path as call ${firstFailed}, whose packets are shown`),
  );
  expect(await panel.locator('.detail').innerText()).toContain('l3 sent packets for 203.0.113.80 to the MAC of l4a');
  expect(await panel.locator('svg.topology .death text').textContent()).toBe('✗ stale-neighbour');
  expect(await page.locator('.picked-line').innerText()).toContain('failed after 900.0 ms: stale-neighbour at l3');
  expect(hash(page)).toMatch(/l4a-dies\.calls\?.*attempt=\d+.*call=\d+/);
  expect(troubles).toEqual([]);
});

test('keys move between calls, between failures, and to another lane', async () => {
  const { page } = await open();
  const lane = page.getByRole('slider', { name: 'With gratuitous ARP, calls' });
  await lane.focus();
  expect(await lane.getAttribute('aria-valuetext')).toBe(`${calls.length} calls, none chosen`);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.locator('.picked-line', { hasText: 'calls: call 2 of' }).waitFor();
  expect(await lane.getAttribute('aria-valuetext')).toMatch(/^calls: call 2 of \d+ · 23\.0 ms · calm · answered by s2/);
  await page.keyboard.press('n');
  await page.locator('.panel.flow .note', { hasText: `the packets of call ${firstFailed} itself` }).waitFor();
  expect(hash(page)).toContain(`call=${firstFailed}`);
  expect(await lane.getAttribute('aria-valuenow')).toBe(String(firstFailed));
  await page.keyboard.press('End');
  await page.locator('.picked-line', { hasText: `calls: call ${calls.length} of` }).waitFor();
  await page.getByRole('slider', { name: 'With gratuitous ARP, session' }).focus();
  await page.keyboard.press('Home');
  await page.locator('.picked-line', { hasText: 'session: call 1 of' }).waitFor();
});

test('a step can fill the drawing, wheel with Ctrl and keys zoom, and the link keeps the visible range', async () => {
  const { page } = await open();
  const ruler = () => page.locator('svg.timeline .ruler text').allTextContents();
  await page.getByRole('button', { name: '2 l4a dies' }).click();
  await page.getByRole('button', { name: '2 l4a dies', pressed: true }).waitFor();
  await page.waitForFunction(() => location.hash.includes('ms='));
  const before = hash(page);
  const ofStep = await ruler();
  expect(ofStep).toContain('2 s');
  expect(ofStep).not.toContain('0 ms');
  await page.locator('svg.timeline').hover({ position: { x: 700, y: 60 } });
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await page.waitForFunction((old) => location.hash !== old, before);
  const near = await ruler();
  expect(near).not.toEqual(ofStep);
  const { page: other } = await open(hash(page).slice(2));
  expect(await other.locator('svg.timeline .ruler text').allTextContents()).toEqual(near);
  await other.getByRole('slider').first().focus();
  await other.keyboard.press('0');
  await other.getByRole('button', { name: 'Whole', pressed: true }).waitFor();
});

test('dragging moves the drawing and selects nothing', async () => {
  const { page } = await open(`${SCENARIO}?ms=2000-3000`);
  await page.locator('svg.timeline').hover({ position: { x: 700, y: 200 } });
  await page.mouse.down();
  await page.mouse.move(500, 300, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => !location.hash.includes('ms=2000-3000'));
  expect(await page.locator('.picked').count()).toBe(0);
});

test('two variants are shown on the same scale; calls of both can be selected', async () => {
  const { page, troubles } = await open();
  await page.locator('.timeline-tools').getByLabel('Compare with').selectOption('Without gratuitous ARP');
  await page.locator('svg.timeline').nth(1).waitFor();
  const begins = await page
    .locator('svg.timeline')
    .evaluateAll((all) => all.map((one) => one.querySelectorAll('.step-mark .begin')[1]!.getAttribute('x1')));
  expect(begins[0]).toBe(begins[1]);
  const lane = page.getByRole('slider', { name: 'Without gratuitous ARP, calls' });
  await lane.focus();
  await page.keyboard.press('n');
  await page.locator('.panel.flow .badge.fail').waitFor();
  await page.locator('.picked-line', { hasText: 'Without gratuitous ARP · calls: call' }).waitFor();
  expect(hash(page)).toContain('#/scenario/failover/no-gratuitous-arp/l4a-dies.calls');
  expect(hash(page)).toContain('against=gratuitous-arp');
  const titles = await page.locator('.timeline-charts h3').allInnerTexts();
  expect(titles).toEqual(['With gratuitous ARP', 'Without gratuitous ARP']);
  expect(await lane.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(troubles).toEqual([]);
});

test('kept connections are grouped, and get separate rows on request', async () => {
  const { page } = await open();
  expect(await page.locator('.gutter-name', { hasText: 'connection 1' }).count()).toBe(0);
  await page.getByLabel('Expand all rows').check();
  await page.locator('svg.timeline .lifeline').first().waitFor({ state: 'attached' });
  expect(await page.locator('.gutter-name', { hasText: 'connection 10' }).count()).toBe(1);
  expect(hash(page)).toContain('rows=all');
});

test('the panel of a cell shows expectation, observation, prediction and examples', async () => {
  const { page } = await open(`${SCENARIO}/no-gratuitous-arp/l4a-dies.session`);
  const panel = page.locator('.panel.flow');
  await panel.waitFor();
  expect(await panel.locator('.facts').innerText()).toBe('Without gratuitous ARP · TCP · session in step l4a-dies');
  const output = await panel.locator('.verdict-grid dl').first().innerText();
  expect(output).toContain('10 of 32 calls failed (connection-unknown at l4b); connections: 0 survived, 10 reset');
  expect(output).toContain('no connection survives (connection-unknown at l4b)');
  expect(await panel.locator('.attempts').innerText()).toContain('fails connection-unknown');
  await panel.getByRole('link', { name: 'connection-unknown' }).click();
  await panel.locator('.note', { hasText: 'An example of 10 calls of its kind in this step' }).waitFor();
});

test('a prediction is drawn only for calls that behave as in the settled state', async () => {
  const cell = `${SCENARIO}/gratuitous-arp/l4a-dies.calls`;
  const { page: failed } = await open(`${cell}?attempt=3`);
  await failed.locator('svg.topology .seen').first().waitFor({ state: 'attached' });
  expect(await failed.locator('svg.topology .predicted').count()).toBe(0);
  const { page: settled } = await open(`${cell}?attempt=5`);
  await settled.locator('svg.topology .seen').first().waitFor({ state: 'attached' });
  expect(await settled.locator('svg.topology .predicted').count()).toBeGreaterThan(0);
});

test('on a small screen the page needs no horizontal scrolling, and print shows everything without controls', async () => {
  const { page } = await open(`${SCENARIO}?against=no-gratuitous-arp`, { viewport: { width: 360, height: 740 } });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  const { page: paper } = await open(`${SCENARIO}?against=no-gratuitous-arp`, {
    viewport: { width: 1000, height: 900 },
  });
  await paper.setViewportSize({ width: 718, height: 1000 });
  await paper.emulateMedia({ media: 'print' });
  expect(await paper.evaluate(() => document.documentElement.scrollWidth)).toBe(718);
  expect(await paper.locator('svg.timeline').first().isVisible()).toBe(true);
  expect(await paper.locator('.timeline-tools').isVisible()).toBe(false);
});

test('results of older versions without timelines show none', async () => {
  const before = structuredClone(results);
  for (const variant of before.scenarios[0]!.variants) {
    delete variant.timeline;
    delete variant.plan.timeline;
    for (const flow of variant.flows) delete flow.stream;
  }
  await using old = await reportBrowser(before);
  const { page, troubles } = await old.open(`${SCENARIO}/gratuitous-arp/l4a-dies.calls`);
  await page.locator('.panel.flow').waitFor();
  expect(await page.locator('svg.timeline, .matrix tr.step').count()).toBe(0);
  expect(troubles).toEqual([]);
});

describe.each([
  ['en', 'light', 1360],
  ['ko', 'dark', 1360],
  ['en', 'dark', 390],
] as const)('%s, %s, %i pixels wide', (lang, theme, width) => {
  test.each([
    ['the timeline', `${SCENARIO}?`],
    [
      'two of them, with a call chosen',
      `${SCENARIO}/gratuitous-arp/l4a-dies.calls?call=110&attempt=3&against=no-gratuitous-arp&`,
    ],
    ['a row for everything', `${SCENARIO}/no-gratuitous-arp/l4a-is-back.session?rows=all&tab=why&`],
  ])('axe finds no violations in %s', async (_, fragment) => {
    const options = { viewport: { width, height: 900 }, ...FOR_AXE };
    const { page, troubles } = await open(`${fragment}lang=${lang}&theme=${theme}`, options);
    await addAxe(page);
    expect(await violations(page)).toEqual([]);
    expect(troubles).toEqual([]);
  });
});

test('in Korean the timeline has no English text except names and titles of the scenario', async () => {
  const { page } = await open(`${SCENARIO}/gratuitous-arp/l4a-dies.calls?call=110&attempt=3&lang=ko`);
  const shown = page.locator('.timeline-panel, .matrix, .panel.flow');
  await page.locator('.panel.flow').waitFor();
  const english =
    (await shown.allInnerTexts()).join('\n').match(/[a-z]+ (the|is a|of|with|calls|after|at most) .*/g) ?? [];
  expect(english).toEqual([]);
});
