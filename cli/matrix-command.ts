import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../harness/errors.ts';
import { matrix } from '../harness/model/matrix.ts';
import { predict } from '../harness/model/predict.ts';
import { plansOf, type Selection } from '../harness/scenario/plans.ts';
import { findScenarios, labOf } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/plans.ts';
import { defaultMatrix } from '../harness/scenario/default-matrix.ts';
import { loadAll } from './load-all.ts';
import { ROOT } from './project.ts';
import { select } from './selection.ts';

/** `l4lab matrix`: which flows work in which variant, and why not; of a lab, in each mode. Needs no Docker. */
export function matrixCommand(word: string, options: { variant: string[]; flow: string[] }): Promise<number> {
  const isLab = existsSync(join(ROOT, 'labs', `${word}.yaml`));
  const scenarios = isLab ? [defaultMatrix(word, labOf(ROOT, word))] : loadAll(findScenarios(ROOT, [word]));
  const selection = { variants: options.variant, flows: options.flow };
  for (const loaded of select(scenarios, selection)) process.stdout.write(`${describeMatrix(loaded, selection)}\n`);
  return Promise.resolve(EXIT.ok);
}

function describeMatrix(loaded: LoadedScenario, selection: Selection): string {
  const plans = plansOf(loaded, selection);
  const flows = [...new Set(plans.flatMap(({ plan }) => plan.flows.map(({ name }) => name)))];
  const columns = plans.map(({ variant, plan }) => ({
    variant: variant.name,
    cells: new Map(plan.flows.map((flow) => [flow.name, predict(plan, flow)])),
  }));
  return `${loaded.scenario.name}: ${loaded.scenario.file.title}\n${matrix(flows, columns)}`;
}
