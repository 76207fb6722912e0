import { host, hostsAfter } from './address.ts';
import { nodeAddresses } from './lab-queries.ts';
import type { Lab } from './schema.ts';

/** A free address in a subnet of a node: unused in the lab and not in `taken`. */
export function freeAddress(lab: Lab, node: string, taken: string[] = []): string | undefined {
  const used = new Set([...Object.keys(lab.nodes).flatMap((name) => nodeAddresses(lab, name).map(host)), ...taken]);
  return nodeAddresses(lab, node)
    .flatMap(hostsAfter)
    .find((address) => !used.has(address));
}
