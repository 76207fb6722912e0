import { writeFileSync } from 'node:fs';
import { EXIT, L4labError } from '../harness/errors.ts';
import { composeFile } from '../harness/fabric/compose.ts';
import { surelyUp } from '../harness/model/health.ts';
import { knownNeighbours } from '../harness/model/warm-start.ts';
import { findOne, type One } from './find-one.ts';
import { firstByHand } from './flow-by-hand.ts';
import { labImage } from '../api/package.ts';
import { pushedName } from '../setup/pushed-image.ts';
import type { Project } from '../harness/project/project.ts';
import type { CommandLine } from './shared/command-line.ts';

interface ComposeCommandOptions {
  variant?: string;
  /** Name of the lab image; by default the configured one, or that of this installation. */
  image?: string;
  /** Output file; stdout by default. */
  output?: string;
}

export function registerCompose({ program, inProject }: CommandLine): void {
  program
    .command('compose <scenario>')
    .description('print the lab of a scenario as a Docker Compose file')
    .option('--variant <name>', 'use this variant (default: the first)')
    .option('--image <name>', 'use this lab image (default: that of this installation)')
    .option('--output <file>', 'write to this file instead of stdout')
    .action((name: string, options: ComposeCommandOptions) =>
      inProject((project) => composeCommand(project, name, options)),
    );
}

/** `l4lab compose`: prints the lab of a scenario as a file for Docker Compose. */
function composeCommand(project: Project, name: string, options: ComposeCommandOptions): Promise<number> {
  const pushed = project.image === undefined ? undefined : pushedName(project.image, labImage());
  const image = options.image ?? pushed;
  const text = generatedCompose(findOne(project, name, options.variant), { ...options, ...(image ? { image } : {}) });
  if (options.output === undefined) process.stdout.write(text);
  else writeOutput(options.output, text);
  return Promise.resolve(EXIT.ok);
}

function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new L4labError('folder-unwritable', `--output: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws L4labError `invalid-input` if Compose cannot run the lab */
export function generatedCompose({ loaded, variant, plan }: One, options: ComposeCommandOptions): string {
  const { scenario, yaml } = loaded;
  const isFirst = variant === scenario.variants[0];
  const command = [
    'npx l4lab compose',
    scenario.name,
    ...(isFirst ? [] : [`--variant ${variant.name}`]),
    ...(options.image === undefined ? [] : [`--image ${options.image}`]),
    ...(options.output === undefined ? [] : [`--output ${options.output}`]),
  ].join(' ');
  const attempt = firstByHand(plan.flows);
  return composeFile(plan, {
    image: `\${L4LAB_IMAGE:-${options.image ?? labImage()}}`,
    head: [
      `${variant.scenario.title}: ${variant.title}`,
      `Generated from ${yaml.file} by: ${command}`,
      'Up:    docker compose up -d --wait     (once before: npx l4lab setup)',
      'docker-compose 1.29 (Debian 12) has no --wait: there the lab is up when `docker-compose ps` shows all as healthy.',
      ...(attempt === null ? [] : [`Flow:  docker compose exec ${attempt.node} ${attempt.command.join(' ')}`]),
      'Down:  docker compose down',
    ],
    neighbours: knownNeighbours(plan),
    up: surelyUp(plan),
  });
}
