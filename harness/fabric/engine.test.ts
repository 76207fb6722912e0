import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import { findEngine, watchConnection } from './engine.ts';
import { reaperLabels } from './reaper.ts';

/** All of testcontainers takes its time to load on a busy machine. */
const LOADING_DEADLINE_MS = 60_000;

let folder: string;
let server: Server | undefined;
const before = { ...process.env };
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'l4lab-engine-'))));
afterEach(() => {
  server?.close();
  rmSync(folder, { recursive: true });
  process.env = { ...before };
});

/** An engine with given answers, and no others. */
async function pointAtEngine(answers: Record<string, object>): Promise<void> {
  const answer: RequestListener = ({ url = '' }, response) => {
    const found = answers[url.split('?')[0]!];
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { message: `no ${url}` }));
  };
  const socket = join(folder, 'engine.sock');
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(socket, resolve));
  process.env.DOCKER_HOST = `unix://${socket}`;
}

const OWN = {
  '/_ping': {},
  '/version': { Version: '99.1', KernelVersion: '9.9' },
  '/info': { ID: 'own', OperatingSystem: 'Own OS', NCPU: 3 },
};

describe('with a named engine', () => {
  test('that one is used', async () => {
    await pointAtEngine(OWN);
    expect(await findEngine()).toMatchObject({ name: 'Docker 99.1', kernel: '9.9', os: 'Own OS', cpus: 3 });
  });

  test('an error is reported if it does not answer, even if another one would', async () => {
    process.env.DOCKER_HOST = `unix://${folder}/nothing.sock`;
    await expect(findEngine()).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining(`No Docker engine answers at unix://${folder}/nothing.sock`) as string,
    });
  });

  test(
    'the reaper runs there or nowhere',
    async () => {
      await pointAtEngine({ ...OWN, '/images/json': [{ Id: 'ryuk' }] });
      const { docker } = await findEngine();
      // Where testcontainers goes, which looks for an engine by itself.
      process.env.DOCKER_HOST = 'unix:///var/run/docker.sock';
      expect(await reaperLabels(docker)).toEqual({});
    },
    LOADING_DEADLINE_MS,
  );

  test.each([
    ['Podman', { '/version': { Version: '5.4', Components: [{ Name: 'Podman Engine' }] } }, /is Podman/],
    ['an nftables backend', { '/info': { NCPU: 1, FirewallBackend: { Driver: 'nftables' } } }, /--firewall-backend/],
    [
      'a kernel of long ago',
      { '/version': { Version: '99.1', KernelVersion: '5.4.0-42-generic' } },
      /5.4.0-42-generic; labs need 6.1/,
    ],
  ])('an engine is refused: %s carries no labs', async (_, answers, message) => {
    await pointAtEngine({ ...OWN, ...answers });
    await expect(findEngine()).rejects.toThrow(message);
  });

  test('its disappearance is reported in plain words', async () => {
    await pointAtEngine(OWN);
    const { docker } = await findEngine();
    server!.close();
    server!.closeAllConnections();
    await expect(docker.listContainers()).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('lost the connection to the Docker engine') as string,
    });
  });
});

test('a hanging engine is given up after a timeout', async () => {
  const socket = join(folder, 'engine.sock');
  server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/info')) response.end('{}');
  });
  await new Promise<void>((resolve) => server!.listen(socket, resolve));
  const docker = new Dockerode({ socketPath: socket });
  watchConnection(docker.modem, 200);
  await expect(docker.info()).resolves.toEqual({});
  await expect(docker.createNetwork({ Name: 'wire' })).rejects.toMatchObject({
    code: 'engine-unavailable',
    message: expect.stringContaining('it has not answered POST /networks/create for 0.2 s') as string,
  });
});

test('an engine that answers many calls one after another does not hang', async () => {
  const socket = join(folder, 'engine.sock');
  const [hangsAfterMs, calls] = [400, 6];
  const waiting: ServerResponse[] = [];
  const answer = (): void => {
    waiting.shift()?.end('{"Id":"wire"}');
    if (waiting.length > 0) setTimeout(answer, hangsAfterMs / 2);
  };
  server = createServer((_request, response) => {
    if (waiting.push(response) === calls) setTimeout(answer, hangsAfterMs / 2);
  });
  await new Promise<void>((resolve) => server!.listen(socket, resolve));
  const docker = new Dockerode({ socketPath: socket });
  watchConnection(docker.modem, hangsAfterMs);
  const made = Array.from({ length: calls }, () => docker.createNetwork({ Name: 'wire' }));
  await expect(Promise.all(made)).resolves.toHaveLength(calls);
});
