import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NetnsLab } from '../../lb/netns/netns-lab.ts';
import type { Path } from './topology.ts';
import { BULK_PORT, HTTP_PORT, SERVICES } from './traffic.ts';

const DEADLINE_MS = 10_000;
const POLL_MS = 20;

/** A proxy that ends TCP connections itself, with a thread for each CPU (its default). */
export function haproxyConfig({ vip, server }: Path): string {
  const listens = [HTTP_PORT, BULK_PORT].map(
    (port) => `listen tcp-${port}\n  bind ${vip}:${port}\n  server s1 ${server}:${port}\n`,
  );
  return `defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${listens.join('')}`;
}

/** Another one, with a worker for each CPU; it supports UDP too. */
export function nginxConfig({ vip, server }: Path): string {
  const servers = SERVICES.map(({ protocol, port }) => {
    const udp = protocol === 'udp' ? ' udp reuseport' : '';
    return `  server { listen ${vip}:${port}${udp}; proxy_pass ${server}:${port}; }\n`;
  });
  return nginx(
    'auto',
    `stream {\n${servers.join('')}}\n`,
    'load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n',
  );
}

/** The server of every contestant: it answers requests with 64 bytes. */
export function httpServerConfig(): string {
  const answer = 'r'.repeat(64);
  return nginx(
    '1',
    `http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen ${HTTP_PORT}; location / { return 200 "${answer}"; } }
}
`,
  );
}

// nginx deletes its pid file when it ends: naming a device here would remove it from the machine.
function nginx(workers: string, rest: string, modules = ''): string {
  return `${modules}daemon off;
pid ${join(tmpdir(), `l4lab-nginx-${randomUUID()}.pid`)};
error_log /dev/null crit;
worker_processes ${workers};
events { worker_connections 16384; }
${rest}`;
}

/** Runs a program in a node with a configuration file until the lab ends, and waits until it listens. */
export async function startProgram(
  lab: NetnsLab,
  node: string,
  { program, config, args }: { program: string; config: string; args: string[] },
): Promise<void> {
  const file = lab.file(`${node}.${program}`);
  await writeFile(file, config);
  keepRunning(lab, node, program, [...args, file]);
  await untilListening(lab, node, [HTTP_PORT]);
}

/** One iperf3 for each address at which packets of clients arrive. */
export async function startBulkServers(lab: NetnsLab, node: string, addresses: string[]): Promise<void> {
  for (const address of addresses) keepRunning(lab, node, 'iperf3', ['-s', '-p', String(BULK_PORT), '-B', address]);
  await untilListening(
    lab,
    node,
    addresses.map((address) => `${address}:${BULK_PORT}`),
  );
}

function keepRunning(lab: NetnsLab, node: string, program: string, args: string[]): void {
  const child = spawn('ip', ['netns', 'exec', lab.namespace(node), program, ...args], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  lab.onClose(async () => {
    child.kill('SIGTERM');
    await ended;
  });
}

async function untilListening(lab: NetnsLab, node: string, wanted: (string | number)[]): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const listening = await lab.exec(node, 'ss', '-Htln');
    const missing = wanted.filter((place) => !new RegExp(`\\D${place}\\s`).test(listening));
    if (missing.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`in ${node} nothing listened on ${missing.join(', ')} within 10 s`);
    await delay(POLL_MS);
  }
}
