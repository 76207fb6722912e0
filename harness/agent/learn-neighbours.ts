import { setTimeout as delay } from 'node:timers/promises';
import { ipTolerantBatch } from './programs/program.ts';

const POLL_MS = 10;

/** A neighbour of this node: an address on an interface. */
export interface Neighbour {
  dev: string;
  address: string;
}

/**
 * Makes the kernel resolve neighbours without sending a packet (`use`, ip-neighbour(8)). Ends when each has answered or
 * failed after three probes, one second apart.
 */
export async function learnNeighbours(neighbours: Neighbour[]): Promise<void> {
  const ask = neighbours.map(({ dev, address }) => `neigh replace ${address} dev ${dev} use`);
  let open = openAmong(neighbours, await ipTolerantBatch([...ask, SHOW_OPEN]));
  while (open) {
    await delay(POLL_MS);
    open = openAmong(neighbours, await ipTolerantBatch([SHOW_OPEN]));
  }
}

const SHOW_OPEN = 'neigh show nud incomplete';

/** @param shown lines like `203.0.113.9 dev l3 INCOMPLETE` */
function openAmong(neighbours: Neighbour[], shown: string): boolean {
  const lines = shown.split('\n');
  return neighbours.some(({ dev, address }) => lines.some((line) => line.startsWith(`${address} dev ${dev} `)));
}
