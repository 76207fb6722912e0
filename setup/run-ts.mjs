// @ts-check
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, ON_HOST } from './build.mjs';
import { prepare, ROOT } from './prepare.mjs';

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  console.error('Usage: node setup/run-ts.mjs FILE.ts [ARGUMENTS…]');
  process.exit(2);
}
await prepare({ engine: false, yes: false, say: console.error });
const output = join('dist', basename(entry).replace(/\.ts$/, '.js'));
await bundle(ROOT, { entry, output, options: ON_HOST });
const program = join(ROOT, output);
// The program sees its arguments as if started directly.
process.argv = [process.execPath, program, ...args];
await import(pathToFileURL(program).href);
