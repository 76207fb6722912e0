import { existsSync } from 'node:fs';
import { aptInstall, canInstallPackages } from '../../setup/apt.ts';
import { L4labError } from '../../harness/errors.ts';

/** Programs that create and run the machines, with their Debian packages. */
const PROGRAMS: Record<string, string> = {
  '/usr/bin/qemu-system-x86_64': 'qemu-system-x86',
  '/usr/bin/mmdebstrap': 'mmdebstrap',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/sbin/mke2fs': 'e2fsprogs',
};

/**
 * Installs what is missing.
 * @throws L4labError where that cannot be done here
 */
export async function ensurePrograms(): Promise<void> {
  const packages = Object.keys(PROGRAMS)
    .filter((path) => !existsSync(path))
    .map((path) => PROGRAMS[path]!);
  if (packages.length === 0) return;
  if (!canInstallPackages())
    throw new L4labError('machine-failed', `Virtual machines need ${packages.join(', ')}: install these packages.`);
  console.error(`installing ${packages.join(', ')}`);
  await aptInstall(packages);
}
