import { EXIT } from '../harness/errors.ts';
import { readyEngine } from '../api/engine.ts';
import { Lab } from '../harness/fabric/lab.ts';
import { topologyOf } from '../harness/fabric/lab-topology.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { keptLabs } from '../harness/fabric/kept-labs.ts';
import { configureLab } from '../harness/run/configure-lab.ts';
import type { Plan } from '../harness/terms/plan.ts';
import { findOne } from './find-one.ts';
import { firstByHand } from './flow-by-hand.ts';
import type { Project } from '../harness/project/project.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerUp({ program, inProject, signal }: CommandLine): void {
  program
    .command('up <scenario>')
    .description('start the lab of a scenario and leave it running')
    .option('--variant <name>', 'use this variant (default: the first)')
    .action((name: string, options: { variant?: string }) =>
      inProject((project) => upCommand(project, name, options.variant, signal)),
    );
}

/** `l4lab up`: boots and configures a lab and leaves it running, and prints how to enter its nodes. */
async function upCommand(
  project: Project,
  name: string,
  variantName: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { loaded, variant, plan } = findOne(project, name, variantName);
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

/** @param named whether commands must name the lab, because others are running */
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
      : [`Try a flow with:   npx l4lab exec ${whose}${attempt.node} -- ${attempt.command.join(' ')}`]),
    `See its packets:   npx l4lab capture ${whose}${watched} | wireshark -k -i -`,
    `Take it down with: npx l4lab down ${scenario}`,
  ];
}
