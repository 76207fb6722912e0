import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Results } from '../../harness/terms/results.ts';
import { bundlePage } from '../browser/bundle-page.ts';
import { sampleResults } from '../samples/sample-results.ts';
import { browserAt } from '../testing/report-page.ts';
import { stampReport, writeReports } from '../write-reports.ts';

const bundle = await bundlePage();
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'l4lab-follow-'));

/** The samples with a different title for the first scenario. */
function titled(title: string): Results {
  const results = sampleResults();
  results.scenarios[0]!.title = title;
  return results;
}

test('an open page loads the next report by itself and keeps its view', async () => {
  const dir = await folder();
  await writeReports(titled('First'), dir, { ...bundle, stamp: '1' });
  await using browser = await browserAt(dir);
  const { page, troubles } = await browser.open('scenario/one-arm-modes/dsr-no-loopback/client-to-web?tab=table');
  await page.locator('h1', { hasText: 'First' }).waitFor();
  await page.locator('.tabs').waitFor();
  await page.setViewportSize({ width: 1360, height: 400 });
  await page.evaluate(() => scrollTo(0, 120));
  const place = (): Promise<unknown> => page.evaluate(() => [location.hash, scrollY]);
  const before = await place();
  await writeReports(titled('Second'), dir, { ...bundle, stamp: '2' });
  await page.locator('h1', { hasText: 'Second' }).waitFor();
  await page.locator('.tabs').waitFor();
  await page.waitForFunction(() => scrollY > 0);
  expect(await place()).toEqual(before);
  expect(troubles).toEqual([]);
});

test('it stops looking once it is notified that no other report will come', async () => {
  const dir = await folder();
  await writeReports(sampleResults(), dir, { ...bundle, stamp: '1' });
  await stampReport(dir, null);
  await using browser = await browserAt(dir);
  const { page } = await browser.open();
  await page.evaluate(() => new Promise((resolve) => Object.assign(globalThis, { clearInterval: resolve })));
});

test('a report without a stamp does not reload, even if it replaces one with a stamp', async () => {
  const dir = await folder();
  await writeReports(sampleResults(), dir, { ...bundle, stamp: '1' });
  expect(await readdir(dir)).toContain('latest.js');
  await writeReports(sampleResults(), dir, bundle);
  expect(await readdir(dir)).not.toContain('latest.js');
  expect(await readFile(join(dir, 'index.html'), 'utf8')).not.toMatch(/<meta [^>]*(strict-dynamic|name="stamp")/);
  await rm(dir, { recursive: true });
});
