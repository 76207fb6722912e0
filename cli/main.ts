import { Command, CommanderError, Help } from 'commander';
import { loadProject } from '../api/load-project.ts';
import { version } from '../api/package.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
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
import type { CommandLine, Handling } from './shared/command-line.ts';
import { errorText } from './shared/error-text.ts';

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

const interrupted = new AbortController();
let handling: Handling = {};

async function main(argv: string[]): Promise<number> {
  let code: number = EXIT.ok;
  const root = (): string | undefined => program.opts<{ root?: string }>().root;
  const run: CommandLine['run'] = async (work) => void (code = await work);
  const inProject: CommandLine['inProject'] = async (work, how = {}) => {
    handling = how;
    await run(work(await loadProject({ root: root(), makes: how.makes ?? false })));
  };
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

  const commandLine = { program, root, run, inProject, signal: interrupted.signal };
  for (const register of COMMANDS) register(commandLine);

  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalid;
    if (interrupted.signal.aborted) return EXIT.interrupted;
    if (!(error instanceof L4labError)) throw error;
    process.stderr.write(`${errorText(error)}\n`);
    return error.exitCode;
  }
  return code;
}

// The reader has closed the pipe (`… | head`). The work is finished anyway: its exit code is a verdict, and labs are
// removed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (handling.endsInNode || handling.endsWithReader) interrupted.abort();
});

let interruptedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C exits immediately, and the next run cleans up. One Ctrl-C may arrive twice, from the terminal and
    // from npm.
    if (interrupted.signal.aborted && Date.now() - interruptedAt > 1000) process.exit(EXIT.interrupted);
    if (interrupted.signal.aborted) return;
    interruptedAt = Date.now();
    if (!handling.endsInNode) process.stderr.write('\nstopping: taking down what was booted\n');
    interrupted.abort(new L4labError('interrupted', 'the run was interrupted'));
  });
}
process.exitCode = await main(process.argv.slice(2));
// Keep-alive sockets to the engine would delay the exit for seconds.
if (process.stdout.writableLength === 0 || process.stdout.destroyed) process.exit();
else process.stdout.once('drain', () => process.exit());
