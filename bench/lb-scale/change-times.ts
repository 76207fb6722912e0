import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsLab, ROUTER } from '../../lb/netns/netns-lab.ts';
import { RunningLb } from '../../lb/netns/running-lb.ts';
import type { Mode } from './large-config.ts';
import { largeConfig } from './large-config.ts';

const SERVICES = 1000;
const SERVERS = 10;
/** Changes of each kind after each start. */
const CHANGES = 10;
/** Time between single changes, ms, without waiting for a state. Most work for one change is done before the next. */
const PAUSE_MS = 100;

/** What was timed, in milliseconds. */
export type ChangeTimes = Record<
  'start to ready' | 'change of a weight' | 'drain of a server' | 'one change after another',
  number[]
>;

/** Starts the load balancer with a large configuration and changes one server of it, several times. */
export async function changeTimes(mode: Mode, rounds: number, signal: AbortSignal): Promise<ChangeTimes> {
  const times: ChangeTimes = {
    'start to ready': [],
    'change of a weight': [],
    'drain of a server': [],
    'one change after another': [],
  };
  const lab = await NetnsLab.create({
    l4: { links: { client: '203.0.113.1/24' }, sysctls: ROUTER },
    client: { links: { l4: '203.0.113.2/24' } },
  });
  const socket = lab.file('api.sock');
  try {
    await lab.program('main.ts');
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      const began = performance.now();
      const lb = await RunningLb.start(lab, 'l4', largeConfig(mode, SERVICES, SERVERS, { api: { socket } }));
      times['start to ready'].push(performance.now() - began);
      for (let i = 0; i < CHANGES; i++) {
        const path = `/v1/services/s-${i * 99}/servers/h-3`;
        await delay(PAUSE_MS);
        times['change of a weight'].push(await patch(socket, path, { weight: 2 }));
        await delay(PAUSE_MS);
        times['drain of a server'].push(await patch(socket, path, { drain: true }));
      }
      for (let i = 0; i < CHANGES; i++) {
        const path = `/v1/services/s-${i * 99}/servers/h-3`;
        times['one change after another'].push(await patch(socket, path, { drain: false }));
      }
      await lb.stop();
    }
  } finally {
    await lab.close();
  }
  return times;
}

/** Milliseconds until the change is in force, which is when the API answers. */
function patch(socketPath: string, path: string, body: unknown): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: 'PATCH' }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began);
        else reject(new Error(`PATCH ${path} returned ${response.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });
}
