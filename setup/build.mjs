// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = ['api', 'cli', 'harness', 'jest', 'lb', 'reports', 'setup', 'image', 'package-lock.json'];

/** Within the sources, and made by running. */
const REPORTS_MADE = 'reports/latest';

/** Says what dist/ was made from. */
const STAMP = 'dist/.sources.json';

/** Says which image belongs to dist/. */
const IMAGE_NAME = 'dist/image.json';

/** @type {import('esbuild').BuildOptions} */
const NODE = { platform: 'node', format: 'esm', target: 'node20', mainFields: ['module', 'main'] };

/** Runs where node_modules is at hand. @type {import('esbuild').BuildOptions} */
export const ON_HOST = { ...NODE, packages: 'external' };

/** One CommonJS file, as a snapshot can be made of. @type {import('esbuild').BuildOptions} */
const IN_IMAGE = { ...NODE, format: 'cjs', supported: { 'dynamic-import': false } };

/** Runs alone; CommonJS packages within an ES module miss their `require`. @type {import('esbuild').BuildOptions} */
const ALONE = {
  ...NODE,
  // Most of it stands in lb.cjs once more: without comments and blanks the package stays small.
  minifyWhitespace: true,
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
};

/** Runs in a browser, within a page of one file. @type {import('esbuild').BuildOptions} */
const IN_PAGE = {
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

/** @typedef {{ entry: string, output: string, options: import('esbuild').BuildOptions }} Bundle */

/** @type {Bundle[]} */
const BUNDLES = [
  { entry: 'setup/main.ts', output: 'dist/setup.js', options: ON_HOST },
  { entry: 'harness/agent/main.ts', output: 'dist/agent.cjs', options: IN_IMAGE },
  { entry: 'lb/main.ts', output: 'dist/lb.cjs', options: IN_IMAGE },
  { entry: 'lb/main.ts', output: 'dist/lb.js', options: ALONE },
  { entry: 'reports/page/main.tsx', output: 'dist/report.js', options: IN_PAGE },
  { entry: 'reports/page/style.css', output: 'dist/report.css', options: { minify: true } },
];

/** Entry points that have most of their code in common, which is in dist/ only once. */
const ENTRY_POINTS = [
  { entry: 'api/index.ts', output: 'dist/index.js' },
  { entry: 'cli/main.ts', output: 'dist/l4lab.js' },
  { entry: 'jest/run-tests.ts', output: 'dist/jest-runner.js' },
  { entry: 'jest/sweep.ts', output: 'dist/jest-sweep.js' },
];

/** Code that entry points have in common. */
const CHUNK = /^chunk-\w+\.js$/;

/** What the image is made of, besides Debian's packages. */
export const IMAGE_FILES = ['image/Dockerfile', 'image/start.sh', 'dist/agent.cjs', 'dist/lb.cjs'];

/**
 * Whether dist/ is whole, and made from the sources as they are now.
 * @param {string} root
 */
export function bundlesAreCurrent(root) {
  const stamp = join(root, STAMP);
  if (!existsSync(stamp)) return false;
  const { sources, outputs } = JSON.parse(readFileSync(stamp, 'utf8'));
  return sources === fingerprint(root) && outputs.every((/** @type {string} */ file) => existsSync(join(root, file)));
}

/**
 * Bundles every program into dist/, unless the bundles are of these sources already.
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function ensureBundles(root, say) {
  if (bundlesAreCurrent(root)) return;
  say('bundles: building dist/');
  await buildBundles(root);
}

/**
 * Bundles every program into dist/, and notes in dist/image.json which image belongs to them.
 * @param {string} root
 */
export async function buildBundles(root) {
  // Before the work: what is changed meanwhile is built next time.
  const sources = fingerprint(root);
  const present = BUNDLES.filter(({ entry }) => existsSync(join(root, entry)));
  const [shared] = await Promise.all([bundleEntryPoints(root), ...present.map((program) => bundle(root, program))]);
  const files = IMAGE_FILES.map((name) => join(root, name)).filter((file) => existsSync(file));
  const tag = imageTag(files.map((file) => [basename(file), readFileSync(file)]));
  replace(join(root, IMAGE_NAME), `${JSON.stringify({ tag })}\n`);
  const outputs = [IMAGE_NAME, ...shared, ...present.map(({ output }) => output)];
  replace(join(root, STAMP), JSON.stringify({ sources, outputs }));
}

/**
 * Makes one file of a program and all that it imports.
 * @param {string} root
 * @param {Bundle} program
 */
export async function bundle(root, { entry, output, options }) {
  const [made] = await filesOf(root, { ...options, entryPoints: [entry] }, entry);
  replace(join(root, output), /** @type {import('esbuild').OutputFile} */ (made).contents);
}

/**
 * Makes the entry points that share code, and takes away what an earlier build shared.
 * @param {string} root
 * @returns {Promise<string[]>} paths of all files
 */
async function bundleEntryPoints(root) {
  const present = ENTRY_POINTS.filter(({ entry }) => existsSync(join(root, entry)));
  if (present.length === 0) return [];
  const folder = dirname(/** @type {{ output: string }} */ (present[0]).output);
  const options = {
    ...ON_HOST,
    splitting: true,
    outdir: folder,
    chunkNames: 'chunk-[hash]',
    entryPoints: present.map(({ entry, output }) => ({ in: entry, out: basename(output, '.js') })),
  };
  const made = await filesOf(root, options, present.map(({ entry }) => entry).join(', '));
  const names = made.map(({ path }) => basename(path));
  // What others are made of is there before them.
  const chunksFirst = [...made].sort(
    (a, b) => Number(CHUNK.test(basename(b.path))) - Number(CHUNK.test(basename(a.path))),
  );
  for (const { path, contents } of chunksFirst) replace(path, contents);
  const stale = readdirSync(join(root, folder)).filter((name) => CHUNK.test(name) && !names.includes(name));
  for (const name of stale) rmSync(join(root, folder, name));
  return names.map((name) => `${folder}/${name}`);
}

/**
 * @param {string} root
 * @param {import('esbuild').BuildOptions} options
 * @param {string} what named where it cannot be bundled
 */
async function filesOf(root, options, what) {
  const { build } = await import('esbuild');
  try {
    return (await build({ absWorkingDir: root, bundle: true, logLevel: 'error', ...options, write: false }))
      .outputFiles;
  } catch (error) {
    // esbuild has printed each mistake with its place.
    throw Object.assign(new Error(`${what} cannot be bundled: see above.`, { cause: error }), { exitCode: 1 });
  }
}

/**
 * The image's name says what is in it: the same content has the same name in every clone, and other content another.
 * @param {[name: string, content: string | Uint8Array][]} files
 */
export function imageTag(files) {
  const hash = createHash('sha256');
  for (const [name, content] of files) hash.update(`${name} ${content.length}\n`).update(content);
  return `l4lab:${hash.digest('hex').slice(0, 12)}`;
}

/**
 * What dist/ depends on: path, size and time of change of every source file. Reading them all would take longer than
 * the command that somebody waits for.
 * @param {string} root
 */
function fingerprint(root) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    const status = statSync(join(root, path), { throwIfNoEntry: false });
    if (status?.isFile()) hash.update(`${path} ${status.size} ${status.mtimeMs}\n`);
    if (status?.isDirectory() && path !== REPORTS_MADE) {
      for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`);
    }
  };
  for (const source of SOURCES) add(source);
  return hash.digest('hex');
}

/**
 * Whoever reads the file meanwhile sees the old content or the new, never a part of it.
 * @param {string} file
 * @param {string | Uint8Array} content
 */
function replace(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildBundles(dirname(dirname(fileURLToPath(import.meta.url))));
}
