import { setTimeout as delay } from 'node:timers/promises';
import { run } from './run.ts';

const POLL_MS = 20;

/** A neighbour as printed by `ip`; without a MAC until it has answered. */
interface IpNeighbour {
  dst: string;
  dev: string;
  lladdr?: string;
}

/** An address and the interface that it is reached through. */
export interface NeighbourQuery {
  address: string;
  dev: string;
}

/**
 * Makes the kernel resolve neighbours by ARP or ND, and waits for their MACs, at most `deadlineMs`. Neighbours that do
 * not answer are missing from the map.
 */
export async function resolveNeighbours(queries: NeighbourQuery[], deadlineMs: number): Promise<Map<string, string>> {
  if (queries.length === 0) return new Map();
  // `use` triggers resolution as a packet would, without sending one.
  const batch = queries.map(({ address, dev }) => `neigh replace ${address} dev ${dev} use`).join('\n');
  await run('ip-failed', 'ip', ['-force', '-batch', '-'], `${batch}\n`).catch(() => '');
  const until = performance.now() + deadlineMs;
  for (;;) {
    const known = await readNeighbours(queries);
    if (known.size === new Set(queries.map(({ address }) => address)).size || performance.now() > until) return known;
    await delay(POLL_MS);
  }
}

/** The kernel's neighbours, or only those in one state (`nud permanent`). */
export async function listNeighbours(...which: string[]): Promise<IpNeighbour[]> {
  const text = await run('ip-failed', 'ip', ['-j', 'neigh', 'show', ...which]);
  return JSON.parse(text || '[]') as IpNeighbour[];
}

async function readNeighbours(queries: NeighbourQuery[]): Promise<Map<string, string>> {
  const table = await listNeighbours();
  const asked = new Set(queries.map(({ address }) => address));
  return new Map(table.flatMap(({ dst, lladdr }) => (lladdr && asked.has(dst) ? [[dst, lladdr]] : [])));
}
