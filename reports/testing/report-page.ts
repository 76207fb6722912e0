import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Results } from '../../harness/terms/results.ts';
import { writeReports } from '../write-reports.ts';
import { bundlePage } from '../browser/bundle-page.ts';
import { CHROMIUM } from '../browser/chromium.ts';

// A browser is slow on a busy machine; tests wait for states, never for a fixed time.
import.meta.jest.setTimeout(60_000);

/** A report on disk and a browser to read it; disposing ends both. */
export interface ReportBrowser extends AsyncDisposable {
  /** Opens the report at a fragment without `#/` and closes earlier pages. `troubles` gets page errors and requests. */
  open: (fragment?: string, options?: BrowserContextOptions) => Promise<{ page: Page; troubles: string[] }>;
}

/** Writes a report of these results and starts Chromium. */
export async function reportBrowser(results: Results, sources: Record<string, string> = {}): Promise<ReportBrowser> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-report-'));
  await writeReports(results, dir, await bundlePage(), sources);
  return browserAt(dir);
}

/** Starts Chromium for the report in `dir`, which is removed afterwards. */
export async function browserAt(dir: string): Promise<ReportBrowser> {
  const browser = await chromium.launch(CHROMIUM);
  const url = pathToFileURL(path.join(dir, 'index.html')).href;
  return {
    open: (fragment, options) => openAt(browser, url, fragment ?? '', options ?? {}),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function openAt(browser: Browser, url: string, fragment: string, options: BrowserContextOptions) {
  // Only one page at a time: open pages of earlier tests would slow this one down.
  await Promise.all(browser.contexts().map((earlier) => earlier.close()));
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) troubles.push(request.url());
  });
  page.on('dialog', (dialog) => {
    troubles.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(`${url}#/${fragment}`);
  await page.locator('main h1').first().waitFor();
  return { page, troubles };
}
