import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { L4labError } from '../../harness/errors.ts';
import { fetchKernel, findArchive, sourcesOf, type Archive } from './archive.ts';

/** The userland of all machines: the oldest stable Debian whose Node the product accepts. */
const USERLAND = 'trixie';

/** Suites of the tested kernels: 5.10, 6.1, 6.12 and the newest that fits the userland. */
export const SUITES = ['bullseye', 'bookworm', 'trixie', 'trixie-backports'];

const PACKAGES = [
  ...['systemd-sysv', 'udev', 'initramfs-tools', 'kmod', 'openssh-server', 'procps', 'sudo', 'ca-certificates', 'curl'],
  ...['apparmor', 'git', 'nodejs', 'npm', 'iproute2', 'iputils-ping'],
];
/** Packages that setup would install, which takes minutes in an emulated machine. */
const INSTALLED_BEFORE = ['docker.io', 'docker-cli', 'nftables', 'conntrack', 'ethtool'];

const SIZE = '16G';
/** Age at which kernels are fetched again. */
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

/** A kernel on a disk, and what QEMU needs to boot it. */
export interface Kernel {
  suite: string;
  release: string;
  vmlinuz: string;
  initrd: string;
}

/** A disk image that boots with each of its kernels. Read-only: each machine gets a copy. */
export interface Disk {
  image: string;
  /** Private key of its users. */
  key: string;
  kernels: Kernel[];
}

export interface DiskOptions {
  /** Cache folder of this program. */
  cache: string;
  /** The file populate.sh. */
  populate: string;
  /** Without the packages that setup installs. */
  fresh: boolean;
  print: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Creates the disk image, unless there is one from this week.
 * @throws L4labError if that is impossible
 */
export async function ensureDisk(options: DiskOptions): Promise<Disk> {
  const { cache, populate, fresh, print } = options;
  const packages = [...PACKAGES, ...(fresh ? [] : INSTALLED_BEFORE)];
  const hash = createHash('sha256').update(JSON.stringify([USERLAND, SUITES, packages, SIZE]));
  const name = hash
    .update(await readFile(populate))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cache, `disk-${fresh ? 'fresh' : 'ready'}`);
  const made = join(folder, 'disk.json');
  const age =
    Date.now() -
    (await stat(made).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ));
  if (age < MAX_AGE_MS) {
    const { name: of, disk } = JSON.parse(await readFile(made, 'utf8')) as { name: string; disk: Disk };
    if (of === name) return disk;
  }
  if (process.getuid?.() !== 0)
    throw new L4labError('machine-failed', 'Making a disk with Debian requires root: run this as root.');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const disk = await makeDisk({ ...options, folder, packages }, await findArchive());
  await writeFile(`${made}.new`, JSON.stringify({ name, disk }));
  await rename(`${made}.new`, made);
  print(`disk: ${disk.image}`);
  return disk;
}

async function makeDisk(
  { folder, packages, populate, print, signal }: DiskOptions & { folder: string; packages: string[] },
  archive: Archive,
): Promise<Disk> {
  const found = [];
  for (const suite of SUITES) {
    const kernel = await fetchKernel(archive, suite, join(folder, 'kernels', suite));
    print(`kernel: ${suite}: ${kernel?.release ?? 'not served by the archive'}`);
    if (kernel) found.push(kernel);
  }
  const key = join(folder, 'key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  print(`disk: Debian ${USERLAND} with ${packages.length} packages and ${found.length} kernels (minutes)`);
  const root = join(folder, 'root');
  const sources = join(folder, 'sources.list');
  await writeFile(sources, sourcesOf(archive, USERLAND));
  const hook = `sh ${populate} "$1" ${key}.pub ${join(folder, 'kernels')}`;
  await mmdebstrap({ root, sources, packages, hook, signal });
  const kernels = found.map(({ suite, release }): Kernel => ({
    suite,
    release,
    vmlinuz: join(folder, `vmlinuz-${release}`),
    initrd: join(folder, `initrd.img-${release}`),
  }));
  for (const { release, vmlinuz, initrd } of kernels) {
    await cp(join(root, 'boot', `vmlinuz-${release}`), vmlinuz);
    await cp(join(root, 'boot', `initrd.img-${release}`), initrd);
  }
  const image = join(folder, 'disk.img');
  await makeFilesystem(root, image, SIZE);
  for (const done of [root, join(folder, 'kernels')]) await rm(done, { recursive: true });
  return { image, key, kernels };
}

interface Userland {
  root: string;
  /** A sources.list(5). */
  sources: string;
  packages: string[];
  /** Shell command that completes the root, which is `$1`. */
  hook: string;
  signal: AbortSignal;
}

/** Uses this machine's apt settings, except its hooks. */
async function mmdebstrap({ root, sources, packages, hook, signal }: Userland): Promise<void> {
  const settings = (await readdir('/etc/apt/apt.conf.d')).filter((name) => !/docker|autoremove|listchanges/.test(name));
  const copySettings = settings.map((name) => `cp /etc/apt/apt.conf.d/${name} "$1/etc/apt/apt.conf.d/"`).join('; ');
  const { failed, stderr } = await execa(
    'mmdebstrap',
    [
      ...['--variant=important', '--format=directory', '--architectures=amd64', `--include=${packages.join(',')}`],
      ...[`--setup-hook=mkdir -p "$1/etc/apt/apt.conf.d"; ${copySettings || ':'}`, `--customize-hook=${hook}`],
      ...[USERLAND, root, sources],
    ],
    { reject: false, stdin: 'ignore', cancelSignal: signal, cleanup: false },
  );
  if (failed)
    throw new L4labError(
      'machine-failed',
      `The disk could not be made:\n  ${stderr.split('\n').slice(-8).join('\n  ')}`,
    );
}

/** A sparse ext4 image of a folder. */
export async function makeFilesystem(folder: string, image: string, size: string): Promise<void> {
  if (existsSync(image)) await rm(image);
  await execa('truncate', ['-s', size, image]);
  await execa('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', folder, image]);
}
