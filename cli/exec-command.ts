import { finished } from 'node:stream/promises';
import { firstEngine } from '../api/engine.ts';
import { keptLabs } from '../harness/fabric/kept-labs.ts';
import { outputsOf } from '../harness/fabric/node-capture.ts';
import { NodeExec } from '../harness/fabric/node-exec.ts';
import type { Project } from '../harness/project/project.ts';
import { chooseLab, chooseNode } from './kept-lab.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerExec({ program, inProject, signal }: CommandLine): void {
  program
    .command('exec <node> [command...]')
    .usage('[options] <node> -- <command...>')
    .allowUnknownOption()
    .description('run a command in a node of a running lab (default: a shell)')
    .option('--scenario <name>', 'use the lab of this scenario; required if several are up')
    .action((node: string, command: string[], options: { scenario?: string }) =>
      inProject((project) => execCommand(project, { node, command }, options, signal), { endsInNode: true }),
    );
}

/**
 * `l4lab exec`: runs a command in a node of a running lab, by default a shell.
 * @returns its exit code
 */
async function execCommand(
  project: Project,
  { node, command }: { node: string; command: string[] },
  { scenario }: { scenario?: string },
  signal: AbortSignal,
): Promise<number> {
  const { docker } = await firstEngine(project);
  const { container } = chooseNode(chooseLab(await keptLabs(docker, project.root), scenario), node);
  const { stdin, stdout, stderr } = process;
  const tty = stdin.isTTY && stdout.isTTY;
  const exec = await NodeExec.start(docker.getContainer(container), command.length === 0 ? ['bash'] : command, tty);
  // Its child processes must not keep running.
  const stop = (): void => void exec.kill(tty ? 'HUP' : 'TERM').catch(() => undefined);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const resize = (): void => void exec.resize(stdout.columns, stdout.rows).catch(() => undefined);
  stdin.pipe(exec.stream);
  // A command may end before reading all its input.
  exec.stream.on('error', () => undefined);
  try {
    if (tty) {
      stdin.setRawMode(true);
      stdout.on('resize', resize);
      resize();
      exec.stream.pipe(stdout, { end: false });
    } else {
      const outputs = outputsOf(docker, exec);
      outputs.stdout.pipe(stdout, { end: false });
      outputs.stderr.pipe(stderr, { end: false });
      await Promise.all([finished(outputs.stdout), finished(outputs.stderr)]);
    }
    return await exec.ended();
  } finally {
    if (tty) stdin.setRawMode(false);
    stdin.unpipe(exec.stream);
    stdin.pause();
    stdout.off('resize', resize);
    signal.removeEventListener('abort', stop);
  }
}
