import type { Command, Option } from 'commander';
import { makeProgram } from './program.ts';

/** docs/commands.md: what `--help` prints of each command, as one page. */
export function commandsDoc(): string {
  const nothing = (): Promise<void> => Promise.resolve();
  const { signal } = new AbortController();
  const program = makeProgram({ root: () => undefined, run: nothing, inProject: nothing, signal });
  const commands = withWork(program).map((command) => sectionOf(command, program));
  return [HEAD, `Before or after any command:\n\n${listOf(program)}`, ...commands].join('\n');
}

/** The commands that do something themselves, in the order of `--help`. */
function withWork({ commands }: Command): readonly Command[] {
  return commands.flatMap((command) => (command.commands.length > 0 ? withWork(command) : [command]));
}

function sectionOf(command: Command, program: Command): string {
  const options = listOf(command);
  const usage = command.createHelp().commandUsage(command);
  const given = `npx ${options === '' ? usage.replace(' [options]', '') : usage}`;
  return `## ${nameOf(command, program)}\n\n\`${given}\`: ${command.description()}.\n${options === '' ? '' : `\n${options}`}`;
}

/** With the names of the commands around it. */
function nameOf(command: Command, program: Command): string {
  const { parent } = command;
  return parent === null || parent === program ? command.name() : `${nameOf(parent, program)} ${command.name()}`;
}

function listOf(command: Command): string {
  const help = command.createHelp();
  const isOwn = ({ long }: Option): boolean => long !== '--help' && long !== '--version';
  const options = help.visibleOptions(command).filter(isOwn);
  return options.map((option) => `- \`${option.flags}\`: ${help.optionDescription(option)}\n`).join('');
}

const HEAD = `# Commands

\`npx l4lab help COMMAND\` prints the same. Generated from the commands by \`npm run docs:commands\`.
`;
