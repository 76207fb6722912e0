import { Command, Help } from 'commander';
import { version } from '../api/package.ts';
import { registerCapture } from './capture-command.ts';
import { registerCauses } from './causes-command.ts';
import { registerClean } from './clean-command.ts';
import { registerCompose } from './compose-command.ts';
import { registerDoctor } from './doctor-command.ts';
import { registerDown } from './down-command.ts';
import { registerExec } from './exec-command.ts';
import { registerExplain } from './explain-command.ts';
import { registerImage } from './image-command.ts';
import { registerInit } from './init-command.ts';
import { registerList } from './list-command.ts';
import { registerMatrix } from './matrix-command.ts';
import { registerMerge } from './merge-command.ts';
import { registerMutate } from './mutate-command.ts';
import { registerNew } from './new-command.ts';
import { registerPredict } from './predict-command.ts';
import { registerPs } from './ps-command.ts';
import { registerReport } from './report-command.ts';
import { registerRun } from './run-command.ts';
import { registerSetup } from './setup-command.ts';
import { registerUp } from './up-command.ts';
import { registerValidate } from './validate-command.ts';
import { registerWatch } from './watch-command.ts';
import type { CommandLine } from './shared/command-line.ts';

/** In the order of `--help`. */
const COMMANDS: ((commandLine: CommandLine) => void)[] = [
  registerRun,
  registerWatch,
  registerValidate,
  registerList,
  registerPredict,
  registerMatrix,
  registerExplain,
  registerMutate,
  registerCauses,
  registerUp,
  registerDown,
  registerPs,
  registerExec,
  registerCapture,
  registerMerge,
  registerReport,
  registerCompose,
  registerDoctor,
  registerInit,
  registerNew,
  registerSetup,
  registerImage,
  registerClean,
];

/** The command line with all subcommands. */
export function makeProgram(context: Omit<CommandLine, 'program'>): Command {
  const program = new Command('l4lab')
    .description(
      'Tests L4 load-balancer topologies with real packets: which flows get through, and why the others fail.',
    )
    .version(version())
    .option('--root <dir>', 'project folder (default: the nearest parent folder with l4lab.config.* or scenarios/)')
    .exitOverride()
    .configureHelp({
      optionDescription(option) {
        // Omits defaults that are off or empty.
        const isPlain = option.defaultValue === false || Array.isArray(option.defaultValue);
        return isPlain ? option.description : Help.prototype.optionDescription.call(this, option);
      },
    })
    .configureOutput({ outputError: (text, write) => write(text) });
  for (const register of COMMANDS) register({ program, ...context });
  return program;
}
