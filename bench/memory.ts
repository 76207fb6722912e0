import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';

/** The control group as seen by the node: version 2 first, then version 1. */
const SCRIPT = `cd /sys/fs/cgroup
if [ -e memory.current ]; then cat memory.current memory.stat
else cat memory/memory.usage_in_bytes memory/memory.stat; fi`;

/**
 * Memory of a node, bytes, counted as `docker stats` does: without the file cache that the kernel could free. Engines
 * cannot report it themselves after interfaces of a container were renamed.
 */
export async function memoryOf(container: Dockerode.Container): Promise<number> {
  const exec = await container.exec({ Cmd: ['sh', '-c', SCRIPT], AttachStdout: true, Tty: true });
  return memoryInUse(await text(await exec.start({ Tty: true })));
}

/** @param report the group's usage in bytes, then its memory.stat (the kernel's cgroup-v1 and cgroup-v2 documents) */
export function memoryInUse(report: string): number {
  const inactive = /^total_inactive_file (\d+)/m.exec(report) ?? /^inactive_file (\d+)/m.exec(report);
  return parseInt(report) - Number(inactive?.[1] ?? 0);
}
