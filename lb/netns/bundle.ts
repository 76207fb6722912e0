import { resolve } from 'node:path';
import { build } from 'esbuild';

/** CommonJS packages in an ES module bundle need `require`. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/** Bundles a program below `lb/` of the working directory into one file, as it is published. */
export async function bundle(program: string, file: string): Promise<void> {
  await build({
    entryPoints: [resolve('lb', program)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
  });
}
