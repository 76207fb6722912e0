/** Prints the size of the part of l4lab that runs in a browser, and of its parts: `npm run bench:core-size`. */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const { outputFiles, metafile } = await build({
  entryPoints: ['core/core.ts'],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
});
const text = outputFiles[0]!.contents;
const [output] = Object.values(metafile.outputs);
const parts = new Map<string, number>();
for (const [file, { bytesInOutput }] of Object.entries(output!.inputs)) {
  const part = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'l4lab';
  parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
}
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`.padStart(8);
console.log(`core, minified: ${kB(text.length)}; gzipped: ${kB(gzipSync(text).length)}`);
for (const [part, bytes] of [...parts].sort(([, a], [, b]) => b - a)) console.log(`${kB(bytes)}  ${part}`);
