import { findEndpoint, requireEndpoint } from './endpoint.ts';
import { ensureEngine, type EngineOptions } from './engine.ts';
import { ensureImage, hasImage } from './image.ts';
import { SetupError } from './setup-error.ts';

export { ensureTestTools, missingTools } from './test-tools.ts';

/**
 * Points every Docker client in this process and its children at the engine that answers.
 * @throws SetupError where none does
 */
export async function pointAtEngine(): Promise<void> {
  Object.assign(process.env, await requireEndpoint());
}

/** Whether an engine answers and holds the lab image. Then this process is pointed at that engine. */
export async function labIsReady(tag: string): Promise<boolean> {
  const engine = await findEndpoint();
  if (engine === undefined || !(await hasImage(engine, tag))) return false;
  Object.assign(process.env, engine);
  return true;
}

/**
 * Makes sure that an engine answers and holds the lab image, and points this process at that engine.
 * @param root the project's folder
 * @throws SetupError where the machine cannot give one
 */
export async function makeLabReady(root: string, tag: string, options: EngineOptions): Promise<void> {
  const engine = await ensureEngine(options);
  Object.assign(process.env, engine);
  await ensureImage({ root, tag, pull: options.pull }, engine, options.say).catch((error: unknown) => {
    // dockerode marks what the engine answered; anything else is a mistake of ours and keeps its stack.
    if (!(error instanceof Error) || !('statusCode' in error)) throw error;
    throw new SetupError(`The engine at ${engine.DOCKER_HOST} could not build the lab image: ${error.message}`);
  });
}
