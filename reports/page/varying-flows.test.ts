import { addAxe, FOR_AXE, violations } from '../testing/axe.ts';
import { reportBrowser, type ReportBrowser } from '../testing/report-page.ts';
import type { Attempt } from '../../harness/terms/attempt.ts';
import { varyingResults } from '../samples/varying-results.ts';

const FLOW = 'scenario/one-arm-modes/dnat-gateway-l3/server-to-own-vip';
const WENT = 'works for s1, fails for s2 (reply-not-from-vip)';

let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(varyingResults().results);
});
afterAll(() => browser[Symbol.asyncDispose]());

test('a flow that varies as expected has its own category, not that of expected failures', async () => {
  const { page, troubles } = await browser.open();
  await page.locator('.cards').waitFor();
  const blocked = page.getByRole('region', { name: 'Expected failures' });
  const places = await blocked.locator('.where').allTextContents();
  expect(places).toContain('one-arm-modes › dnat-gateway-l4 › server-to-own-vip');
  expect(places).not.toContain('one-arm-modes › dnat-gateway-l3 › server-to-own-vip');
  await page.getByLabel('Outcome or cause').selectOption('varies (1)');
  expect(await page.locator('.filters output').innerText()).toBe('1 of 27 flows');
  expect(troubles).toEqual([]);
});

test('its heading and its cell show all outcomes, and each attempt shows its own', async () => {
  const { page, troubles } = await browser.open(FLOW);
  const panel = page.locator('.panel.flow');
  await panel.waitFor();
  expect(await panel.locator('.badge').innerText()).toBe('✓ passed: as expected');
  expect(await panel.locator('.verdict-grid dl').first().locator('dd').allInnerTexts()).toEqual([
    'each of: (1) works, served by s1; (2) fails: reply-not-from-vip at s1',
    WENT,
  ]);
  expect(await page.locator('.matrix td.varies').allInnerTexts()).toEqual([`✓ ${WENT}`]);
  const attempts = panel.locator('.attempts a');
  expect(await attempts.allInnerTexts()).toEqual(['Attempt 1: works (s1)', 'Attempt 2: fails (s2)']);
  expect(await panel.locator('.detail').innerText()).toContain('the reply came from s2');
  await attempts.first().click();
  await panel.locator('.attempts a[aria-current]', { hasText: 'Attempt 1' }).waitFor();
  expect(await panel.locator('.detail').count()).toBe(0);
  expect(troubles).toEqual([]);
});

test('many attempts are grouped by outcome, and each can be selected', async () => {
  const { results } = varyingResults();
  const cells = results.scenarios.flatMap(({ variants }) => variants.flatMap(({ flows }) => flows));
  const flow = cells.find(({ expected }) => expected.outcome === 'varies')!;
  const [works, fails] = flow.attempts as [Attempt, Attempt];
  flow.attempts = Array.from({ length: 60 }, (_, i) =>
    i % 30 === 6 ? { ...fails, picked: `s${i + 1}` } : { ...works, picked: `s${i + 1}`, servedBy: `s${i + 1}` },
  );
  await using many = await reportBrowser(results);
  const { page, troubles } = await many.open(FLOW);
  const attempts = page.locator('.panel.flow .attempts');
  await attempts.waitFor();
  expect(await attempts.locator('a').allInnerTexts()).toEqual([
    '58 attempts: works for s1 … s6, s8 … s36, s38 … s60',
    '2 attempts: fails for s7, s37 (reply-not-from-vip)',
  ]);
  await attempts.locator('select').selectOption('Attempt 37: fails (s37)');
  await attempts.locator('a[aria-current]', { hasText: '2 attempts' }).waitFor();
  expect(new URL(page.url()).hash).toContain('attempt=37');
  expect(troubles).toEqual([]);
});

test.each(['en', 'ko'])('in %s axe finds nothing wrong with it', async (lang) => {
  const { page } = await browser.open(`${FLOW}?tab=why&lang=${lang}`, FOR_AXE);
  await addAxe(page);
  await page.locator('.why').waitFor();
  expect(await violations(page)).toEqual([]);
  const seen = page.locator('.verdict-grid dd', { hasText: 's1' });
  expect(await seen.last().innerText()).toBe(lang === 'en' ? WENT : 's1: 통신됨, s2: 통신 안 됨(reply-not-from-vip)');
});
