import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';

/** Numbers of Docker objects. */
export interface Remnants {
  containers: number;
  /** Running containers. */
  running: number;
  networks: number;
}

/** Counts objects with a label whose value has the given prefix. */
export async function remnants(docker: Dockerode, label: string, value: string): Promise<Remnants> {
  const filters = { label: [label] };
  const carries = ({ Labels }: { Labels?: Record<string, string> | undefined }): boolean =>
    Labels?.[label]?.startsWith(value) === true;
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  const own = containers.filter(carries);
  return {
    containers: own.length,
    running: own.filter(({ State }) => State === 'running').length,
    networks: networks.filter(carries).length,
  };
}

/** No objects. */
export const NOTHING: Remnants = { containers: 0, running: 0, networks: 0 };

/** Polls until a condition holds. @throws Error naming the condition, after 90 s */
export async function until(awaited: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited 90 s for ${awaited}`);
    await sleep(50);
  }
}
