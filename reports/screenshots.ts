import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Results } from '../harness/judge/results.ts';
import { type CellInContext, cellsOf } from './cells.ts';
import { bundlePage } from './testing/bundle.ts';
import { CHROMIUM } from './testing/chromium.ts';
import { sampleResults } from './testing/sample-results.ts';
import { writeReports } from './write-reports.ts';

/** Views of a report, by the name of their picture: the first flow, and the first that did not get through. */
function shots(results: Results): Record<string, string> {
  const cells = cellsOf(results);
  const link = ({ scenario, variant, flow }: CellInContext) =>
    ['scenario', scenario.name, variant.name, flow.name].map(encodeURIComponent).join('/');
  const first = cells[0]!;
  const failed = cells.find(({ flow }) => flow.cause) ?? first;
  const disagreeing = cells.find(({ flow }) => flow.disagreement) ?? failed;
  const labs = new Map(cells.toReversed().map((cell) => [`lab-${cell.scenario.lab}`, link(cell)]));
  return {
    overview: 'overview',
    'overview-dark': 'overview?theme=dark',
    'overview-korean': 'overview?lang=ko',
    scenario: `scenario/${encodeURIComponent(first.scenario.name)}`,
    way: link(first),
    'way-dark-step': `${link(first)}?theme=dark&step=4`,
    'way-failed': link(failed),
    'way-disagreeing': link(disagreeing),
    ...Object.fromEntries(labs),
    ladder: `${link(first)}?tab=ladder`,
    table: `${link(failed)}?tab=table`,
    why: `${link(failed)}?tab=why`,
    'why-korean': `${link(failed)}?tab=why&lang=ko`,
    compare: `${link(failed)}?tab=compare`,
    run: 'run',
  };
}

/** Pictures of every view into `target`; results are those of a file, or samples. */
async function takeScreenshots(target: string, resultsFile: string | undefined): Promise<void> {
  const results = resultsFile ? (JSON.parse(await readFile(resultsFile, 'utf8')) as Results) : sampleResults();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-screenshots-'));
  await mkdir(target, { recursive: true });
  const browser = await chromium.launch(CHROMIUM);
  try {
    await writeReports(results, dir, await bundlePage());
    const page = await browser.newPage({ viewport: { width: 1360, height: 900 }, colorScheme: 'light' });
    const url = pathToFileURL(path.join(dir, 'index.html')).href;
    for (const [name, fragment] of Object.entries(shots(results))) {
      await page.goto(`${url}#/${fragment}`);
      await page.reload();
      await page.locator('main h1').first().waitFor();
      await page.locator('.calm', { hasText: '…' }).waitFor({ state: 'detached' });
      await page.screenshot({ path: path.join(target, `${name}.png`), fullPage: true });
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${url}#/${shots(results).way ?? ''}`);
    await page.reload();
    await page.locator('.tabs').waitFor();
    await page.screenshot({ path: path.join(target, 'way-phone.png'), fullPage: true });
  } finally {
    await browser.close();
    await rm(dir, { recursive: true });
  }
}

await takeScreenshots(process.argv[2] ?? 'reports/latest/screenshots', process.argv[3]);
