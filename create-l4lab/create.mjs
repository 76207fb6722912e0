#!/usr/bin/env node
// @ts-check
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

// `npm create l4lab -- --mode dsr` is `l4lab init --mode dsr`, before l4lab is in the project.
const manifest = createRequire(import.meta.url).resolve('l4lab/package.json');
process.argv.splice(2, 0, 'init');
await import(pathToFileURL(join(dirname(manifest), 'setup/l4lab.mjs')).href);
