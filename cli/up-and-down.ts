import { plural } from '../reports/content/plural.ts';
import { EXIT } from '../harness/errors.ts';
import { readyEngine } from '../api/engine.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { removeStrayBridges } from '../harness/fabric/bridges.ts';
import { Lab } from '../harness/fabric/lab.ts';
import { knownNeighbours } from '../harness/model/warm-start.ts';
import { topologyOf } from '../harness/fabric/lab-topology.ts';
import { isGone, sweep, type SweepScope } from '../harness/fabric/sweep.ts';
import { scenarioName } from '../harness/project/scenario-files.ts';
import { findOne, findOneFile } from './find-one.ts';
import type { Project } from '../harness/project/project.ts';
import { labImage } from '../api/package.ts';

/** `l4lab up`: boots and configures a lab that stays, and says how to enter its nodes. */
export async function upCommand(
  project: Project,
  word: string,
  variantName: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { loaded, variant, plan } = findOne(project, word, variantName);
  const { scenario } = loaded;
  const { engine, image } = await readyEngine(project);
  const { docker } = engine;
  const former = await sweep(docker, { kept: scenario.name });
  if (former.containers > 0)
    process.stdout.write(`${scenario.name} was up already: variant ${variant.name} replaces it\n`);
  const lab = await Lab.boot(topologyOf(plan), {
    engine,
    image,
    kept: scenario.name,
    signal,
  });
  try {
    await lab.configure(plan, knownNeighbours(plan));
    await lab.detach();
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
  const lines = [
    `${scenario.name} [${variant.name}] is up. Enter a node with`,
    ...plan.nodes.map(({ name, role }) => `  docker exec -it l4lab-${lab.id}-${name} bash    # ${role}`),
    ...plan.services.map(({ name, vip, port, mode }) => `Service ${name}: ${vip}:${port}, ${mode}`),
    `Take it down with: npx l4lab down ${scenario.name}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

/** `l4lab down`: takes down labs that `up` left running, one scenario's or all. */
export async function downCommand(project: Project, word: string | undefined): Promise<number> {
  const kept = word === undefined ? null : scenarioName(project, findOneFile(project, word));
  return remove({ kept });
}

/** `l4lab clean`: removes everything that carries the label of l4lab, and the interfaces that Docker forgot. */
export async function cleanCommand(): Promise<number> {
  await remove({ everything: true });
  const { docker } = await findEngine();
  const bridges = await removeStrayBridges(docker, labImage()).catch((error: unknown) => {
    // Without an image nobody can look at the host, and without a lab that was booted there is nothing to find.
    if (isGone(error)) return [];
    throw error;
  });
  if (bridges.length > 0) process.stdout.write(`removed ${plural(bridges.length, 'bridge')} that no network has\n`);
  return EXIT.ok;
}

async function remove(scope: SweepScope): Promise<number> {
  const { docker } = await findEngine();
  const { containers, networks } = await sweep(docker, scope);
  process.stdout.write(`removed ${plural(containers, 'container')} and ${plural(networks, 'network')}\n`);
  return EXIT.ok;
}
