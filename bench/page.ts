import { performance } from 'node:perf_hooks';
import { cellsOf } from '../reports/content/cells.ts';
import { pageHtml } from '../reports/page-html.ts';
import { bundlePage } from '../reports/browser/bundle-page.ts';
import { chromium } from 'playwright-core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHROMIUM } from '../reports/browser/chromium.ts';
import { sampleResults } from '../reports/samples/sample-results.ts';

const LOADS = 5;

/** Prints how large the page is and how long its first view and its first flow take, for 1,000 and 5,000 flows. */
async function benchPage(): Promise<void> {
  const bundle = await bundlePage();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-bench-'));
  const browser = await chromium.launch(CHROMIUM);
  try {
    for (const copies of [37, 186]) {
      const results = sampleResults(copies);
      const start = performance.now();
      const html = pageHtml(results, bundle);
      const written = performance.now() - start;
      const file = path.join(dir, `${copies}.html`);
      await writeFile(file, html);
      const loads = [];
      for (let i = 0; i < LOADS; i++) loads.push(await load(browser, pathToFileURL(file).href));
      const [view, flow] = [median(loads.map((l) => l.view)), median(loads.map((l) => l.flow))];
      console.log(
        `flows ${cellsOf(results).length} size ${(html.length / 1e6).toFixed(2)} MB written ${written.toFixed(0)} ms first view ${view.toFixed(0)} ms flow opened ${flow.toFixed(0)} ms`,
      );
    }
  } finally {
    await browser.close();
    await rm(dir, { recursive: true });
  }
}

/** Milliseconds from navigation to the painted overview, and from the key press to the painted drawing of a failure. */
async function load(browser: Awaited<ReturnType<typeof chromium.launch>>, url: string) {
  const page = await browser.newPage();
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('.cards').waitFor();
  const view = await page.evaluate(
    () => performance.getEntriesByType('mark').find(({ name }) => name === 'first-view')?.startTime ?? Number.NaN,
  );
  const before = performance.now();
  await page.keyboard.press('n');
  await page.locator('svg.topology').waitFor();
  const flow = performance.now() - before;
  await page.close();
  return { view, flow };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await benchPage();
