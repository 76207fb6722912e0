#!/usr/bin/env node
// @ts-check
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, ROOT } from './prepare.mjs';

try {
  // The command's output may be read by a program, so messages of setup go to stderr.
  await prepare({ engine: false, yes: false, say: console.error });
  await import(pathToFileURL(join(ROOT, 'dist/l4lab.js')).href);
} catch (error) {
  const { exitCode, message, stack } = /** @type {Error & { exitCode?: number }} */ (error);
  console.error(exitCode === undefined ? stack : message);
  process.exitCode = exitCode ?? 1;
}
