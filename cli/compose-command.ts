import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../harness/errors.ts';
import { composeFile } from '../harness/fabric/compose.ts';
import type { Project } from '../harness/project/project.ts';
import { findScenarios, loadScenario } from '../harness/project/scenario-files.ts';
import { resolvePlan } from '../harness/scenario/resolve.ts';

/** The scenario that docker-compose.yml at the root shows. */
const SHOWN = 'proxy-and-dsr/dsr';

/** `l4lab compose`: writes docker-compose.yml anew. */
export function composeCommand(project: Project): Promise<number> {
  writeFileSync(join(project.root, 'docker-compose.yml'), generatedCompose(project));
  return Promise.resolve(EXIT.ok);
}

export function generatedCompose(project: Project): string {
  const { scenario, yaml } = loadScenario(project, findScenarios(project, [SHOWN])[0]!);
  return composeFile(resolvePlan(scenario, scenario.variants[0]!), yaml.file);
}

export function committedCompose(root: string): string {
  return readFileSync(join(root, 'docker-compose.yml'), 'utf8');
}
