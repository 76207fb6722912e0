import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Results } from '../harness/terms/results.ts';
import { captureFiles, CAPTURES_DIR } from './captures.ts';
import { junitXml } from './junit.ts';
import { type PageBundle, pageHtml, stampScript } from './page-html.ts';
import { summaryMarkdown } from './summary-markdown.ts';

/** File next to a page that reloads itself. */
const STAMP_FILE = 'latest.js';

/**
 * Writes index.html, results.json, junit.xml, summary.md and the captures of failed flows into `dir`, which is created.
 * A previous report is replaced once everything has been written, so that readers never see a partial file.
 * `sources`: text of the scenario files by path, as in `SourcePosition.file`; the page quotes a flow's lines from it.
 */
export async function writeReports(
  results: Results,
  dir: string,
  bundle: PageBundle,
  sources: Record<string, string> = {},
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const draft = await mkdtemp(path.join(dir, '.draft-'));
  try {
    await mkdir(path.join(draft, CAPTURES_DIR));
    const files: Record<string, string> = {
      'results.json': `${JSON.stringify(results)}\n`,
      'index.html': pageHtml(results, bundle, sources),
      'junit.xml': junitXml(results),
      'summary.md': summaryMarkdown(results),
    };
    const write = (name: string, text: string | Uint8Array) => writeFile(path.join(draft, name), text);
    await Promise.all([
      ...Object.entries(files).map(([name, text]) => write(name, text)),
      ...captureFiles(results).map((file) => write(file.path, file.content)),
    ]);
    const place = (name: string) => rename(path.join(draft, name), path.join(dir, name));
    for (const name of Object.keys(files)) await place(name);
    // Captures of an earlier run could be mistaken for those of this one.
    await rm(path.join(dir, CAPTURES_DIR), { recursive: true, force: true });
    await place(CAPTURES_DIR);
    // Last, because open pages then reload and expect the rest.
    if (bundle.stamp === undefined) await rm(path.join(dir, STAMP_FILE), { force: true });
    else await stampReport(dir, bundle.stamp);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Notifies open pages of the current report in a folder; null stops them from waiting for another one. */
export async function stampReport(dir: string, stamp: string | null): Promise<void> {
  const draft = path.join(dir, `.${STAMP_FILE}`);
  await writeFile(draft, stampScript(stamp));
  await rename(draft, path.join(dir, STAMP_FILE));
}
