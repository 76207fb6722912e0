import type Dockerode from 'dockerode';
import { KEPT_LABEL, LAB_LABEL, OWNER_LABEL, ownerIsGone } from './labels.ts';

/** What a sweep removed. */
export interface Swept {
  containers: number;
  networks: number;
}

/** Which labs to remove: those whose process is gone, the ones kept for a scenario (or all kept ones), or everything. */
export type SweepScope = { orphans: true } | { kept: string | null } | { everything: true };

/** Removes labs from Docker by their labels. Nothing that l4lab did not make is touched. */
export async function sweep(docker: Dockerode, scope: SweepScope): Promise<Swept> {
  const filters = { label: [LAB_LABEL] };
  const containers = (await docker.listContainers({ all: true, filters })).filter((c) => isIn(scope, c.Labels));
  await Promise.all(containers.map((c) => docker.getContainer(c.Id).remove({ force: true }).catch(unlessGone)));
  const networks = (await docker.listNetworks({ filters })).filter((n) => isIn(scope, n.Labels ?? {}));
  await Promise.all(networks.map((n) => docker.getNetwork(n.Id).remove().catch(unlessGone)));
  return { containers: containers.length, networks: networks.length };
}

function isIn(scope: SweepScope, labels: Record<string, string>): boolean {
  if ('everything' in scope) return true;
  const kept = labels[KEPT_LABEL];
  if ('kept' in scope) return kept !== undefined && (scope.kept === null || scope.kept === kept);
  return kept === undefined && ownerIsGone(labels[OWNER_LABEL] ?? '');
}

/** Whether Docker says that a thing is gone (404) or on its way out (409). */
export function isGone(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === 404 || statusCode === 409;
}

function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}
