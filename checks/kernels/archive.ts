import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { L4labError } from '../../harness/errors.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Split packages of Debian's kernel; the guest has its other dependencies, or does not need them. */
const PARTS = /^linux-(image|modules|binary|base)-\d/;

/** Sources of Debian packages: this machine's mirror, or Debian itself. */
export interface Archive {
  main: string;
  security: string;
}

/** A kernel package in the archive. */
export interface KernelPackage {
  suite: string;
  /** Output of `uname -r`. */
  release: string;
  packages: string[];
}

/** @throws L4labError if this machine is not Debian */
export async function findArchive(): Promise<Archive> {
  const format = '$(REPO_URI) $(LABEL) $(COMPONENT)';
  const { stdout } = await execa('apt-get', ['indextargets', '--format', format, 'Identifier: Packages'], {
    reject: false,
  });
  const uri = (label: string) =>
    stdout
      ?.split('\n')
      .map((line) => line.split(' '))
      .find(([, name, component]) => name === label && component === 'main')?.[0];
  const [main, security] = [uri('Debian'), uri('Debian-Security')];
  if (main === undefined || security === undefined || !existsSync(KEYRING)) {
    throw new L4labError(
      'machine-failed',
      'Kernels come from the archive that apt uses: run this on Debian, after apt-get update.',
    );
  }
  return { main, security };
}

/** A suite as a line of sources.list(5). */
const sourceLine = (uri: string, suite: string) => `deb [signed-by=${KEYRING}] ${uri} ${suite} main`;

/** The sources.list of a machine with a stable suite. */
export function sourcesOf({ main, security }: Archive, suite: string): string {
  const lines = [
    sourceLine(main, suite),
    sourceLine(main, `${suite}-updates`),
    sourceLine(security, `${suite}-security`),
  ];
  return `${lines.join('\n')}\n`;
}

/** apt with separate lists and packages; this machine's are unchanged. */
class Apt {
  readonly #options: string[];

  constructor(folder: string) {
    const settings = {
      'Dir::Etc::sourcelist': join(folder, 'sources.list'),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State::lists': join(folder, 'lists'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': join(folder, 'cache'),
      'APT::Architecture': 'amd64',
      'APT::Architectures': 'amd64',
      'APT::Sandbox::User': 'root',
      'Debug::NoLocking': 'true',
    };
    this.#options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  }

  async run(program: 'apt-get' | 'apt-cache', args: string[], cwd?: string): Promise<string> {
    const { stdout } = await execa(program, [...this.#options, ...args], cwd === undefined ? {} : { cwd });
    return stdout;
  }

  async depends(name: string): Promise<string[]> {
    const output = await this.run('apt-cache', ['depends', '--no-recommends', '--no-suggests', name]);
    return [...output.matchAll(/^ +(?:Pre)?Depends: (\S+)$/gm)].map(([, dependency]) => dependency!);
  }
}

/**
 * Fetches the packages of a suite's newest kernel into a folder.
 * @returns undefined if the archive lacks that suite
 */
export async function fetchKernel(archive: Archive, suite: string, folder: string): Promise<KernelPackage | undefined> {
  await Promise.all(
    ['lists/partial', 'cache/archives/partial'].map((name) => mkdir(join(folder, name), { recursive: true })),
  );
  await writeFile(join(folder, 'sources.list'), sourcesOf(archive, suite));
  const apt = new Apt(folder);
  // Fails for missing parts of a suite, such as security updates; the rest is available then.
  await apt.run('apt-get', ['update', '-q']).catch(() => undefined);
  const names = (await apt.depends('linux-image-amd64').catch(() => [])).filter((name) => PARTS.test(name));
  if (names.length === 0) return undefined;
  // The list grows during the loop.
  for (const name of names) {
    for (const part of await apt.depends(name)) if (PARTS.test(part) && !names.includes(part)) names.push(part);
  }
  const image = names.find((name) => name.startsWith('linux-image-'))!;
  for (const old of await readdir(folder)) if (old.endsWith('.deb')) await rm(join(folder, old));
  await apt.run('apt-get', ['download', '-q', ...names], folder);
  return { suite, release: image.replace('linux-image-', ''), packages: names };
}
