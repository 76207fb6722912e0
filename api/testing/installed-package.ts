import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../../setup/lock.mjs';
import { PACKAGE } from '../package.ts';

const run = promisify(execFile);

/** Output of `npm pack`. */
export interface Packed {
  tarball: string;
  /** Bytes of the tarball. */
  size: number;
  /** Paths in the package. */
  files: string[];
}

/** The environment without npm's variables, which are only for its scripts. */
export function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_'));
  return { ...Object.fromEntries(own), npm_config_prefer_offline: 'true', npm_config_audit: 'false' };
}

/** Packs l4lab as for publishing. @param folder for the tarball */
export function packed(folder: string): Promise<Packed> {
  // Concurrent packs would remove each other's files.
  return withLock(
    join(tmpdir(), 'l4lab-pack.lock'),
    () => undefined,
    async () => {
      const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
        cwd: PACKAGE,
        env: environment(),
        maxBuffer: 1e7,
      });
      const [made] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }];
      return { tarball: join(folder, made.filename), size: made.size, files: made.files.map(({ path }) => path) };
    },
  );
}

/** Creates a package with l4lab installed. */
export async function install(folder: string, { tarball }: Packed): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{\n  "name": "somebody",\n  "private": true\n}\n');
  await run('npm', ['install', '--save-dev', '--silent', tarball], { cwd: folder, env: environment() });
}
