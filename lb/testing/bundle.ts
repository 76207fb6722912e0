import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** CommonJS packages within an ES module miss their `require`. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/** Makes one JavaScript file of a program below `lb/` of the working directory, as it ships; the caller removes its folder. */
export async function bundle(program: string): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'l4lab-bundle-'));
  const file = join(folder, 'program.mjs');
  const entry = resolve('lb', program);
  await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
  });
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}
