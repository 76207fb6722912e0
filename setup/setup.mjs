// @ts-check
import { parseArgs } from 'node:util';
import { labImage, prepare } from './prepare.mjs';
import { runCommand } from './run-command.mjs';

const USAGE = `Usage: node setup/setup.mjs [--yes] [-- COMMAND…]
Makes sure that packages, bundles, a Docker engine and the lab image are there; does nothing when they are.
  --yes   install what is missing without asking
  --tests also what the tests run on this machine itself: a browser, nft, Docker Compose
  --      afterwards run COMMAND, with its Docker clients pointed at the engine that was found`;

/** @returns {Promise<number>} the exit code: 0 ready, 2 invalid use, 3 the machine cannot give what is needed */
async function main() {
  const { options, command } = readArguments(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  await prepare({ engine: true, tests: options.tests === true, yes: options.yes === true, say: console.log });
  if (command.length > 0) return runCommand(command);
  console.log(`ready: engine at ${process.env.DOCKER_HOST}, image ${labImage()}`);
  return 0;
}

/** @param {string[]} words */
function readArguments(words) {
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  try {
    const options = {
      yes: { type: /** @type {const} */ ('boolean') },
      tests: { type: /** @type {const} */ ('boolean') },
      help: { type: /** @type {const} */ ('boolean') },
    };
    return { options: parseArgs({ args: words.slice(0, end), options }).values, command: words.slice(end + 1) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`${reason}\n${USAGE}`), { exitCode: 2 });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const { exitCode, message, stack } = /** @type {Error & { exitCode?: number }} */ (error);
  console.error(exitCode === undefined ? stack : message);
  process.exitCode = exitCode ?? 1;
}
