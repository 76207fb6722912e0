import { execa } from 'execa';
import { readyEngine } from '../api/engine.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import type { Project } from '../harness/project/project.ts';
import { pushedName } from '../setup/pushed-image.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerImage({ program, inProject }: CommandLine): void {
  program
    .command('image')
    .description('print the name of the lab image, or push it to a registry')
    .option(
      '--push <name>',
      'push it under this name, such as registry.example/l4lab (default tag: one derived from its content)',
    )
    .action((options: { push?: string }) => inProject((project) => imageCommand(project, options)));
}

/**
 * `l4lab image`: prints the name of the lab image, building it if missing. With `push` it is pushed to a registry by
 * the docker command, with the user's own login; `image` in the configuration pulls it from there.
 */
async function imageCommand(project: Project, { push }: { push?: string }): Promise<number> {
  const { image } = await readyEngine(project);
  if (push === undefined) {
    process.stdout.write(`${image}\n`);
    return EXIT.ok;
  }
  const name = pushedName(push, image);
  await docker('tag', image, name);
  await docker('push', name);
  process.stdout.write(`pushed ${name}\nTo pull it on other machines, set in l4lab.config: image: '${push}'\n`);
  return EXIT.ok;
}

async function docker(...args: string[]): Promise<void> {
  const { failed, stderr, code } = await execa('docker', args, { reject: false, stdout: 'inherit' });
  if (code === 'ENOENT') throw new L4labError('engine-unavailable', '--push needs the docker command: install it');
  if (failed) throw new L4labError('engine-unavailable', `docker ${args.join(' ')} failed:\n${stderr}`);
}
