import { plural } from '../reports/content/plural.ts';
import { EXIT } from '../harness/errors.ts';
import { allEngines, firstEngine, readyEngine } from '../api/engine.ts';
import type { Engine } from '../harness/fabric/engine.ts';
import { removeStrayBridges } from '../harness/fabric/bridges.ts';
import { Lab } from '../harness/fabric/lab.ts';
import { topologyOf } from '../harness/fabric/lab-topology.ts';
import { isGone, sweep, type SweepScope } from '../harness/fabric/sweep.ts';
import { scenarioName } from '../harness/project/scenario-files.ts';
import { keptLabs } from '../harness/fabric/kept-labs.ts';
import { configureLab } from '../harness/run/configure-lab.ts';
import type { Plan } from '../harness/terms/plan.ts';
import { findOne, findOneFile } from './find-one.ts';
import { firstByHand } from './flow-by-hand.ts';
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
  const former = await sweep(docker, { kept: { project: project.root, scenario: scenario.name } });
  if (former.containers > 0)
    process.stdout.write(`${scenario.name} was up already: variant ${variant.name} replaces it\n`);
  const lab = await Lab.boot(topologyOf(plan), {
    engine,
    image,
    kept: { project: project.root, scenario: scenario.name, variant: variant.name },
    signal,
  });
  try {
    await configureLab(lab, plan);
    await lab.detach();
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
  const others = (await keptLabs(docker, project.root)).filter(({ id }) => id !== lab.id);
  const lines = upText(plan, lab.id, others.length > 0);
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

/** @param named whether commands have to name the lab, since others are up as well */
function upText({ scenario, variant, nodes, services, flows }: Plan, id: string, named: boolean): string[] {
  const whose = named ? `--scenario ${scenario} ` : '';
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const attempt = firstByHand(flows);
  const watched = services[0]?.l4s[0]?.node ?? nodes[0]!.name;
  return [
    `${scenario} [${variant}] is up. Enter a node with`,
    ...nodes.map(
      ({ name, role }) =>
        `  npx l4lab exec ${whose}${name} -- bash${' '.repeat(width - name.length)}  # ${role}, container l4lab-${id}-${name}`,
    ),
    ...services.map(({ name, vip, port, mode }) => `Service ${name}: ${vip}:${port}, ${mode}`),
    ...(attempt === null
      ? []
      : [`Try a flow with:   npx l4lab exec ${whose}${attempt.node} -- ${attempt.words.join(' ')}`]),
    `See its packets:   npx l4lab capture ${whose}${watched} | wireshark -k -i -`,
    `Take it down with: npx l4lab down ${scenario}`,
  ];
}

/** `l4lab down`: takes down labs of the project that `up` left running, one scenario's or all. */
export async function downCommand(project: Project, word: string | undefined): Promise<number> {
  const scenario = word === undefined ? null : scenarioName(project, findOneFile(project, word));
  await remove(await firstEngine(project), { kept: { project: project.root, scenario } });
  return EXIT.ok;
}

/** `l4lab clean`: removes everything on the project's engines that carries the label of l4lab, and the interfaces that Docker forgot. */
export async function cleanCommand(project: Project): Promise<number> {
  for (const engine of await allEngines(project)) await clean(engine);
  return EXIT.ok;
}

async function clean(engine: Engine): Promise<void> {
  const { docker } = engine;
  await remove(engine, { everything: true });
  const bridges = await removeStrayBridges(docker, labImage()).catch((error: unknown) => {
    // Without an image nobody can look at the host, and without a lab that was booted there is nothing to find.
    if (isGone(error)) return [];
    throw error;
  });
  if (bridges.length > 0) process.stdout.write(`removed ${plural(bridges.length, 'bridge')} that no network has\n`);
}

async function remove({ docker }: Engine, scope: SweepScope): Promise<void> {
  const { containers, networks } = await sweep(docker, scope);
  process.stdout.write(`removed ${plural(containers, 'container')} and ${plural(networks, 'network')}\n`);
}
