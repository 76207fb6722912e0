import { resolve } from 'node:path';
import { build } from 'esbuild';

/** CommonJS packages within an ES module miss their `require`. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/** Makes one JavaScript file of a program below `lb/` of the working directory, as it ships. */
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
