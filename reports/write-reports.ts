import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Results } from '../harness/terms/results.ts';
import { captureFiles, CAPTURES_DIR } from './captures.ts';
import { junitXml } from './junit.ts';
import { type PageBundle, pageHtml } from './page-html.ts';
import { summaryMarkdown } from './summary-markdown.ts';

/**
 * Writes index.html, results.json, junit.xml, summary.md and the captures of failed flows into `dir`, which is created.
 * `sources`: text of the scenario files by path, as in `SourcePosition.file`; the page quotes a flow's lines from it.
 */
export async function writeReports(
  results: Results,
  dir: string,
  bundle: PageBundle,
  sources: Record<string, string> = {},
): Promise<void> {
  // Captures of an earlier run would be taken for this one's.
  await rm(path.join(dir, CAPTURES_DIR), { recursive: true, force: true });
  await mkdir(path.join(dir, CAPTURES_DIR), { recursive: true });
  const captures = captureFiles(results);
  const write = (name: string, text: string | Uint8Array) => writeFile(path.join(dir, name), text);
  await Promise.all([
    write('index.html', pageHtml(results, bundle, sources)),
    write('results.json', `${JSON.stringify(results)}\n`),
    write('junit.xml', junitXml(results)),
    write('summary.md', summaryMarkdown(results)),
    ...captures.map((file) => write(file.path, file.content)),
  ]);
}
