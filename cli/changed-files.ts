import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { commandLineError } from './shared/command-line-error.ts';

/**
 * Files changed since a git revision, or untracked: absolute paths.
 * @param root the project's folder
 * @throws L4labError `invalid-input` without git, a repository, or the revision
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
  // Prevents revisions from being parsed as options.
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  if (commit === null) throw commandLineError(`--changed: unknown git revision \`${revision}\``);
  const differing = await git('-C', top, 'diff', '--name-only', '-z', '--no-renames', commit, '--');
  const unknown = await git('-C', top, 'ls-files', '--others', '--exclude-standard', '-z');
  const names = [differing, unknown].flatMap((list) => list?.split('\0') ?? []).filter((name) => name !== '');
  // Git prints real paths, with symbolic links resolved.
  return new Set(await Promise.all(names.map((name) => reallyAt(join(top, name)))));
}

/** Real path of a file; its own path if it does not exist. */
export function reallyAt(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
