// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SETUP_LOCK, withLock } from './lock.mjs';
import { checkNode } from './node-version.mjs';

/** The folder of package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs packages and builds bundles of a checkout; null for the npm package, which has both. */
const checkout = existsSync(join(ROOT, 'setup/build.mjs'))
  ? { ...(await import('./build.mjs')), ...(await import('./packages.mjs')) }
  : null;

/**
 * Makes sure that packages and bundles are there, and if a lab is to be booted, a Docker engine and the lab image too.
 * Takes a moment when nothing is to do. Afterwards this process's environment points at the engine.
 * @param {{ engine: boolean, tests?: boolean, yes: boolean, say: (line: string) => void }} options `tests`: what tests
 *   run on this machine itself is wanted too
 */
export async function prepare({ engine, tests = false, yes, say }) {
  checkNode(process.versions.node, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node);
  if (await isReady(engine, tests)) return;
  await withLock(SETUP_LOCK, say, async (share) => {
    if (checkout) {
      await checkout.ensurePackages(ROOT, say, share);
      await checkout.ensureBundles(ROOT, say);
    }
    if (engine) await (await labSetup()).makeLabReady(ROOT, labImage(), { yes, say });
    if (tests) await (await labSetup()).ensureTestTools(say);
  });
}

/**
 * @param {boolean} engine
 * @param {boolean} tests
 */
async function isReady(engine, tests) {
  if (checkout && !(checkout.packagesAreCurrent(ROOT) && checkout.bundlesAreCurrent(ROOT))) return false;
  if (tests && (await labSetup()).missingTools(process.env).length > 0) return false;
  return !engine || (await (await labSetup()).labIsReady(labImage()));
}

/**
 * The part of setup that needs packages; available once bundles exist.
 * @returns {Promise<typeof import('./main.ts')>}
 */
const labSetup = () => import(pathToFileURL(join(ROOT, 'dist/setup.js')).href);

/** The name of the lab image that belongs to the bundles. @returns {string} */
export const labImage = () => JSON.parse(readFileSync(join(ROOT, 'dist/image.json'), 'utf8')).tag;
