import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from './endpoint.ts';
import { SetupError } from './setup-error.ts';

/** How long ssh may take to log in, ms. */
const DEADLINE_MS = 30_000;
const REMOTE_SOCKET = '/var/run/docker.sock';

/** A local socket to a remote engine; the tunnel ends with `close`, or with this process. */
export interface Tunnel {
  endpoint: Endpoint;
  close(): void;
}

/**
 * Opens a tunnel to the engine of an `ssh://[user@]host[:port]` by the ssh program, with the user's own keys and
 * settings.
 * @throws SetupError with ssh's output
 */
export async function openTunnel(address: string): Promise<Tunnel> {
  const { username, hostname, port } = new URL(address);
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-ssh-'));
  const socket = join(folder, 'docker.sock');
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const target = username === '' ? host : `${username}@${host}`;
  const args = [
    ...['-nNT', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes', '-o', 'ServerAliveInterval=10'],
    ...(port === '' ? [] : ['-p', port]),
    ...['-L', `${socket}:${REMOTE_SOCKET}`, '--', target],
  ];
  const ssh = spawn('ssh', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  let ended: string | null = null;
  ssh.stderr.on('data', (piece: Buffer) => (printed += piece.toString()));
  ssh.on('error', ({ message }) => (ended = message));
  ssh.on('exit', (code) => (ended ??= printed.trim() || `ssh ended with ${code}`));
  const close = (): void => {
    ssh.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', close);
  const deadline = Date.now() + DEADLINE_MS;
  while (!existsSync(socket)) {
    if (ended === null && Date.now() < deadline) {
      await delay(50);
      continue;
    }
    close();
    throw new SetupError(`${address} cannot be reached: ${ended ?? `no login within ${DEADLINE_MS / 1000} s`}`);
  }
  ssh.unref();
  return { endpoint: { DOCKER_HOST: `unix://${socket}` }, close };
}
