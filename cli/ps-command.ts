import { EXIT } from '../harness/errors.ts';
import { firstEngine } from '../api/engine.ts';
import { keptLabs, type KeptLab } from '../harness/fabric/kept-labs.ts';
import type { Project } from '../harness/project/project.ts';
import { NO_LAB } from './kept-lab.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerPs({ program, inProject }: CommandLine): void {
  program
    .command('ps')
    .description('list the labs that `up` started')
    .option('--json', 'print JSON', false)
    .action((options: { json: boolean }) => inProject((project) => psCommand(project, options)));
}

/** `l4lab ps`: lists labs left running by `up`. */
async function psCommand(project: Project, { json }: { json: boolean }): Promise<number> {
  const labs = await keptLabs((await firstEngine(project)).docker, project.root);
  process.stdout.write(json ? `${JSON.stringify(labs, null, 2)}\n` : psText(labs));
  return EXIT.ok;
}

export function psText(labs: KeptLab[]): string {
  if (labs.length === 0) return `${NO_LAB}\n`;
  const blocks = labs.map(({ scenario, variant, since, nodes }) => {
    const width = Math.max(...nodes.map(({ name }) => name.length));
    return [
      `${scenario} [${variant}], since ${localTime(since)}`,
      ...nodes.map(({ name, container }) => `  ${name.padEnd(width)}  ${container}`),
    ];
  });
  return `${blocks.map((lines) => lines.join('\n')).join('\n')}\n`;
}

/** In the user's time zone. */
function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
