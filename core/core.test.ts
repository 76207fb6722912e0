import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { CHROMIUM } from '../reports/browser/chromium.ts';
import * as core from './core.ts';

import.meta.jest.setTimeout(60_000);

/** From two files' texts to every walk of every variant, its drawing, and what would fix the first failure. */
function settle(l4lab: typeof core, labText: string, scenarioText: string): string {
  const lab = l4lab.readLab(l4lab.parseYaml('labs/lab.yaml', labText));
  const yaml = l4lab.parseYaml('scenarios/scenario.yaml', scenarioText);
  l4lab.readScenarioFile(yaml);
  const scenario = l4lab.readScenario('scenario', 'lab', lab, yaml);
  const plans = l4lab.plansOf({ scenario, yaml }, { variants: [], flows: [] });
  const walks = plans.map(({ variant, plan }) =>
    plan.flows.map((flow) => {
      const predictions = l4lab.predict(plan, flow);
      const cause = predictions.find((one) => one.cause !== null)?.cause ?? null;
      const drawings = predictions.map((one) => l4lab.walkDrawing(one, plan, { width: 100, cause: one.cause }));
      return {
        flow: flow.name,
        predictions,
        drawings,
        fixes: l4lab.fixesFor({ loaded: { scenario, yaml }, variant, plan, flow, cause }),
      };
    }),
  );
  return JSON.stringify(walks);
}

test('a browser reads and predicts a shipped scenario as Node does', async () => {
  const { outputFiles } = await build({
    entryPoints: ['core/core.ts'],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    globalName: 'l4lab',
    platform: 'browser',
    target: 'es2022',
  });
  const lab = readFileSync('labs/one-arm.yaml', 'utf8');
  const scenario = readFileSync('scenarios/proxy-and-dsr/dsr.yaml', 'utf8');
  const browser = await chromium.launch(CHROMIUM);
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: outputFiles[0]!.text });
    const there = await page.evaluate(
      `(${settle.toString()})(l4lab, ${JSON.stringify(lab)}, ${JSON.stringify(scenario)})`,
    );
    const here = settle(core, lab, scenario);
    expect(here).toContain('vip-not-on-server');
    expect(there).toBe(here);
  } finally {
    await browser.close();
  }
});
