import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Results } from '../../harness/terms/results.ts';
import { type CellInContext, cellsOf } from '../content/cells.ts';
import { readResults } from '../read-results.ts';
import { bundlePage } from './bundle-page.ts';
import { CHROMIUM } from './chromium.ts';
import { sampleResults } from '../samples/sample-results.ts';
import { timelineResults } from '../samples/timeline-results.ts';
import { writeReports } from '../write-reports.ts';

/** Views of a report by picture name: of the first flow, and of the first failed one. */
function shots(results: Results): Record<string, string> {
  const cells = cellsOf(results);
  const link = ({ scenario, variant, flow }: CellInContext) =>
    ['scenario', scenario.name, variant.name, flow.name].map(encodeURIComponent).join('/');
  const first = cells[0]!;
  const failed = cells.find(({ flow }) => flow.cause) ?? first;
  const disagreeing = cells.find(({ flow }) => flow.disagreement) ?? failed;
  const stream =
    cells.find(({ flow }) => flow.stream && flow.verdict !== 'pass') ?? cells.find(({ flow }) => flow.stream);
  const timelines = stream
    ? {
        timeline: link(stream),
        'timeline-dark': `${link(stream)}?theme=dark&rows=all`,
        'timeline-korean': `${link(stream)}?lang=ko`,
        'timeline-compared': `${link(stream)}?against=${encodeURIComponent(stream.scenario.variants[0]!.name)}`,
      }
    : {};
  const labs = new Map(cells.toReversed().map((cell) => [`lab-${path.parse(cell.scenario.lab).name}`, link(cell)]));
  return {
    overview: 'overview',
    'overview-dark': 'overview?theme=dark',
    'overview-korean': 'overview?lang=ko',
    scenario: `scenario/${encodeURIComponent(first.scenario.name)}`,
    path: link(first),
    'path-dark-step': `${link(first)}?theme=dark&step=4`,
    'path-failed': link(failed),
    'path-disagreeing': link(disagreeing),
    ...Object.fromEntries(labs),
    ...timelines,
    ladder: `${link(first)}?tab=ladder`,
    table: `${link(failed)}?tab=table`,
    why: `${link(failed)}?tab=why`,
    'why-korean': `${link(failed)}?tab=why&lang=ko`,
    compare: `${link(failed)}?tab=compare`,
    run: 'run',
  };
}

function samples(): Results {
  const results = sampleResults();
  return { ...results, scenarios: [...results.scenarios, ...timelineResults().scenarios] };
}

/** Text of the scenario files that exist, by path. */
async function sourcesOf({ scenarios }: Results): Promise<Record<string, string>> {
  const read = scenarios.map(async ({ file }) => [file, await readFile(file, 'utf8').catch(() => null)] as const);
  return Object.fromEntries((await Promise.all(read)).flatMap(([file, text]) => (text === null ? [] : [[file, text]])));
}

/**
 * Saves pictures of a report into the directory `target`, from a results file or the samples: every view, or one
 * fragment at screen size.
 */
async function takeScreenshots(target: string, resultsFile?: string, fragment?: string): Promise<void> {
  const results = resultsFile ? await readResults(resultsFile) : samples();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-screenshots-'));
  await mkdir(target, { recursive: true });
  const browser = await chromium.launch(CHROMIUM);
  try {
    await writeReports(results, dir, await bundlePage(), resultsFile ? await sourcesOf(results) : {});
    const url = pathToFileURL(path.join(dir, 'index.html')).href;
    const shoot = async (name: string, view: string, size: { width: number; height: number }, fullPage: boolean) => {
      const page = await browser.newPage({ viewport: size, colorScheme: 'light' });
      await page.goto(`${url}#/${view}`);
      await page.locator('main h1').first().waitFor();
      await page.locator('.reading').waitFor({ state: 'detached' });
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: path.join(target, `${name}.png`), fullPage });
      await page.close();
    };
    const views: Record<string, string> = fragment === undefined ? shots(results) : {};
    for (const [name, view] of Object.entries(views)) await shoot(name, view, { width: 1360, height: 900 }, true);
    const phone = { width: 390, height: 844 };
    for (const name of ['path', 'timeline'])
      if (views[name] !== undefined) await shoot(`${name}-phone`, views[name], phone, true);
    if (fragment !== undefined) await shoot('report', fragment, { width: 1360, height: 1400 }, false);
  } finally {
    await browser.close();
    await rm(dir, { recursive: true });
  }
}

const [target, resultsFile, fragment] = process.argv.slice(2);
await takeScreenshots(target ?? 'reports/latest/screenshots', resultsFile, fragment);
