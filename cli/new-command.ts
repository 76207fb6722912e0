import { EXIT } from '../harness/errors.ts';
import type { Project } from '../harness/project/project.ts';
import { commandLineError } from './shared/command-line-error.ts';
import { chosenLab } from './init/chosen-lab.ts';
import { chosenMode, usualMode } from './init/chosen-mode.ts';
import { shown, writeNew, type NewFile } from './init/new-files.ts';
import { labFile, scenarioFile } from './init/project-files.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerNew({ program, inProject }: CommandLine): void {
  const made = program.command('new').description('create a scenario or a lab; overwrites nothing');
  made
    .command('scenario <name>')
    .description('create a scenario; the name may contain folders')
    .option('--lab <name>', 'use this lab', 'one-arm')
    .option(
      '--mode <mode>',
      'mode of the load balancer: dnat, proxy, dsr, l3dsr or ipip (default: dsr if it works on the lab)',
    )
    .action((name: string, options: { lab: string; mode?: string }) =>
      inProject((project) => newScenarioCommand(project, name, options), { makes: true }),
    );
  made
    .command('lab <name>')
    .description('create a lab as a copy of another one')
    .option('--like <name>', 'copy this lab; `npx l4lab list --labs` lists them', 'one-arm')
    .action((name: string, options: { like: string }) =>
      inProject((project) => newLabCommand(project, name, options), { makes: true }),
    );
}

/** `l4lab new scenario`: creates a scenario on a lab. */
function newScenarioCommand(project: Project, given: string, options: { lab: string; mode?: string }): Promise<number> {
  const name = given.replace(/^scenarios\//, '').replace(/\.ya?ml$/, '');
  if (!/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/.test(name))
    throw commandLineError(`\`${given}\` cannot name a scenario: use letters, digits and hyphens, and / for folders`);
  const lab = chosenLab(project, options.lab);
  const mode = options.mode === undefined ? usualMode(lab) : chosenMode(options.mode);
  return make(scenarioFile(project, name, lab, mode), `npx l4lab run ${name}`);
}

/** `l4lab new lab`: copies a lab, to be edited. */
function newLabCommand(project: Project, given: string, { like }: { like: string }): Promise<number> {
  const name = given.replace(/^labs\//, '').replace(/\.ya?ml$/, '');
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw commandLineError(`\`${given}\` cannot name a lab: use letters, digits and hyphens`);
  return make(labFile(project, name, chosenLab(project, like)), `npx l4lab matrix ${name}`);
}

function make(file: NewFile, next: string): Promise<number> {
  if (writeNew([file]).length === 0) throw commandLineError(`${shown(file.path)} exists; it is not overwritten`);
  process.stdout.write(`created ${shown(file.path)}: ${file.what}\nnext: ${next}\n`);
  return Promise.resolve(EXIT.ok);
}
