import type Dockerode from 'dockerode';

/**
 * Labels by which testcontainers' reaper (Ryuk) removes what this process leaves when it dies.
 * It is used where its image is there already or can be had at once; elsewhere the next run sweeps (see sweep.ts).
 */
export async function reaperLabels(docker: Dockerode): Promise<Record<string, string>> {
  const images = await docker.listImages({ filters: { reference: ['testcontainers/ryuk'] } });
  if (images.length === 0 || process.env['TESTCONTAINERS_RYUK_DISABLED'] === 'true') return {};
  const { getContainerRuntimeClient, getReaper } = await import('testcontainers');
  const reaper = await getReaper(await getContainerRuntimeClient());
  return { 'org.testcontainers': 'true', 'org.testcontainers.session-id': reaper.sessionId };
}
