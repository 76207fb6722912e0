import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';

const DEADLINE_MS = 10_000;
const POLL_MS = 50;

/**
 * Has the processes of a node stand still. With control groups of version 1, runc gives up with "unable to freeze" where
 * processes start others faster than they can be stopped, which a busy machine has happen; a later try succeeds.
 * @throws EnvironmentError `node-failed` when none does
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
