import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { commandLineError } from './shared/command-line-error.ts';

/**
 * Files that differ from a git revision, or that git does not know yet: absolute paths.
 * @param root the project's folder
 * @throws L4labError `invalid-input` where there is no git, no repository, or no such revision
 */
export async function changedFiles(root: string, revision: string): Promise<Set<string>> {
  const git = async (...args: string[]): Promise<string | null> => {
    const { exitCode, stdout, cause } = await execa('git', args, {
      cwd: root,
      reject: false,
      stripFinalNewline: true,
    });
    if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      throw commandLineError('--changed requires git, which is not installed');
    return exitCode === 0 ? stdout : null;
  };
  const top = await git('rev-parse', '--show-toplevel');
  if (top === null) throw commandLineError(`--changed: ${root} is not in a readable git repository`);
  // What begins with a dash is no option.
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  if (commit === null) throw commandLineError(`--changed: unknown git revision \`${revision}\``);
  const differing = await git('-C', top, 'diff', '--name-only', '-z', '--no-renames', commit, '--');
  const unknown = await git('-C', top, 'ls-files', '--others', '--exclude-standard', '-z');
  const names = [differing, unknown].flatMap((list) => list?.split('\0') ?? []).filter((name) => name !== '');
  // Git tells where its folder really is, whatever links lead there.
  return new Set(await Promise.all(names.map((name) => reallyAt(join(top, name)))));
}

/** Where a file really is; its path where it is gone. */
export function reallyAt(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
