import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';

const DEADLINE_MS = 10_000;
const POLL_MS = 50;

/**
 * Pauses the processes of a node. With cgroups v1, runc fails with "unable to freeze" if processes fork faster than it
 * can freeze them, as on a busy machine; a later attempt succeeds.
 * @throws EnvironmentError `node-failed` if none does
 */
export async function pauseContainer(
  container: Pick<Dockerode.Container, 'pause'>,
  node: string,
  withinMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      await container.pause();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        const params = { node, seconds: Math.round(withinMs / 1000), error: (error as Error).message };
        throw new EnvironmentError('node-failed', { code: 'pause-failed', params }, { cause: error });
      }
    }
    await delay(POLL_MS);
  }
}
