import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import * as z from 'zod';
import type { Results } from '../../harness/terms/results.ts';
import { cellsOf } from '../content/cells.ts';
import { addAxe, FOR_AXE, violations } from '../testing/axe.ts';
import { browserAt, type ReportBrowser } from '../testing/report-page.ts';

/** A scenario with misconfigured variants, so that the report contains failures. */
const SCENARIO = `title: Roll-out
lab: one-arm
servers: { gateway: l3, loopback: [web], arpIgnore: 1, arpAnnounce: 2 }
services:
  web: { vip: 203.0.113.80, port: 80, mode: dsr, pool: [s1, s2] }
flows:
  client-to-web: { from: client, to: web, repeat: 2, expect: works }
  s1-to-web: { from: s1, to: web, expect: works }
  ping: { from: client, to: s1, protocol: icmp, expect: works }
streams:
  calls: { from: client, to: web, every: 20ms }
steps:
  calm: { for: 300ms, expect: { calls: works } }
  s1-deaf:
    do: { stopListeners: s1 }
    for: 300ms
    expect: { calls: { oneOf: [works, { outcome: fails, cause: refused }] } }
variants:
  dsr: {}
  forgotten: { change: { servers: { loopback: [] } } }
  dnat:
    change: { servers: { loopback: [] }, services: { web: { mode: dnat } } }
    expect:
      client-to-web: { outcome: fails, cause: reply-not-from-vip }
`;
const RUN_MS = 240_000;

let dir: string;
let results: Results;
let browser: ReportBrowser;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'l4lab-real-'));
  const scenario = join(dir, 'roll-out.yaml');
  writeFileSync(scenario, SCENARIO);
  const code = await new Promise((resolve) => {
    execFile('node', ['setup/l4lab.mjs', 'run', scenario, '--report', join(dir, 'report')], (error) =>
      resolve(error?.code ?? 0),
    );
  });
  expect(code).toBe(1);
  results = JSON.parse(readFileSync(join(dir, 'report/results.json'), 'utf8')) as Results;
  browser = await browserAt(join(dir, 'report'));
}, RUN_MS);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** Fragment of a cell; the scenario is identified by its file. */
function at(variant: string, flow: string): string {
  return ['scenario', results.scenarios[0]!.name, variant, flow].map(encodeURIComponent).join('/');
}

const VIEWS: Record<string, [fragment: () => string, ready: string]> = {
  overview: [() => 'overview?', '.cards'],
  scenario: [() => `scenario/${encodeURIComponent(results.scenarios[0]!.name)}?`, 'svg.topology'],
  path: [() => `${at('dsr', 'client-to-web')}?`, 'svg.topology .lane.reply'],
  'path of a failure': [() => `${at('forgotten', 'client-to-web')}?`, 'svg.topology .death'],
  'answered by itself': [() => `${at('dsr', 's1-to-web')}?`, '.note'],
  step: [() => `${at('dnat', 'client-to-web')}?step=5`, '.steps [aria-current="step"]'],
  ladder: [() => `${at('dnat', 'client-to-web')}?tab=ladder`, 'svg.ladder'],
  table: [() => `${at('dsr', 'ping')}?tab=table`, 'table.walk'],
  why: [() => `${at('forgotten', 'client-to-web')}?tab=why`, '.why'],
  compare: [() => `${at('forgotten', 'client-to-web')}?tab=compare`, '.compare section:nth-child(2) .steps'],
  timeline: [
    () => `${at('dsr', 's1-deaf.calls')}?against=forgotten`,
    '.timeline-charts > div:nth-child(2) svg.timeline',
  ],
  run: [() => 'run?', '.timings'],
};

test('results.json matches its schema', () => {
  const schema = JSON.parse(readFileSync('schema/results.schema.json', 'utf8')) as Parameters<
    typeof z.fromJSONSchema
  >[0];
  expect(z.fromJSONSchema(schema).safeParse(results).error?.issues ?? []).toEqual([]);
});

test('the first screen shows failures with node, cause and fix', async () => {
  const { page } = await browser.open('', { viewport: { width: 1360, height: 900 } });
  const failure = page.locator('.group.failed .cells a', { hasText: 'forgotten › client-to-web' });
  expect(await failure.innerText()).toMatch(
    /client → web \(203\.0\.113\.80:80\): The frame for 203\.0\.113\.80 reached s[12], which does not have that address\. @ s[12]\s+Possible fixes: web: add its VIP to the loopback of its servers/,
  );
  const box = (await failure.boundingBox())!;
  expect(box.y + box.height).toBeLessThan(900);
});

test('comparison with the working variant marks the missing reply', async () => {
  const { page } = await browser.open(`${at('forgotten', 'client-to-web')}?tab=compare`);
  await page.locator('.compare section:nth-child(2) .steps').waitFor();
  const [without, working] = await page.locator('.compare .differs').allInnerTexts();
  expect(without).toMatch(/First difference\s+nothing/);
  expect(working).toMatch(/First difference\s+6\s+s[12] → l2/);
});

test('a lane shows calls over time, by server and by cause', async () => {
  const { page } = await browser.open(at('dsr', 's1-deaf.calls'));
  const lane = page.getByRole('slider', { name: 'dsr, calls' });
  await lane.waitFor({ state: 'attached' });
  const rows = await lane.locator('.gutter-name').allTextContents();
  expect(rows.join()).toMatch(/s2.*refused @ s1/s);
  await lane.focus();
  await page.keyboard.press('n');
  await page.locator('.panel.flow .detail', { hasText: 's1 has no listener on 203.0.113.80:80/tcp' }).waitFor();
});

test('in Korean the page has no English text except names and titles of the scenario', async () => {
  const { page } = await browser.open(`${at('forgotten', 'client-to-web')}?tab=why&lang=ko`);
  await page.locator('.why').waitFor();
  const shown = page.locator('.detail, .reason, .fixes, .why h3, .why p, .why li');
  const english = (await shown.allInnerTexts()).filter((text) => /[a-z]+ (the|is|with|which|of|on) /.test(text));
  expect(english).toEqual([]);
});

test('the evidence of a failure: ARP, MAC tables, counters, the log of the L4, and lines of YAML', async () => {
  const { page } = await browser.open(`${at('forgotten', 'client-to-web')}?tab=why`);
  await page.locator('.why').waitFor();
  const shown = await page.locator('.why').innerText();
  expect(shown).toMatch(/ARP answers seen[^]*203\.0\.113\.80 is at l4 \(/);
  expect(shown).toMatch(/Counters that rose at s[12]\s+IpInAddrErrors \+/);
  expect(shown).toMatch(/MAC tables of the switches: l2[^]*l4 \([0-9a-f:]+\)\s+l4/);
  expect(shown).toMatch(/Log of l4[^]*"event":"(reloaded|ready)"/);
  expect(shown).toMatch(/roll-out\.yaml:7:3\s+7\s+client-to-web: \{ from: client/);
});

test('every failed flow has a capture file, and other flows have none', async () => {
  const failed = cellsOf(results).filter(({ flow }) => flow.verdict === 'fail');
  expect(failed.length).toBeGreaterThan(2);
  for (const { variant, flow } of failed) {
    const { page } = await browser.open(at(variant.name, flow.name));
    await page.locator('.tabs').waitFor();
    const link = page.getByRole('link', { name: 'Capture for Wireshark' });
    const hasPackets = flow.attempts.some(({ packets }) => packets.length > 0);
    expect(await link.count()).toBe(Number(hasPackets));
    if (hasPackets) expect(existsSync(join(dir, 'report', (await link.getAttribute('href'))!))).toBe(true);
  }
});

describe.each([
  ['en', 'light'],
  ['ko', 'dark'],
] as const)('%s, %s', (lang, theme) => {
  let page: Page;
  let troubles: string[];
  beforeAll(async () => {
    ({ page, troubles } = await browser.open('', FOR_AXE));
    await addAxe(page);
  });

  test.each(Object.keys(VIEWS))('%s is shown without trouble, and axe finds nothing wrong', async (name) => {
    const [fragment, ready] = VIEWS[name]!;
    await page.evaluate((hash) => void (location.hash = hash), `#/${fragment()}&lang=${lang}&theme=${theme}`);
    await page.locator(ready).first().waitFor();
    expect(await violations(page)).toEqual([]);
    expect(troubles).toEqual([]);
  });
});
