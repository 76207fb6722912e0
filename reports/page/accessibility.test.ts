import type { Page } from 'playwright-core';
import { addAxe, FOR_AXE, violations } from '../testing/axe.ts';
import { reportBrowser, type ReportBrowser } from '../testing/report-page.ts';
import { sampleResults } from '../samples/sample-results.ts';

const FLOW = 'scenario/one-arm-modes/dnat-gateway-l3/client-to-web';

let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(sampleResults());
});
afterAll(() => browser[Symbol.asyncDispose]());

const views = [
  ['overview', '', '.cards'],
  ['scenario', 'scenario/one-arm-modes', 'svg.topology'],
  ['path', FLOW, 'svg.topology'],
  ['path, stepping', `${FLOW}?step=3`, '[aria-current="step"]'],
  ['ladder', `${FLOW}?tab=ladder`, 'svg.ladder'],
  ['table', `${FLOW}?tab=table`, 'table.walk'],
  ['why', `${FLOW}?tab=why`, '.why'],
  ['compare', `${FLOW}?tab=compare`, '.compare section:nth-child(2)'],
  ['run', 'run', '.timings'],
] as const;

describe.each([
  ['light', 1360],
  ['dark', 1360],
  ['light', 390],
] as const)('%s theme, %i pixels wide', (colorScheme, width) => {
  let page: Page;
  beforeAll(async () => {
    ({ page } = await browser.open('', { colorScheme, viewport: { width, height: 900 }, ...FOR_AXE }));
    await addAxe(page);
  });

  test.each(views)('axe finds nothing wrong with %s', async (_name, fragment, ready) => {
    await page.evaluate((hash) => void (location.hash = hash), `#/${fragment}`);
    await page.locator(ready).first().waitFor();
    expect(await violations(page)).toEqual([]);
  });
});
