import type { Page } from 'playwright-core';
import { reportBrowser, type ReportBrowser } from '../testing/report-page.ts';
import { sampleResults } from '../samples/sample-results.ts';

let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(sampleResults());
});
afterAll(() => browser[Symbol.asyncDispose]());

const hash = (page: Page) => new URL(page.url()).hash;
const shownFlows = (page: Page) => page.locator('.filters output').innerText();

test('filters are in the fragment, so that a link reproduces them', async () => {
  const { page } = await browser.open();
  await page.getByLabel('Mode').selectOption('dsr');
  await page.getByLabel('Verdict').selectOption('fail');
  expect(await shownFlows(page)).toBe('1 of 27 flows');
  const link = hash(page).slice(2);
  const { page: other } = await browser.open(link);
  expect(await shownFlows(other)).toBe('1 of 27 flows');
  expect(await other.getByLabel('Mode').inputValue()).toBe('dsr');
  await other.getByRole('button', { name: 'Clear filters' }).click();
  expect(await shownFlows(other)).toBe('27 of 27 flows');
});

test('typing a search narrows the list, from any view', async () => {
  const { page } = await browser.open('run');
  await page.getByRole('searchbox').fill('shop 203.0.113.21');
  expect(await shownFlows(page)).toBe('2 of 27 flows');
  expect(await page.locator('.group.failed').count()).toBe(1);
  await page.getByRole('searchbox').fill('no such thing');
  expect(await page.locator('.calm').first().innerText()).toBe('No flow matches the filter.');
});

test('the back button returns to earlier views', async () => {
  const { page } = await browser.open();
  await page.locator('.cards a').nth(1).click();
  await page.locator('.matrix td a').first().click();
  await page.locator('.tabs').waitFor();
  await page.goBack();
  await page.locator('.tabs').waitFor({ state: 'detached' });
  await page.goBack();
  await page.locator('.totals').waitFor();
});

test('everything works by keyboard: failures in order, tabs, steps, search, help', async () => {
  const { page } = await browser.open();
  await page.keyboard.press('n');
  expect(hash(page)).toBe('#/scenario/one-arm-modes/dnat-gateway-l3/web-calls-shop');
  await page.keyboard.press('n');
  expect(hash(page)).toBe('#/scenario/one-arm-modes/dsr-no-loopback/client-to-web');
  await page.keyboard.press('p');
  await page.locator('svg.topology').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowLeft');
  expect(hash(page)).toContain('step=1');
  await page.keyboard.press('4');
  await page.locator('.why').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.keyboard.press('/');
  await page.keyboard.type('dsr');
  expect(hash(page)).toContain('text=dsr');
  await page.keyboard.press('Escape');
  await page.keyboard.press('r');
  await page.getByRole('heading', { name: 'Run', exact: true }).waitFor();
  await page.keyboard.press('o');
  await page.locator('.totals').waitFor();
});

test('arrow keys move through the matrix', async () => {
  const { page } = await browser.open('scenario/one-arm-modes');
  await page.locator('.matrix td a').first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.tabs').waitFor();
  expect(hash(page)).toBe('#/scenario/one-arm-modes/dnat-gateway-l3/server-to-own-vip');
});

test('the theme follows the system until the user selects one', async () => {
  const background = async (page: Page, theme?: string) => {
    if (theme) await page.locator(`html[data-theme=${theme}]`).waitFor();
    return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  };
  const { page: dark } = await browser.open('', { colorScheme: 'dark' });
  const dim = await background(dark);
  await dark.keyboard.press('t');
  await dark.keyboard.press('t');
  const chosenBright = await background(dark, 'light');
  const { page: light } = await browser.open('', { colorScheme: 'light' });
  const bright = await background(light);
  expect(bright).not.toBe(dim);
  expect(chosenBright).toBe(bright);
  await light.keyboard.press('t');
  expect(await background(light, 'dark')).toBe(dim);
  expect(hash(light)).toContain('theme=dark');
});

test('Korean is used if the browser prefers it, and can be selected', async () => {
  const { page: korean } = await browser.open('', { locale: 'ko-KR' });
  expect(await korean.locator('h2').first().innerText()).toBe('실패');
  expect(await korean.evaluate(() => document.documentElement.lang)).toBe('ko');
  const { page } = await browser.open();
  await page.getByRole('button', { name: '한국어' }).click();
  expect(await page.locator('.group.failed .story').first().innerText()).toContain('호출자가 호출한 적 없는 주소');
  await page.getByRole('button', { name: 'English' }).click();
  expect(await page.locator('h2').first().innerText()).toBe('Failures');
});

test('on a small screen nothing requires horizontal scrolling of the page', async () => {
  for (const fragment of ['', 'scenario/one-arm-modes/proxy/client-to-web', 'run']) {
    const { page } = await browser.open(fragment, { viewport: { width: 360, height: 740 } });
    await page.locator('.steps, .cards, .timings').first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  }
});

test('on a phone the drawing fits and is readable, with the contents of nodes below it', async () => {
  const phone = { viewport: { width: 390, height: 844 } };
  const { page } = await browser.open('scenario/one-arm-modes/proxy/client-to-web', phone);
  const drawing = (await page.locator('svg.topology').boundingBox())!;
  expect(drawing.x + drawing.width).toBeLessThanOrEqual(390);
  const heights = await page
    .locator('svg.topology .node-role')
    .evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().height));
  expect(heights).toHaveLength(7);
  expect(Math.min(...heights)).toBeGreaterThan(9);
  const l4 = page.locator('.addresses div', { hasText: /^l4/ });
  expect(await l4.innerText()).toMatch(
    /203\.0\.113\.2\/24\s+gw 203\.0\.113\.1\s+VIP 203\.0\.113\.80:80 web \(proxy\)[^]*PIP/,
  );
});

test('print shows the matrix and the drawing without controls', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/proxy/client-to-web', { colorScheme: 'dark' });
  await page.locator('svg.topology').waitFor();
  await page.emulateMedia({ media: 'print' });
  expect(await page.getByRole('searchbox').isVisible()).toBe(false);
  expect(await page.getByRole('button', { name: 'Play' }).isVisible()).toBe(false);
  expect(await page.locator('svg.topology').isVisible()).toBe(true);
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
});

test('every view fits on a printed page', async () => {
  const flow = 'scenario/one-arm-modes/proxy/client-to-web';
  for (const fragment of [
    '',
    ...['path', 'ladder', 'table', 'why', 'compare'].map((tab) => `${flow}?tab=${tab}`),
    'run',
  ]) {
    const { page } = await browser.open(fragment, { viewport: { width: 718, height: 1000 } });
    await page.locator('.cards, .tabs, .timings').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect([fragment, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([fragment, 718]);
  }
});
