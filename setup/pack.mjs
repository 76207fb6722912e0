// @ts-check
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildBundles } from './build.mjs';
import { ROOT } from './prepare.mjs';

const TYPES = join(ROOT, 'dist/types');

/** Builds the npm package's files: bundles, and types of the public API. */
await buildBundles(ROOT);
rmSync(TYPES, { recursive: true, force: true });
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'setup/types.tsconfig.json'], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
});
const needed = reached(join(TYPES, 'api/index.d.ts'), new Set());
for (const name of readdirSync(TYPES, { recursive: true, encoding: 'utf8' })) {
  const file = join(TYPES, name);
  if (/\.d\.m?ts$/.test(file) && !needed.has(file)) rmSync(file);
}

/**
 * A declaration file and all files that it imports.
 * @param {string} file
 * @param {Set<string>} seen
 * @returns {Set<string>}
 */
function reached(file, seen) {
  if (seen.has(file) || !existsSync(file)) return seen;
  seen.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^']+)\.ts'/g))
    reached(resolve(dirname(file), `${path}.d.ts`), seen);
  return seen;
}
