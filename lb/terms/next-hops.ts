import { bytesOf } from './address.ts';
import type { RouteService } from './config.ts';
import { HASH_SEED, jhash, scaled } from './jhash.ts';
import { markOfText } from './mark.ts';

/** What a service of mode `route` hashes of a packet. */
export const HASHES = {
  source: ['src'],
  destination: ['dst'],
  both: ['src', 'dst'],
} as const;

/** The next hop that a packet gets: as the kernel picks it by the rule of `renderRoutes`. */
export function nextHopOf({ hash, nextHops }: RouteService, packet: { src: string; dst: string }): string {
  const key = HASHES[hash].flatMap((end) => bytesOf(packet[end]));
  return nextHops[scaled(jhash(Uint8Array.from(key), HASH_SEED), nextHops.length)]!;
}

/** Mark of packets that go by a next hop, and number of the routing table that leads there alone. */
export function nextHopMark(address: string): string {
  return markOfText(`next hop ${address}`);
}

/** Services of mode `route` of a configuration, those of the longest prefix first: of several, the first decides. */
export function bySpecificity(services: readonly RouteService[]): RouteService[] {
  return services.toSorted((a, b) => lengthOf(b.to) - lengthOf(a.to));
}

function lengthOf(to: string): number {
  return to === 'any' ? -1 : Number(to.split('/')[1]);
}
