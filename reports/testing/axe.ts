import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Axe {
  run: (
    options: object,
  ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
}

/** Opens a page for axe without the page's content security policy, which would block axe like any other script. */
export const FOR_AXE = { bypassCSP: true, reducedMotion: 'reduce' } as const;

/** Loads axe into a page. */
export async function addAxe(page: Page): Promise<void> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
}

/** Violations that axe finds in the page as it is displayed. */
export function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const found = await axe.run({ resultTypes: ['violations'] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  });
}
