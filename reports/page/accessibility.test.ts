import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { reportBrowser, type ReportBrowser } from '../testing/report-page.ts';
import { sampleResults } from '../testing/sample-results.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const FLOW = 'scenario/one-arm-modes/dnat-gateway-l3/client-to-web';

interface Axe {
  run: (
    options: object,
  ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
}

let browser: ReportBrowser;
beforeAll(async () => {
  browser = await reportBrowser(sampleResults());
});
afterAll(() => browser[Symbol.asyncDispose]());

const views = [
  ['overview', '', '.cards'],
  ['scenario', 'scenario/one-arm-modes', 'svg.topology'],
  ['way', FLOW, 'svg.topology'],
  ['way, stepping', `${FLOW}?step=3`, '[aria-current="step"]'],
  ['ladder', `${FLOW}?tab=ladder`, 'svg.ladder'],
  ['table', `${FLOW}?tab=table`, 'table.walk'],
  ['why', `${FLOW}?tab=why`, '.why'],
  ['compare', `${FLOW}?tab=compare`, '.compare section:nth-child(2)'],
  ['run', 'run', '.timings'],
] as const;

describe.each(['light', 'dark'] as const)('%s theme', (colorScheme) => {
  let page: Page;
  beforeAll(async () => {
    // The page's own policy keeps axe out, as it keeps out anything else.
    ({ page } = await browser.open('', { colorScheme, bypassCSP: true, reducedMotion: 'reduce' }));
    await page.addScriptTag({ path: axe });
  });

  test.each(views)('axe finds nothing wrong with %s', async (_name, fragment, ready) => {
    await page.evaluate((hash) => void (location.hash = hash), `#/${fragment}`);
    await page.locator(ready).first().waitFor();
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: Axe };
      const found = await axe.run({ resultTypes: ['violations'] });
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
    });
    expect(violations).toEqual([]);
  });
});
