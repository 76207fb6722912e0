#!/usr/bin/env node
// @ts-check
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { labSetup, prepare, ROOT } from './prepare.mjs';

/** Commands that boot labs, and commands that look for what was booted; all others work where there is no Docker. */
const BOOT = ['run', 'up', 'setup'];
const LOOK = ['down', 'clean'];

try {
  const [command = '', ...rest] = process.argv.slice(2);
  const boots = (BOOT.includes(command) || rest.includes('--prove')) && !rest.includes('--help');
  // The command's own output may be read by a program: what the set-up has to say goes to stderr.
  await prepare({ engine: boots, yes: command === 'setup' && rest.includes('--yes'), say: console.error });
  if (LOOK.includes(command)) await (await labSetup()).pointAtEngine();
  await import(pathToFileURL(join(ROOT, 'dist/l4lab.js')).href);
} catch (error) {
  const { exitCode, message, stack } = /** @type {Error & { exitCode?: number }} */ (error);
  console.error(exitCode === undefined ? stack : message);
  process.exitCode = exitCode ?? 1;
}
