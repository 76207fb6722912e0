import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { KEPT_LABEL, LAB_LABEL, OWNER_LABEL, ownerIsGone, PROJECT_LABEL } from './labels.ts';

/** What a sweep removed. */
export interface Swept {
  containers: number;
  networks: number;
}

/**
 * Labs to remove: those whose process is gone, those of one process (`ownerLabel`), those kept for one or all scenarios
 * of a project, or everything.
 */
export type SweepScope =
  { orphans: true } | { owner: string } | { kept: { project: string; scenario: string | null } } | { everything: true };

/** Removes labs from Docker by their labels. Touches only objects of l4lab. */
export async function sweep(docker: Dockerode, scope: SweepScope): Promise<Swept> {
  const filters = { label: [LAB_LABEL] };
  const containers = (await docker.listContainers({ all: true, filters })).filter((c) => isIn(scope, c.Labels));
  await Promise.all(containers.map((c) => removeWithRetries(docker.getContainer(c.Id))));
  const networks = (await docker.listNetworks({ filters })).filter((n) => isIn(scope, n.Labels ?? {}));
  await Promise.all(networks.map((n) => removeWithRetries(docker.getNetwork(n.Id))));
  return { containers: containers.length, networks: networks.length };
}

function isIn(scope: SweepScope, labels: Record<string, string>): boolean {
  if ('everything' in scope) return true;
  if ('owner' in scope) return labels[OWNER_LABEL] === scope.owner;
  const kept = labels[KEPT_LABEL];
  if ('kept' in scope) {
    const { project, scenario } = scope.kept;
    return kept !== undefined && labels[PROJECT_LABEL] === project && (scenario === null || scenario === kept);
  }
  return kept === undefined && ownerIsGone(labels[OWNER_LABEL] ?? '');
}

const RESTART_DEADLINE_MS = 20_000;
const RESTART_POLL_MS = 100;

/**
 * Removes an object of the engine, even while the engine restarts, when it returns arbitrary errors. Ignores missing
 * objects; if the engine does not come back, the next sweep removes it.
 */
export async function removeWithRetries(thing: { remove(options: { force: true }): Promise<unknown> }): Promise<void> {
  const deadline = performance.now() + RESTART_DEADLINE_MS;
  for (;;) {
    try {
      await thing.remove({ force: true });
      return;
    } catch (error) {
      if (isGone(error)) return;
      const { statusCode = 0 } = error as { statusCode?: number };
      const away = error instanceof L4labError;
      if (!away && statusCode !== STILL_USED && statusCode < SERVER_ERROR) throw error;
      if (performance.now() > deadline) {
        if (away) return;
        throw error;
      }
      await delay(RESTART_POLL_MS);
    }
  }
}

/** HTTP status: the network still has containers. */
const STILL_USED = 403;
const SERVER_ERROR = 500;

/** Whether Docker reports an object as missing (404) or being removed (409). */
export function isGone(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === 404 || statusCode === 409;
}
