import { CommanderError } from 'commander';
import { loadProject } from '../api/load-project.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import type { CommandLine, Handling } from './shared/command-line.ts';
import { makeProgram } from './program.ts';
import { errorText } from './shared/error-text.ts';

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
  const program = makeProgram({ root, run, inProject, signal: interrupted.signal });

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
