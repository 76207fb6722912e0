import { labImage } from '../api/package.ts';
import { EXIT } from '../harness/errors.ts';

/** `l4lab setup`: all is ready by now, since this command begins like those that boot labs: see setup/l4lab.mjs. */
export function setupCommand(): Promise<number> {
  process.stdout.write(`ready: engine at ${process.env['DOCKER_HOST']}, image ${labImage()}\n`);
  return Promise.resolve(EXIT.ok);
}
