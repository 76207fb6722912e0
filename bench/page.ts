import { performance } from 'node:perf_hooks';
import { cellsOf } from '../reports/content/cells.ts';
import { type PageBundle, pageHtml } from '../reports/page-html.ts';
import { bundlePage } from '../reports/browser/bundle-page.ts';
import { type Browser, chromium, type Page } from 'playwright-core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHROMIUM } from '../reports/browser/chromium.ts';
import { sampleResults } from '../reports/samples/sample-results.ts';
import { timelineResults } from '../reports/samples/timeline-results.ts';

const LOADS = 5;
const CALLS = 10_000;
const FRAMES = 160;

/**
 * Prints the size of the page and the time for its first view and its first flow, for 1,000 and 5,000 flows; and the time per
 * frame in a timeline of 10,000 calls.
 */
async function benchPage(): Promise<void> {
  const bundle = await bundlePage();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-bench-'));
  const browser = await chromium.launch(CHROMIUM);
  try {
    await benchTimeline(browser, bundle, dir);
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
async function load(browser: Browser, url: string) {
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

/** Two variants of a timeline, one under the other: from the link to the drawing, and frames while it zooms and moves. */
async function benchTimeline(browser: Browser, bundle: PageBundle, dir: string): Promise<void> {
  const results = timelineResults({ calls: CALLS });
  const html = pageHtml(results, bundle);
  const file = path.join(dir, 'timeline.html');
  await writeFile(file, html);
  const page = await browser.newPage({ viewport: { width: 1360, height: 1000 } });
  const fragment = 'scenario/failover/gratuitous-arp?against=no-gratuitous-arp';
  await page.goto(`${pathToFileURL(file).href}#/${fragment}`, { waitUntil: 'commit' });
  await page.locator('svg.timeline').nth(1).waitFor();
  const drawn = await page.evaluate(() => performance.now());
  const calls = results.scenarios[0]!.variants.map(({ timeline }) => timeline!.streams.flatMap((s) => s.calls).length);
  const frames = {
    zooming: await framesOf(page, (i) => ({ ctrlKey: true, deltaY: i % 80 < 40 ? -30 : 30 })),
    moving: await framesOf(page, (i) => ({ deltaX: i % 80 < 40 ? 40 : -40 })),
  };
  await page.locator('svg.timeline [role="slider"]').first().focus();
  const keys = [];
  for (let i = 0; i < LOADS * 4; i++) {
    const before = performance.now();
    await page.keyboard.press('n');
    await page.evaluate(() => new Promise(requestAnimationFrame));
    keys.push(performance.now() - before);
  }
  console.log(
    `timeline calls ${calls.join(' and ')} size ${(html.length / 1e6).toFixed(2)} MB drawn ${drawn.toFixed(0)} ms`,
    ...Object.entries(frames).map(
      ([name, ms]) => `${name} ${median(ms).toFixed(1)} ms a frame, at most ${Math.max(...ms).toFixed(1)}`,
    ),
    `next failed call ${median(keys).toFixed(0)} ms`,
  );
  await page.close();
}

type Turn = Partial<Record<'deltaX' | 'deltaY', number>> & { ctrlKey?: true };

/** Milliseconds from frame to frame while the wheel turns once in each. */
async function framesOf(page: Page, turn: (frame: number) => Turn): Promise<number[]> {
  const turns = Array.from({ length: FRAMES }, (_, i) => turn(i));
  return page.evaluate(async (events) => {
    const timeline = document.querySelector('svg.timeline')!;
    const { left, top, width } = timeline.getBoundingClientRect();
    const frames: number[] = [];
    let last = await new Promise(requestAnimationFrame);
    for (const event of events) {
      const at = { clientX: left + width * 0.6, clientY: top + 60, bubbles: true, cancelable: true };
      timeline.dispatchEvent(new WheelEvent('wheel', { ...at, ...event }));
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - last);
      last = now;
    }
    return frames;
  }, turns);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await benchPage();
