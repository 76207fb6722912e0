import type Dockerode from 'dockerode';

/**
 * Labels that make testcontainers' reaper (Ryuk) remove what this process leaves behind. Used only if Ryuk's image is
 * already present, and testcontainers finds the engine that runs the labs; otherwise the next run sweeps (see
 * sweep.ts).
 */
export async function reaperLabels(docker: Dockerode): Promise<Record<string, string>> {
  const images = await docker.listImages({ filters: { reference: ['testcontainers/ryuk'] } });
  if (images.length === 0 || process.env['TESTCONTAINERS_RYUK_DISABLED'] === 'true') return {};
  const { getContainerRuntimeClient, getReaper } = await import('testcontainers');
  const client = await getContainerRuntimeClient().catch(() => null);
  if (client === null || !(await isSame(client.container.dockerode, docker))) return {};
  const reaper = await getReaper(client);
  return { 'org.testcontainers': 'true', 'org.testcontainers.session-id': reaper.sessionId };
}

/** Whether two clients use the same engine. */
async function isSame(one: Dockerode, other: Dockerode): Promise<boolean> {
  const [a, b] = (await Promise.all([one.info(), other.info()])) as { ID: string }[];
  return a!.ID === b!.ID;
}
