import { existsSync, readFileSync } from 'node:fs';
import { SetupError } from './setup-error.ts';

/** Whether this is Debian or a derivative, according to os-release(5), and packages may be installed. */
export function canInstallPackages(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
  return isDebianFamily(readFileSync('/etc/os-release', 'utf8')) && existsSync('/usr/bin/apt-get');
}

/** @param osRelease the text of /etc/os-release */
export function isDebianFamily(osRelease: string): boolean {
  const value = (key: string) => new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(osRelease)?.[1] ?? '';
  return [value('ID'), ...value('ID_LIKE').split(' ')].some((id) => id === 'debian' || id === 'ubuntu');
}

/** A fresh machine may be running upgrades: waits for their lock, at most this many seconds. */
const APT_OPTIONS = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=300'];

/**
 * Installs Debian packages without asking questions.
 * @throws SetupError with apt's output
 */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const { execa } = await import('execa');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = () =>
    execa('apt-get', ['install', ...APT_OPTIONS, ...packages], {
      env,
      reject: false,
      all: true,
    });
  // The package lists of a fresh machine may be missing or old; always refreshing them first would slow down every
  // machine.
  let result = await install();
  if (result.failed) {
    await execa('apt-get', ['update', ...APT_OPTIONS], { env, reject: false });
    result = await install();
  }
  if (result.failed) {
    const words = result.all.trimEnd().split('\n').slice(-8).join('\n  ');
    throw new SetupError(`apt-get could not install ${packages.join(', ')}:\n  ${words}`);
  }
}
