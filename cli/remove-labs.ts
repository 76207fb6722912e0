import type { Engine } from '../harness/fabric/engine.ts';
import { sweep, type SweepScope } from '../harness/fabric/sweep.ts';
import { plural } from '../reports/content/plural.ts';

/** Removes labs from an engine, and prints how many. */
export async function removeLabs({ docker }: Engine, scope: SweepScope): Promise<void> {
  const { containers, networks } = await sweep(docker, scope);
  process.stdout.write(`removed ${plural(containers, 'container')} and ${plural(networks, 'network')}\n`);
}
