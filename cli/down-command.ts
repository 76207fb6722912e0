import { EXIT } from '../harness/errors.ts';
import { firstEngine } from '../api/engine.ts';
import { scenarioName } from '../harness/project/scenario-files.ts';
import type { Project } from '../harness/project/project.ts';
import { findOneFile } from './find-one.ts';
import { removeLabs } from './remove-labs.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerDown({ program, inProject }: CommandLine): void {
  program
    .command('down [scenario]')
    .description('stop and remove labs that `up` started (default: all)')
    .action((name: string | undefined) => inProject((project) => downCommand(project, name)));
}

/** `l4lab down`: removes the project's labs left running by `up`, for one scenario or all. */
async function downCommand(project: Project, name: string | undefined): Promise<number> {
  const scenario = name === undefined ? null : scenarioName(project, findOneFile(project, name));
  await removeLabs(await firstEngine(project), { kept: { project: project.root, scenario } });
  return EXIT.ok;
}
