import { covers } from '../scenario/prefix.ts';
import type { Device, Host, Route } from './network.ts';
import type { Packet } from './packet.ts';
import type { Run } from './run.ts';

/** Main table: longest prefix wins. The local table is `host.owned` and comes first. Null: no route. */
export function lookUp(host: Host, destination: string): Route | null {
  let route = host.lookups.get(destination);
  if (route === undefined) {
    route = host.routes.find(({ to }) => covers(to, destination)) ?? null;
    host.lookups.set(destination, route);
  }
  return route;
}

/**
 * The way of a packet by that table: of several next hops, the same one for all packets between two ends
 * (fib_multipath_hash of net/ipv4/route.c). An ICMP error goes by what it quotes, which need not be the way of the flow.
 */
export function wayOf({ choices }: Run, host: Host, { src, dst }: Pick<Packet, 'src' | 'dst'>): Route | null {
  const route = lookUp(host, dst);
  if (route?.others === undefined) return route;
  const { others, ...first } = route;
  const ways = others.map((hop) => ({ ...first, ...hop }));
  return choices.choose(`next hop ${host.name} ${src} ${dst}`, [first, ...ways]);
}

/** Source address that the kernel puts into packets of its own (inet_select_addr): the subnet of the next hop first. */
export function selectSource(host: Host, device: Device, nextHop: string): string {
  const { addresses } = device;
  const chosen = addresses.find(({ subnet }) => covers(subnet, nextHop)) ?? addresses[0] ?? host.addresses[0];
  return chosen?.ip ?? '0.0.0.0';
}

/** Whether a packet's source is acceptable on the interface it came in by. */
export type SourceVerdict = { accepted: true; onLink: boolean } | { accepted: false; code: SourceRefusal };
type SourceRefusal = 'own-address-as-source' | 'reverse-path';

/**
 * fib_validate_source of net/ipv4/fib_frontend.c. IPv6 knows neither check.
 * `onLink`: the source is a neighbour on that interface, which is what makes a router send redirects.
 */
export function validateSource(host: Host, device: Device, source: string): SourceVerdict {
  const { rpFilter, acceptLocal } = device.settings;
  const isLocal = host.owned.has(source);
  if (isLocal && !acceptLocal) {
    return source.includes(':')
      ? { accepted: true, onLink: false }
      : { accepted: false, code: 'own-address-as-source' };
  }
  const back = lookUp(host, source);
  const isWayBack = [back, ...(back?.others ?? [])].some((hop) => hop?.device === device.name);
  const onLink = isWayBack && back?.via === null;
  if (source.includes(':')) return { accepted: true, onLink };
  const strict = rpFilter === 1;
  if (isLocal) {
    // The route back to an own address leads to the interface that holds it.
    const match = host.addresses.some((address) => address.ip === source && address.device === device.name);
    return strict && !match ? { accepted: false, code: 'reverse-path' } : { accepted: true, onLink: false };
  }
  if (isWayBack) return { accepted: true, onLink };
  if (strict || (rpFilter === 2 && back === null)) return { accepted: false, code: 'reverse-path' };
  return { accepted: true, onLink: false };
}
