import { L4labError } from '../harness/errors.ts';
import { findEngine, type Engine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import type { Project } from '../harness/project/project.ts';
import { isPresent } from '../setup/base-image.ts';
import type { Endpoint } from '../setup/endpoint.ts';
import { SETUP_LOCK, withLock } from '../setup/lock.mjs';
import { labIsReady, makeLabReady } from '../setup/main.ts';
import { followProgress } from '../setup/progress.ts';
import { SetupError } from '../setup/setup-error.ts';
import { openTunnel } from '../setup/ssh-tunnel.ts';
import { labImage, PACKAGE } from './package.ts';

/** An engine that is ready to boot labs. */
export interface ReadyEngine {
  engine: Engine;
  /** Further engines of the project. */
  more: Engine[];
  image: string;
  labels: Record<string, string>;
}

/**
 * The engines of a project, or the local one (started if necessary), with the lab image on each; removes leftovers of
 * killed runs.
 * @param options `yes`: install without asking; `say`: called with progress messages (default: stderr, because stdout
 * may be read by a program)
 * @throws L4labError `engine-unavailable`: what is missing, and what to do
 */
export async function readyEngine(
  project: Project,
  options: { yes?: boolean; say?: (line: string) => void } = {},
): Promise<ReadyEngine> {
  try {
    return await makeReady(project, options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new L4labError('engine-unavailable', error.message, { cause: error });
  }
}

async function makeReady(
  project: Project,
  options: { yes?: boolean; say?: (line: string) => void },
): Promise<ReadyEngine> {
  const { yes = false, say = (line: string): void => void process.stderr.write(`${line}\n`) } = options;
  const image = labImage();
  const [first, ...others] = await Promise.all(project.engines.map(endpointOf));
  // Later searches in this process find this engine.
  if (first) Object.assign(process.env, first);
  if (!(await labIsReady(image)))
    await withLock(SETUP_LOCK, say, () => makeLabReady(PACKAGE, image, { yes, say, pull: project.image }));
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const more = await Promise.all(others.map((endpoint) => readyOther(endpoint, engine, image, say)));
  return { engine, more, image, labels: await reaperLabels(engine.docker) };
}

/** All engines of a project, or the local one, without setup. @throws L4labError */
export async function allEngines(project: Project): Promise<Engine[]> {
  if (project.engines.length === 0) return [await findEngine()];
  return Promise.all(project.engines.map(async (address) => findEngine(await endpointOf(address))));
}

/** The engine where `up` leaves labs: the project's first, or the local one. @throws L4labError */
export async function firstEngine({ engines: [first] }: Project): Promise<Engine> {
  return findEngine(first === undefined ? undefined : await endpointOf(first));
}

async function readyOther(
  endpoint: Endpoint,
  from: Engine,
  image: string,
  say: (line: string) => void,
): Promise<Engine> {
  const engine = await findEngine(endpoint);
  if (!(await isPresent(engine.docker, image))) {
    say(`image: copying ${image} to the engine at ${endpoint.DOCKER_HOST}`);
    const archive = await from.docker.getImage(image).get();
    await followProgress(engine.docker, await engine.docker.loadImage(archive));
  }
  await sweep(engine.docker, { orphans: true });
  return engine;
}

async function endpointOf(address: string): Promise<Endpoint> {
  return address.startsWith('ssh://') ? (await openTunnel(address)).endpoint : { DOCKER_HOST: address };
}
