import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Axe {
  run: (
    options: object,
  ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
}

/** How a page is opened that axe is to look at: its own policy keeps axe out, as it keeps out anything else. */
export const FOR_AXE = { bypassCSP: true, reducedMotion: 'reduce' } as const;

/** Brings axe into a page. */
export async function addAxe(page: Page): Promise<void> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
}

/** What axe finds wrong with the page as it is shown now. */
export function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const found = await axe.run({ resultTypes: ['violations'] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  });
}
