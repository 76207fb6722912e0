import { bytesOf, isIPv4 } from './address.ts';
import type { RouteService } from './config.ts';
import { HASH_SEED, jhash, scaled } from './jhash.ts';
import { markOfText } from './mark.ts';

/** Addresses of a packet that a service of mode `route` hashes. */
export const HASHES = {
  source: ['src'],
  destination: ['dst'],
  both: ['src', 'dst'],
} as const;

/** The destination network of a service: `any` means all addresses of its next hops' family. */
export function destinationOf({ to, nextHops: [first] }: RouteService): string {
  if (to !== 'any') return to;
  return isIPv4(first!) ? '0.0.0.0/0' : '::/0';
}

/** The next hop of a packet, as selected by the rule of `renderRoutes`. */
export function nextHopOf({ hash, nextHops }: RouteService, packet: { src: string; dst: string }): string {
  const key = HASHES[hash].flatMap((end) => bytesOf(packet[end]));
  return nextHops[scaled(jhash(Uint8Array.from(key), HASH_SEED), nextHops.length)]!;
}

/** Mark of packets for a next hop, and number of its routing table. */
export function nextHopMark(address: string): string {
  return markOfText(`next hop ${address}`);
}

/** Services of mode `route`, longest prefix first: the first that matches a packet decides. */
export function bySpecificity(services: readonly RouteService[]): RouteService[] {
  return services.toSorted((a, b) => lengthOf(b.to) - lengthOf(a.to));
}

function lengthOf(to: string): number {
  return to === 'any' ? -1 : Number(to.split('/')[1]);
}
