import { allEngines } from '../api/engine.ts';
import { labImage } from '../api/package.ts';
import { EXIT } from '../harness/errors.ts';
import { removeStrayBridges } from '../harness/fabric/bridges.ts';
import type { Engine } from '../harness/fabric/engine.ts';
import { isGone } from '../harness/fabric/sweep.ts';
import type { Project } from '../harness/project/project.ts';
import { plural } from '../reports/content/plural.ts';
import { removeLabs } from './remove-labs.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerClean({ program, inProject }: CommandLine): void {
  program
    .command('clean')
    .description('remove all containers and networks of l4lab')
    .action(() => inProject((project) => cleanCommand(project)));
}

/**
 * `l4lab clean`: removes everything with l4lab's label on the project's engines, and bridges that Docker has forgotten.
 */
async function cleanCommand(project: Project): Promise<number> {
  for (const engine of await allEngines(project)) await clean(engine);
  return EXIT.ok;
}

async function clean(engine: Engine): Promise<void> {
  const { docker } = engine;
  await removeLabs(engine, { everything: true });
  const bridges = await removeStrayBridges(docker, labImage()).catch((error: unknown) => {
    // Looking at the host requires an image; without one, no lab was ever booted.
    if (isGone(error)) return [];
    throw error;
  });
  if (bridges.length > 0) process.stdout.write(`removed ${plural(bridges.length, 'bridge')} that no network has\n`);
}
