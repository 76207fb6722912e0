import { setTimeout as delay } from 'node:timers/promises';
import { run } from './run.ts';

const POLL_MS = 20;

interface IpNeighbour {
  dst: string;
  lladdr?: string;
}

/** An address and the interface behind which it is. */
export interface NeighbourQuery {
  address: string;
  dev: string;
}

/**
 * Asks the kernel to resolve neighbours by ARP or ND and waits for their MACs, `deadlineMs` at most; who does not
 * answer is missing from the map.
 */
export async function resolveNeighbours(queries: NeighbourQuery[], deadlineMs: number): Promise<Map<string, string>> {
  if (queries.length === 0) return new Map();
  // `use` makes the kernel ask as it does for a packet of its own, without a packet.
  const batch = queries.map(({ address, dev }) => `neigh replace ${address} dev ${dev} use`).join('\n');
  await run('ip-failed', 'ip', ['-force', '-batch', '-'], `${batch}\n`).catch(() => '');
  const until = performance.now() + deadlineMs;
  for (;;) {
    const known = await readNeighbours(queries);
    if (known.size === new Set(queries.map(({ address }) => address)).size || performance.now() > until) return known;
    await delay(POLL_MS);
  }
}

async function readNeighbours(queries: NeighbourQuery[]): Promise<Map<string, string>> {
  const text = await run('ip-failed', 'ip', ['-j', 'neigh', 'show']);
  const table = JSON.parse(text || '[]') as IpNeighbour[];
  const asked = new Set(queries.map(({ address }) => address));
  return new Map(table.flatMap(({ dst, lladdr }) => (lladdr && asked.has(dst) ? [[dst, lladdr]] : [])));
}
