import type { Results } from '../../harness/terms/results.ts';
import { cellsOf } from '../content/cells.ts';
import { pageHtml } from '../page-html.ts';
import { bundlePage } from '../browser/bundle-page.ts';
import { reportBrowser } from '../testing/report-page.ts';
import { sampleResults } from '../samples/sample-results.ts';

test('the page of a thousand flows with their walks is at most 3 MB', async () => {
  const results = sampleResults(38);
  expect(cellsOf(results).length).toBeGreaterThan(1000);
  expect(Buffer.byteLength(pageHtml(results, await bundlePage()))).toBeLessThanOrEqual(3_000_000);
});

/** Five thousand flows, none of which is opened: the sample scenarios under many names. */
function manyFlows(): Results {
  const results = sampleResults();
  const bare = results.scenarios.map((scenario) => ({
    ...scenario,
    variants: scenario.variants.map((v) => ({ ...v, flows: v.flows.map((flow) => ({ ...flow, attempts: [] })) })),
  }));
  const copies = Array.from({ length: 185 }, (_, i) => bare.map((s) => ({ ...s, name: `${s.name}-${i}` }))).flat();
  return { ...results, scenarios: [...copies, ...results.scenarios] };
}

test('five thousand flows: the first view draws a limited number, and the others can be reached', async () => {
  await using browser = await reportBrowser(manyFlows());
  const { page, troubles } = await browser.open();
  expect(await page.locator('.filters output').innerText()).toBe('5022 of 5022 flows');
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(8000);
  const failures = page.locator('.group.failed').first().locator('.cells li');
  expect(await failures.count()).toBe(50);
  await page.getByRole('button', { name: 'Show 136 more' }).first().click();
  await failures.nth(50).waitFor();
  expect(await failures.count()).toBe(186);
  await failures.last().locator('a').click();
  await page.locator('svg.topology').waitFor();
  expect(troubles).toEqual([]);
});
