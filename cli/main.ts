import { existsSync } from 'node:fs';
import { Command, CommanderError, Help } from 'commander';
import { EXIT, L4labError } from '../harness/errors.ts';
import { errorText } from './shared/error-text.ts';
import { explainCommand } from './explain-command.ts';
import { listCommand } from './list-command.ts';
import { matrixCommand } from './matrix-command.ts';
import { mutateCommand } from './mutate-command.ts';
import { predictCommand } from './predict-command.ts';
import { diffCommand, mergeCommand } from './results-commands.ts';
import { runCommand, type RunCommandOptions } from './run-command.ts';
import { cleanCommand, downCommand, upCommand } from './up-and-down.ts';
import { validateCommand } from './validate-command.ts';
import { watchCommand } from './watch-command.ts';
import { causesCommand } from './causes-command.ts';
import { imageCommand } from './image-command.ts';
import { captureCommand, type CaptureCommandOptions } from './capture-command.ts';
import { execCommand } from './exec-command.ts';
import { psCommand } from './ps-command.ts';
import { setupCommand } from './setup-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { composeCommand, type ComposeCommandOptions } from './compose-command.ts';
import { initCommand, type InitOptions } from './init-command.ts';
import { newLabCommand, newScenarioCommand } from './new-command.ts';
import { loadProject } from '../api/load-project.ts';
import { version } from '../api/package.ts';
import type { Project } from '../harness/project/project.ts';

const interrupted = new AbortController();
/** Whether the command has booted nothing, and has something running in a node that it must end whenever it ends. */
let endsInNode = false;
/** Whether the command has no other end than the user's wish, so that without a reader it is over. */
let endsWithReader = false;

async function main(argv: string[]): Promise<number> {
  let code: number = EXIT.ok;
  const ends = (work: Promise<number>): Promise<void> => work.then((ended) => void (code = ended));
  /** For commands that work on a project. */
  const inProject = async (work: (project: Project) => Promise<number>, makes = false): Promise<void> => {
    const project = await loadProject({ root: program.opts<{ root?: string }>().root, makes });
    await ends(work(project));
  };
  const collect = (value: string, all: string[]): string[] => [...all, ...value.split(',')];
  const program = new Command('l4lab')
    .description(
      'Shows, with real packets, which flows an L4 load-balancer topology lets through, and why the others fail.',
    )
    .version(version())
    .option('--root <dir>', 'the project: by default the nearest folder upward with l4lab.config.* or scenarios/')
    .exitOverride()
    .configureHelp({
      optionDescription(option) {
        // That what is not asked for is not done need not be said.
        const isPlain = option.defaultValue === false || Array.isArray(option.defaultValue);
        return isPlain ? option.description : Help.prototype.optionDescription.call(this, option);
      },
    })
    .configureOutput({ outputError: (text, write) => write(text) });

  program
    .command('run [scenarios...]')
    .description('run scenarios (names, their beginnings, files or folders; all by default) and write the report')
    .option('--variant <names>', 'only these variants', collect, [])
    .option('--flow <names>', 'only these flows', collect, [])
    .option('--report <dir>', 'directory for the report (default: reports/latest of the project)')
    .option('--json', 'print results.json instead of a summary', false)
    .option('--shard <k/n>', 'only the k-th of n parts; `merge` makes one report of all')
    .option('--failed', 'only flows that failed, or were not run, in the last report', false)
    .option(
      '--changed [revision]',
      'only scenarios that changed since a git revision (default: HEAD), or whose lab changed',
    )
    .action((words: string[], options: RunCommandOptions) =>
      inProject((project) => runCommand(project, words, options, interrupted.signal)),
    );
  program
    .command('watch [scenarios...]')
    .description('run scenarios (all by default) again whenever they change, on labs that stay warm')
    .option('--report <dir>', 'directory for the report (default: reports/latest of the project)')
    .action((words: string[], options: { report?: string }) => {
      endsWithReader = true;
      return inProject((project) => watchCommand(project, words, options, interrupted.signal));
    });
  program
    .command('validate [names...]')
    .description('check scenarios and labs (all by default), and list every mistake with file, line and column')
    .action((words: string[]) => inProject((project) => validateCommand(project, words)));
  program
    .command('list [scenarios...]')
    .description('list scenarios (all by default) with their labs, variants and flows')
    .option('--labs', 'list labs instead: the project’s own and those that come with l4lab', false)
    .option('--examples', 'list the examples that come with l4lab; they run by name', false)
    .option('--json', 'as JSON', false)
    .action((words: string[], options: { json: boolean; labs: boolean; examples: boolean }) =>
      inProject((project) => listCommand(project, words, options)),
    );
  program
    .command('predict <scenario> [flow]')
    .description("print each flow's walk as the model predicts it; needs no Docker")
    .option('--variant <names>', 'only these variants', collect, [])
    .option('--flow <names>', 'only these flows', collect, [])
    .action((word: string, flow: string | undefined, { variant, flow: flows }: { variant: string[]; flow: string[] }) =>
      inProject((project) =>
        predictCommand(project, word, { variants: variant, flows: flow === undefined ? flows : [flow, ...flows] }),
      ),
    );
  program
    .command('matrix <lab-or-scenario>')
    .description('print which flows work in which variant or mode, and why not; needs no Docker')
    .option('--variant <names>', 'only these variants', collect, [])
    .option('--flow <names>', 'only these flows', collect, [])
    .action((word: string, options: { variant: string[]; flow: string[] }) =>
      inProject((project) => matrixCommand(project, word, options)),
    );
  program
    .command('explain <scenario> [flow]')
    .description('explain why a flow works or fails, and what would fix it')
    .option('--flow <name>', 'the flow (same as the second argument)')
    .option('--variant <name>', 'the variant (default: the first that has the flow)')
    .option('--prove', 'run the flow and every proposed change for real', false)
    .action((word: string, flow: string | undefined, options: { flow?: string; variant?: string; prove: boolean }) =>
      inProject((project) =>
        explainCommand(project, word, flow === undefined ? options : { ...options, flow }, interrupted.signal),
      ),
    );
  program
    .command('mutate [scenarios...]')
    .description('break one setting at a time, and list the breakages that no flow detects')
    .option('--variant <names>', 'only these variants', collect, [])
    .option('--prove', 'break the labs for real instead of predicting', false)
    .action((words: string[], options: { variant: string[]; prove: boolean }) =>
      inProject((project) => mutateCommand(project, words, options, interrupted.signal)),
    );
  program
    .command('causes [names...]')
    .description('print causes and findings (all by default; or names, or their beginnings): story, evidence, fix')
    .action((names: string[]) => ends(causesCommand(names)));
  program
    .command('up <scenario>')
    .description('boot and configure the lab of a scenario, and leave it running')
    .option('--variant <name>', 'the variant to configure (default: the first)')
    .action((word: string, options: { variant?: string }) =>
      inProject((project) => upCommand(project, word, options.variant, interrupted.signal)),
    );
  program
    .command('down [scenario]')
    .description('take down what `up` left running')
    .action((word: string | undefined) => inProject((project) => downCommand(project, word)));
  program
    .command('ps')
    .description('list the labs that `up` left running')
    .option('--json', 'as JSON', false)
    .action((options: { json: boolean }) => inProject((project) => psCommand(project, options)));
  program
    .command('exec <node> [command...]')
    .usage('[options] <node> -- <command...>')
    .allowUnknownOption()
    .description('run a command in a node of a lab that is up; a shell by default')
    .option('--scenario <name>', 'scenario whose lab to use, if several are up')
    .action((node: string, words: string[], options: { scenario?: string }) => {
      endsInNode = true;
      return inProject((project) => execCommand(project, { node, words }, options, interrupted.signal));
    });
  program
    .command('capture <node> [interface]')
    .description('print the packets on the links of a node of a lab that is up, as pcapng, until Ctrl-C')
    .option('--scenario <name>', 'scenario whose lab to use, if several are up')
    .option('--count <n>', 'stop after this number of frames')
    .action((node: string, iface: string | undefined, options: CaptureCommandOptions) => {
      endsInNode = true;
      return inProject((project) => captureCommand(project, { node, iface }, options, interrupted.signal));
    });
  program
    .command('merge <dirs...>')
    .description('make one report from several runs (shards)')
    .option('--report <dir>', 'directory for the report (default: reports/latest of the project)')
    .action((dirs: string[], options: { report?: string }) =>
      inProject((project) => mergeCommand(project, dirs, options)),
    );
  program
    .command('report')
    .description('compare the results of earlier runs')
    .command('diff <before> <after>')
    .description('show which verdicts and causes changed between two reports (results.json, or their directories)')
    .action((before: string, after: string) => ends(diffCommand(before, after)));
  program
    .command('compose <scenario>')
    .description('print the lab of a scenario as a file for Docker Compose')
    .option('--variant <name>', 'the variant (default: the first)')
    .option('--image <name>', 'the lab image (default: the one of this installation)')
    .option('--output <file>', 'write the file instead of printing it')
    .action((word: string, options: ComposeCommandOptions) =>
      inProject((project) => composeCommand(project, word, options)),
    );
  program
    .command('doctor')
    .description('check engine, kernel, firewall and other requirements, and show what to do')
    .option('--json', 'as JSON, for a bug report', false)
    .action((options: { json: boolean }) => inProject((project) => doctorCommand(project, options)));
  program
    .command('init')
    .description('make a first scenario, its lab, scripts and a CI workflow here; nothing is overwritten')
    .option('--lab <name>', 'lab to start from: see `npx l4lab list --labs`')
    .option('--mode <mode>', 'dnat, proxy, dsr or l3dsr')
    .option('--ci <where>', 'github, gitlab or none')
    .addHelpText('after', '\nMissing options are asked for on a terminal; elsewhere they are one-arm, dsr and none.')
    .action(async (options: InitOptions) => {
      const { root } = program.opts<{ root?: string }>();
      // A package is a project of its own, also below another project.
      const here = existsSync('package.json') ? '.' : undefined;
      await ends(initCommand(await loadProject({ root: root ?? here, makes: true }), options));
    });
  const made = program.command('new').description('create a scenario or a lab; nothing is overwritten');
  made
    .command('scenario <name>')
    .description('create a scenario for a mode on a lab; the name may contain folders')
    .option('--lab <name>', 'lab to use', 'one-arm')
    .option('--mode <mode>', 'dnat, proxy, dsr or l3dsr (default: dsr where the lab can carry it)')
    .action((name: string, options: { lab: string; mode?: string }) =>
      inProject((project) => newScenarioCommand(project, name, options), true),
    );
  made
    .command('lab <name>')
    .description('copy a lab, to change it')
    .option('--like <name>', 'lab to copy: see `npx l4lab list --labs`', 'one-arm')
    .action((name: string, options: { like: string }) =>
      inProject((project) => newLabCommand(project, name, options), true),
    );
  program
    .command('setup')
    .description('find or install a Docker engine and build the lab image; `run` does this too')
    .option('--yes', 'install what is missing without asking', false)
    .action((options: { yes: boolean }) => inProject((project) => setupCommand(project, options)));
  program
    .command('image')
    .description('print the name of the lab image; with --push, push it to a registry')
    .option('--push <name>', 'such as registry.example/l4lab; without a tag, a tag for its content is added')
    .action((options: { push?: string }) => inProject((project) => imageCommand(project, options)));
  program
    .command('clean')
    .description('remove all containers and networks of l4lab')
    .action(() => inProject((project) => cleanCommand(project)));

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

// `… | head` has read enough. What was begun is finished all the same: its exit code is a verdict, and labs are taken down.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (endsInNode || endsWithReader) interrupted.abort();
});

let interruptedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The second time means now, and the next run sweeps up; one Ctrl-C may come twice, from the terminal and from npm.
    if (interrupted.signal.aborted && Date.now() - interruptedAt > 1000) process.exit(EXIT.interrupted);
    if (interrupted.signal.aborted) return;
    interruptedAt = Date.now();
    if (!endsInNode) process.stderr.write('\nstopping: taking down what was booted\n');
    interrupted.abort(new L4labError('interrupted', 'the run was interrupted'));
  });
}
process.exitCode = await main(process.argv.slice(2));
// Sockets to the engine that are kept alive would hold the process for seconds.
if (process.stdout.writableLength === 0 || process.stdout.destroyed) process.exit();
else process.stdout.once('drain', () => process.exit());
