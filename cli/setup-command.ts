import { readyEngine } from '../api/engine.ts';
import { EXIT } from '../harness/errors.ts';
import type { Project } from '../harness/project/project.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerSetup({ program, inProject }: CommandLine): void {
  program
    .command('setup')
    .description('find or install a Docker engine and build the lab image; `run` also does this')
    .option('--yes', 'install what is missing without asking', false)
    .action((options: { yes: boolean }) => inProject((project) => setupCommand(project, options)));
}

/** `l4lab setup`: ensures a running engine with the lab image, as `run` does. */
async function setupCommand(project: Project, { yes }: { yes: boolean }): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const { engine, more, image } = await readyEngine(project, { yes, say });
  for (const { endpoint } of [engine, ...more]) say(`ready: engine at ${endpoint}, image ${image}`);
  return EXIT.ok;
}
