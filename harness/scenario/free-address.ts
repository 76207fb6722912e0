import { host, hostsAfter } from './address.ts';
import { nodeAddresses } from './lab-queries.ts';
import type { Lab } from './schema.ts';

/** An address in a subnet of a node that nobody has: neither a node of the lab nor those of `taken`. */
export function freeAddress(lab: Lab, node: string, taken: string[] = []): string | undefined {
  const used = new Set([...Object.keys(lab.nodes).flatMap((name) => nodeAddresses(lab, name).map(host)), ...taken]);
  return nodeAddresses(lab, node)
    .flatMap(hostsAfter)
    .find((address) => !used.has(address));
}
