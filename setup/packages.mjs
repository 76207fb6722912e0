// @ts-check
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage */

/**
 * Whether node_modules matches package-lock.json. npm records what it installed at the end, in
 * node_modules/.package-lock.json: without that file, an installation was incomplete.
 * @param {string} root the folder of package.json
 */
export function packagesAreCurrent(root) {
  const note = join(root, 'node_modules/.package-lock.json');
  return existsSync(note) && satisfies(readLock(note), readLock(join(root, 'package-lock.json')));
}

/**
 * Packages for other platforms are optional and may be absent.
 * @param {Record<string, LockedPackage>} installed
 * @param {Record<string, LockedPackage>} wanted
 */
function satisfies(installed, wanted) {
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * Installs exactly the lock file's packages, if necessary.
 * @param {string} root
 * @param {(line: string) => void} say
 * @param {(pid: number) => void} share gets npm's process id, since npm would outlive this process if it is killed
 */
export async function ensurePackages(root, say, share) {
  if (packagesAreCurrent(root)) return;
  say('packages: npm ci');
  const code = await runNpm(root, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], share);
  if (code !== 0) {
    throw Object.assign(
      new Error(`npm ci failed with code ${code}. Its own message is above; fix that, then run this again.`),
      {
        exitCode: 3,
      },
    );
  }
}

/**
 * npm's output goes to stderr, since stdout may be read as JSON.
 * @param {string} root
 * @param {string[]} args
 * @param {(pid: number) => void} share
 * @returns {Promise<number>}
 */
function runNpm(root, args, share) {
  // Under npm its script is known and needs no shell, even on Windows, where npm is a batch file.
  const script = process.env.npm_execpath;
  const [command, ...rest] = script?.endsWith('.js') ? [process.execPath, script, ...args] : ['npm', ...args];
  const options = { cwd: root, shell: process.platform === 'win32' && command === 'npm' };
  return new Promise((resolve, reject) => {
    const npm = spawn(command, rest, { ...options, stdio: ['ignore', process.stderr, process.stderr] });
    npm.on('spawn', () => npm.pid && share(npm.pid));
    npm.on('error', reject);
    npm.on('close', (code) => resolve(code ?? 1));
  });
}
