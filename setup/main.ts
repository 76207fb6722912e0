import { findEndpoint, requireEndpoint } from './endpoint.ts';
import { ensureEngine, type EngineOptions } from './engine.ts';
import { ensureImage, hasImage } from './image.ts';
import { SetupError } from './setup-error.ts';

export { ensureTestTools, missingTools } from './test-tools.ts';

/**
 * Makes all Docker clients in this process and its children use the running engine.
 * @throws SetupError without one
 */
export async function pointAtEngine(): Promise<void> {
  Object.assign(process.env, await requireEndpoint());
}

/** Whether an engine answers and has the lab image; if so, this process uses it. */
export async function labIsReady(tag: string): Promise<boolean> {
  const engine = await findEndpoint();
  if (engine === undefined || !(await hasImage(engine, tag))) return false;
  Object.assign(process.env, engine);
  return true;
}

/**
 * Ensures that an engine answers and has the lab image, and makes this process use it.
 * @param root the project's folder
 * @throws SetupError if that is impossible
 */
export async function makeLabReady(root: string, tag: string, options: EngineOptions): Promise<void> {
  const engine = await ensureEngine(options);
  Object.assign(process.env, engine);
  await ensureImage({ root, tag, pull: options.pull }, engine, options.say).catch((error: unknown) => {
    // dockerode marks errors of the engine; anything else is a bug and keeps its stack.
    if (!(error instanceof Error) || !('statusCode' in error)) throw error;
    throw new SetupError(`The engine at ${engine.DOCKER_HOST} could not build the lab image: ${error.message}`);
  });
}
