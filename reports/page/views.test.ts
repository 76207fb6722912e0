import type { Page } from 'playwright-core';
import { samplePlan } from '../samples/sample-labs.ts';
import { sampleResults } from '../samples/sample-results.ts';
import { reportBrowser, type ReportBrowser } from '../testing/report-page.ts';

const results = sampleResults();
const { file } = results.scenarios[0]!;
let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(results, { [file]: `${'\n'.repeat(51)}    - name: web-calls-shop\n      from: s1\n` });
});
afterAll(() => browser[Symbol.asyncDispose]());

const FAILED = 'scenario/one-arm-modes/dnat-gateway-l3/web-calls-shop';
const text = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

test('the overview lists failures first, each in one line, grouped by cause', async () => {
  const { page, troubles } = await browser.open();
  expect(await page.locator('h1').innerText()).toMatch(/✗\s*2\s*failed\s*!\s*1\s*not run\s*✓\s*24\s*passed/);
  expect(await text(page, '.group.failed h3 .cause')).toEqual(['reply-not-from-vip', 'vip-not-on-server', 'not-run']);
  expect(await page.locator('.group.failed .line').first().innerText()).toBe(
    's1 → shop (203.0.113.81:80): s1 called 203.0.113.81, but the reply came from b1 (203.0.113.21). @ s1',
  );
  expect(await page.locator('.group.failed .fixes').first().innerText()).toBe('Possible fixes: web: use a proxy IP');
  expect(await text(page, '.cards h3')).toHaveLength(3);
  expect(troubles).toEqual([]);
});

test('flows that could not run are distinguished from failures, with a reason in the page language', async () => {
  const { page } = await browser.open('?lang=ko');
  const group = page.locator('.group.not-run');
  expect(await group.locator('h3').innerText()).toMatch(/not-run\s*1\s*환경이 준비되지 않음/);
  expect(await group.locator('.line').innerText()).toContain('l4 노드의 컨테이너가 종료되었습니다.');
});

test('one click leads from a failure to its packets, and the matrix shows where else the flow fails', async () => {
  const { page, troubles } = await browser.open();
  await page.locator('.group.failed .cells a').first().click();
  expect(new URL(page.url()).hash).toBe(`#/${FAILED}`);
  await page.getByRole('heading', { name: 's1 → shop' }).waitFor();
  const row = page.locator('.matrix tbody tr', { hasText: 'web-calls-shop' });
  expect(await row.locator('td').allInnerTexts()).toEqual([
    '✓ works',
    '✗ reply-not-from-vip\n@ s1',
    '✓ reply-not-from-vip\n@ s1',
    '✓ works',
    '! not run',
  ]);
  expect(await row.locator('.differs-note').innerText()).toContain('differs by variant');
  expect(
    await page.locator('.matrix tbody tr', { hasText: 'client-pings-server' }).locator('.differs-note').count(),
  ).toBe(0);
  expect(troubles).toEqual([]);
});

test('the drawing has every node with its addresses, and every crossed wire, in both directions', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/proxy/client-to-web');
  const drawing = page.locator('svg.topology');
  await drawing.waitFor();
  expect(await drawing.locator('.node-name').allTextContents()).toEqual(['client', 'l3', 'l2', 'l4', 's1', 's2', 'b1']);
  expect(await drawing.locator('.proxy-ip').allTextContents()).toEqual(['PIP 203.0.113.254']);
  expect(await drawing.locator('.lane.request .seen').count()).toBe(5);
  expect(await drawing.locator('.lane.reply .seen').count()).toBe(5);
  expect(await drawing.locator('.death').count()).toBe(0);
});

test('drawing and list mark where prediction and packets differ, and the node where the walk ended', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/dsr-no-loopback/client-to-web');
  await page.locator('svg.topology .difference').waitFor();
  expect(await page.locator('svg.topology .death text').textContent()).toBe('✗ vip-not-on-server');
  expect(await page.locator('.steps .unseen').allInnerTexts()).toEqual([
    '≠ Prediction and packets differ here\ns1 → l2 predicted, not seen',
    'l2 → l3 predicted, not seen',
    'l3 → client predicted, not seen',
  ]);
});

test('stepping shows one crossing after the other; playing stops at the last one', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/dsr/web-calls-shop?step=5');
  const current = page.locator('.steps [aria-current="step"]');
  await current.waitFor();
  expect(await current.innerText()).toMatch(/^5\s*b1 → l2/);
  await page.getByRole('button', { name: 'Previous hop' }).click();
  expect(await current.innerText()).toMatch(/^4\s*l2 → b1/);
  expect(await page.locator('.lane.current .number-text').textContent()).toBe('4');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.locator('.steps [aria-current="step"]', { hasText: 'l2 → s1' }).waitFor();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  expect(new URL(page.url()).hash).toContain('step=6');
});

test('a flow that never left its node has a note instead of an empty drawing', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/dsr/server-to-own-vip');
  expect(await page.locator('.note').innerText()).toContain('s1 answered itself');
});

test('the ladder has a lane per node and an arrow per wire, and marks changes', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/proxy/client-to-web?tab=ladder');
  await page.locator('svg.ladder').waitFor();
  expect(await page.locator('.ladder-names .node-name').allTextContents()).toEqual(['client', 'l3', 'l2', 'l4', 's1']);
  const natted = page.locator('.ladder .label', { hasText: '203.0.113.254' }).first();
  expect(await natted.locator('.changed').allTextContents()).toEqual([
    expect.stringMatching(/^203\.0\.113\.254:\d+$/),
    '203.0.113.11:80',
    '62',
  ]);
  const arrows = await page.locator('.ladder .arrow').count();
  await page.getByLabel('Hide switches').check();
  await page.locator('.ladder-names .node-name', { hasText: 'l2' }).waitFor({ state: 'detached' });
  expect(await page.locator('.ladder-names .node-name').allTextContents()).toEqual(['client', 'l3', 'l4', 's1']);
  expect(await page.locator('.ladder .arrow').count()).toBeLessThan(arrows);
  await page.getByLabel('Hide ARP').check();
  await page.locator('.ladder .arrow.arp').first().waitFor({ state: 'detached' });
  expect(new URL(page.url()).hash).toContain('hide=switches%2Carp');
});

test('the table shows source and destination at every hop, and can be copied as text', async () => {
  const options = { permissions: ['clipboard-read', 'clipboard-write'] };
  const { page } = await browser.open(`${FAILED}?tab=table`, options);
  await page.locator('table.walk').waitFor();
  expect(await page.locator('table.walk tbody tr').count()).toBe(12 + 2);
  expect(await page.locator('table.walk tr', { hasText: '203.0.113.21:80' }).first().innerText()).toMatch(
    /5\s+l4\s+out l2\s+203\.0\.113\.11:\d+\s+203\.0\.113\.21:80/,
  );
  await page.getByRole('button', { name: 'Copy as text' }).click();
  await page.getByText('Copied').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/5 +request +l4 +out l2 +203\.0\.113\.11:\d+ +203\.0\.113\.21:80/);
});

test('the explanation has a story, evidence, YAML, a fix, and the command to run it again', async () => {
  const { page } = await browser.open(`${FAILED}?tab=why`);
  const why = page.locator('.why');
  await why.waitFor();
  const shown = await why.innerText();
  expect(shown).toContain('it bypassed the L4, so the NAT was not reversed');
  expect(shown).toContain('Give the service a proxy IP');
  expect(shown).toContain('web: use a proxy IP ✓ confirmed by a run');
  expect(shown).toContain('Declared at scenarios/one-arm/one-arm-modes.yaml:52:5');
  expect(shown).toMatch(/52\s+- name: web-calls-shop/);
  expect(shown).toContain('npx l4lab run one-arm-modes --variant dnat-gateway-l3 --flow web-calls-shop');
  expect(shown).toMatch(/RST 203\.0\.113\.11:\d+ → 203\.0\.113\.21:80/);
  const { mac } = samplePlan('one-arm').nodes.find(({ name }) => name === 's1')!.interfaces[0]!;
  expect(shown).toMatch(new RegExp(`s1 \\(${mac}\\)\\s+s1`));
  expect(shown).toContain('✓ s1 → s1 203.0.113.11:80: works');
});

test('comparison starts with a variant of a different outcome and marks the first difference', async () => {
  const { page } = await browser.open(`${FAILED}?tab=compare`);
  const sides = page.locator('.compare section');
  await sides.nth(1).waitFor();
  expect(await sides.locator('h3').allInnerTexts()).toEqual([
    '✓ No proxy IP, gateway L3: reply-not-from-vip'.replace('✓', '✗'),
    '✓ Proxy IP: works',
  ]);
  expect(await sides.locator('.differs .who').allInnerTexts()).toEqual(['l4 → l2', 'l4 → l2']);
  await page.getByLabel('Compare with').selectOption('DSR');
  expect(await sides.nth(1).locator('h3').innerText()).toBe('✓ DSR: works');
});

test('the run view shows environment, durations, logs and rules of the load balancer', async () => {
  const { page, troubles } = await browser.open('run');
  expect(await page.locator('.environment').innerText()).toContain('Docker 20.10.24');
  expect(await page.locator('.timings tbody tr').count()).toBe(10);
  const logs = page.getByRole('region', { name: 'Logs and load balancers' });
  await logs.getByText('One-arm: proxy, DNAT and DSR side by side', { exact: true }).click();
  await logs.getByText('DSR, no loopback VIP', { exact: true }).click();
  await page.getByText('l4: Rules').click();
  expect(await page.locator('details.inner details.inner[open] pre').innerText()).toContain('table ip l4lab');
  expect(troubles).toEqual([]);
});

test('an attempt equal to an earlier one links to its packets', async () => {
  const { page } = await browser.open('scenario/one-arm-modes/proxy/client-to-web?tab=ladder&attempt=2');
  await page.locator('.note').getByRole('link', { name: 'Attempt 1' }).click();
  await page.locator('svg.ladder').waitFor();
});
