import type { Results } from '../../harness/terms/results.ts';
import { junitXml } from '../junit.ts';
import { reportBrowser, type ReportBrowser } from '../testing/report-page.ts';
import { sampleResults } from '../samples/sample-results.ts';
import { timelineResults } from '../samples/timeline-results.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '</script><script>alert(2)</script>',
  '"><img src=x onerror=alert(3)>',
  "' onmouseover='alert(4)",
  '<!--',
  ']]>',
  '\u202Egnp.exe',
  'javascript:alert(5)',
  '한국어 \u0007 \u001b[31m',
  'x'.repeat(10_000),
];

/** The samples with hostile text in every field that comes from YAML or from the wire. */
function hostileResults(): Results {
  const results = sampleResults();
  const [scenario] = results.scenarios;
  const variant = scenario!.variants[1]!;
  const flow = variant.flows[2]!;
  const all = HOSTILE.join(' ');
  scenario!.title = HOSTILE[0]!;
  scenario!.description = all;
  scenario!.sources[0]!.passage = all;
  scenario!.flows[2]!.title = HOSTILE[2]!;
  variant.title = HOSTILE[3]!;
  variant.change = all;
  flow.from = HOSTILE[1]!;
  flow.to = HOSTILE[6]!;
  flow.cause!.detail = { code: 'vip-missing', params: { node: all, vip: all } };
  flow.reasons = HOSTILE.map((error) => ({
    code: 'call-failed',
    params: { node: 's1', method: 'run', fault: { code: 'agent-failed', params: { error } } },
  }));
  flow.rerun = all;
  flow.counterfactuals[0]!.fixes = [{ code: 'use-proxy', params: { service: HOSTILE[2]! } }];
  flow.counterfactuals[0]!.change = all;
  flow.controls[0]!.to = all;
  flow.attempts[0]!.client = `E${HOSTILE[2]!}`;
  flow.attempts[0]!.sourceSeen = HOSTILE[0]!;
  variant.balancers.l4!.log = HOSTILE;
  variant.balancers.l4!.rules = all;
  variant.logs = { [HOSTILE[2]!]: HOSTILE };
  variant.plan.nodes[4]!.loopback = [HOSTILE[2]!];
  return results;
}

const results = hostileResults();
let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(results, { [results.scenarios[0]!.file]: `${'\n'.repeat(51)}${HOSTILE.join('\n')}` });
});
afterAll(() => browser[Symbol.asyncDispose]());

const FLOW = 'scenario/one-arm-modes/dnat-gateway-l3/web-calls-shop';

test.each(['', FLOW, `${FLOW}?tab=ladder`, `${FLOW}?tab=table`, `${FLOW}?tab=why`, `${FLOW}?tab=compare`, 'run'])(
  'hostile text is only text at #/%s, and 10,000 characters do not widen the page',
  async (fragment) => {
    const { page, troubles } = await browser.open(fragment);
    await page.locator('.cards, .tabs, .timings').first().waitFor();
    if (fragment === 'run') for (const n of [0, 2]) await page.locator('details summary').nth(n).click();
    expect(await page.evaluate(() => document.querySelectorAll('main script, main img, [onmouseover]').length)).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1360);
    expect(troubles).toEqual([]);
  },
);

test('hostile text is shown unchanged', async () => {
  const { page } = await browser.open(FLOW);
  expect(await page.locator('h1').textContent()).toBe(HOSTILE[0]);
  expect(await page.locator('.reason').first().textContent()).toBe(`Node s1: run failed. ${HOSTILE[0]}`);
});

test.each([
  'scenario/%3Cimg%20src%3Dx%3E/%E0%A4%A?tab=%3Cimg%3E&step=-4&lang=xx',
  'overview?text=%22%3E%3Cimg%20src%3Dx%3E&mode=%3Cimg%3E',
])('a hostile fragment is read as text: %s', async (fragment) => {
  const { page, troubles } = await browser.open(fragment);
  expect(await page.evaluate(() => document.querySelectorAll('main img').length)).toBe(0);
  expect(troubles).toEqual([]);
});

test('JUnit XML of hostile results is well-formed and has all cases', async () => {
  const { page } = await browser.open();
  const parsed = await page.evaluate((xml) => {
    const read = new DOMParser().parseFromString(xml, 'application/xml');
    return {
      error: read.querySelector('parsererror')?.textContent ?? null,
      cases: read.querySelectorAll('testcase').length,
    };
  }, junitXml(results));
  expect(parsed).toEqual({ error: null, cases: 27 });
});

/** A timeline with hostile names of steps, streams, nodes and servers. */
function hostileTimeline(): Results {
  const timed = timelineResults();
  const all = HOSTILE.join(' ');
  for (const { plan, timeline, flows } of timed.scenarios[0]!.variants) {
    plan.timeline!.steps[1]!.title = all;
    timeline!.steps[1]!.title = all;
    timeline!.steps[1]!.actions[0]!.action = { do: 'kill', node: all };
    timeline!.streams[0]!.name = HOSTILE[2]!;
    timeline!.streams[0]!.to = all;
    timeline!.bands[0]!.of = { kind: 'member', pair: all, node: all };
    for (const call of timeline!.streams[0]!.calls) if (call.cause) call.cause.node = all;
    for (const call of timeline!.streams[1]!.calls) if (call.servedBy) call.servedBy = HOSTILE[0]!;
    for (const { stream } of flows) if (stream!.stream === 'calls') stream!.stream = HOSTILE[2]!;
  }
  return timed;
}

test('hostile text in a timeline remains text, and does not widen the page', async () => {
  await using timed = await reportBrowser(hostileTimeline());
  const fragment = 'scenario/failover/gratuitous-arp/l4a-dies.calls?against=no-gratuitous-arp&call=110';
  const { page, troubles } = await timed.open(fragment);
  await page.locator('svg.timeline').nth(1).waitFor();
  expect(await page.evaluate(() => document.querySelectorAll('main script, main img, [onmouseover]').length)).toBe(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1360);
  expect(await page.locator('.stream-name').first().textContent()).toBe(HOSTILE[2]);
  expect(troubles).toEqual([]);
});
