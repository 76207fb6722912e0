import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, candidateEndpoints, findEndpoint } from './endpoint.ts';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'l4lab-home-'))));
afterEach(() => rmSync(home, { recursive: true }));

function addContext(name: string, host: string, withCertificates = false): string {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(home, '.docker/contexts/meta', id);
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  const certificates = join(home, '.docker/contexts/tls', id, 'docker');
  if (withCertificates) mkdirSync(certificates, { recursive: true });
  return certificates;
}

function useContext(name: string): void {
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: name }));
}

describe('the engine is searched for', () => {
  test('where DOCKER_HOST points, and nowhere else', () => {
    addContext('other', 'unix:///other.sock');
    useContext('other');
    expect(candidateEndpoints({ DOCKER_HOST: 'tcp://203.0.113.5:2375' }, home)).toEqual([
      { DOCKER_HOST: 'tcp://203.0.113.5:2375' },
    ]);
  });

  test('where the current context points, with its certificates', () => {
    const certificates = addContext('remote', 'tcp://203.0.113.5:2376', true);
    useContext('remote');
    expect(candidateEndpoints({}, home)).toEqual([
      { DOCKER_HOST: 'tcp://203.0.113.5:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates },
    ]);
  });

  test('where DOCKER_CONTEXT points, whatever the current context is', () => {
    addContext('desktop-linux', 'unix:///home/me/.docker/desktop/docker.sock');
    addContext('remote', 'tcp://203.0.113.5:2375');
    useContext('remote');
    expect(candidateEndpoints({ DOCKER_CONTEXT: 'desktop-linux' }, home)).toEqual([
      { DOCKER_HOST: 'unix:///home/me/.docker/desktop/docker.sock' },
    ]);
  });

  test('at the well-known sockets, if none was chosen', () => {
    const hosts = candidateEndpoints({ XDG_RUNTIME_DIR: '/run/user/1000' }, home).map((one) => one.DOCKER_HOST);
    expect(hosts).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///run/user/1000/docker.sock',
      `unix://${home}/.docker/run/docker.sock`,
    ]);
  });

  test('an unknown context is reported by name', () => {
    mkdirSync(join(home, '.docker'));
    useContext('gone');
    expect(() => candidateEndpoints({}, home)).toThrow('The docker context "gone" does not exist.');
  });
});

describe('an endpoint answers', () => {
  let server: Server;
  afterEach(() => server.close());

  async function serve(status: number): Promise<string> {
    const socket = join(home, 'engine.sock');
    server = createServer((_, response) => response.writeHead(status).end('OK'));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return `unix://${socket}`;
  }

  test('when the engine behind it is ready', async () => {
    expect(await answers({ DOCKER_HOST: await serve(200) })).toBe(true);
  });

  test('not while the engine reports an error, nor where nothing listens', async () => {
    expect(await answers({ DOCKER_HOST: await serve(500) })).toBe(false);
    expect(await answers({ DOCKER_HOST: `unix://${home}/nothing.sock` })).toBe(false);
  });

  test('never over ssh, and the message suggests an alternative', async () => {
    await serve(200);
    await expect(answers({ DOCKER_HOST: 'ssh://somebody@engine.example' })).rejects.toThrow('ssh -nNT -L');
  });

  test('not if this user lacks permission, and the message says who has it and what to do', async () => {
    const endpoint = { DOCKER_HOST: await serve(200) };
    chmodSync(join(home, 'engine.sock'), 0o000);
    const silent = { DOCKER_HOST: `unix://${home}/nothing.sock` };
    await asOrdinaryUser(async () => {
      await expect(findEndpoint([silent, endpoint])).rejects.toThrow(
        new RegExp(
          `There is a Docker engine at ${endpoint.DOCKER_HOST}, but user (\\S+) may not use it[^]*usermod -aG docker \\1$`,
        ),
      );
    });
  });

  test('another one that answers is used instead of one that refuses', async () => {
    const endpoint = { DOCKER_HOST: await serve(200) };
    chmodSync(join(home, 'engine.sock'), 0o777);
    const locked = join(home, 'locked');
    mkdirSync(locked, { mode: 0o000 });
    await asOrdinaryUser(async () => {
      expect(await findEndpoint([{ DOCKER_HOST: `unix://${locked}/engine.sock` }, endpoint])).toBe(endpoint);
    });
  });

  /** Root may open everything, so for the time of some work this process is somebody else. */
  async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
    const isRoot = process.geteuid!() === 0;
    const NOBODY = 65534;
    if (isRoot) {
      chmodSync(home, 0o755);
      process.seteuid!(NOBODY);
    }
    try {
      await work();
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  }
});
