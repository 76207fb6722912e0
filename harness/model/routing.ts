import { covers } from '../scenario/prefix.ts';
import type { DeadEndPlan } from '../terms/plan.ts';
import type { DeadEnd, Device, Host, Route } from './network.ts';
import { isRequest, type Packet } from './packet.ts';
import type { Run } from './run.ts';

/**
 * The first table that has a route decides, in which the longest prefix wins. The local table is `host.owned` and comes
 * first. Null: no route, or one that leads nowhere.
 * @param source empty for a packet whose source its kernel has yet to choose: rules do not match it
 */
export function lookUp(host: Host, destination: string, source: string): Route | null {
  const route = answerOf(host, destination, source);
  return route === null || 'plan' in route ? null : route;
}

/** The route that leads nowhere which a packet takes; null where it takes another one, or none. */
export function deadEnd(host: Host, { src, dst }: Pick<Packet, 'src' | 'dst'>): DeadEndPlan | null {
  const route = answerOf(host, dst, src);
  return route !== null && 'plan' in route ? route.plan : null;
}

function answerOf({ tables, lookups }: Host, destination: string, source: string): Route | DeadEnd | null {
  const key = tables.length === 1 ? destination : `${destination} ${source}`;
  let found = lookups.get(key);
  if (found === undefined) {
    const asked = tables.filter(({ from }) => from === null || (source !== '' && covers(from, source)));
    found = asked.flatMap(({ routes }) => routes.find(({ to }) => covers(to, destination)) ?? [])[0] ?? null;
    lookups.set(key, found);
  }
  return found;
}

/**
 * What a kernel asks its tables for a packet of its own: rules of sources match only what it knows then. For errors and
 * redirects it looks for a way before it chooses a source, as for ping(8), which binds none. In IPv6 it does so for every
 * caller, unless there is no way without one (ip6_dst_lookup_tail); in IPv4 a caller without one gets no further
 * (ip_route_connect, udp_sendmsg).
 */
export function askedOf(host: Host, { step, protocol, src, dst, about }: Packet): Pick<Packet, 'src' | 'dst'> {
  const isV6 = dst.includes(':');
  const leads = (): boolean => lookUp(host, dst, '') !== null;
  const isFirst = step === 'syn' || protocol !== 'tcp';
  const sourceless =
    step === 'redirect' ||
    (step === 'error' && about !== undefined && !host.owned.has(about.dst)) ||
    (isRequest(step) && (isV6 ? leads() : protocol === 'icmp' || (isFirst && !leads())));
  return { src: sourceless ? '' : src, dst };
}

/**
 * The way of a packet by these tables: of several next hops, the same one for all packets between two ends
 * (fib_multipath_hash of net/ipv4/route.c). An ICMP error goes by what it quotes, which need not be the way of the flow.
 */
export function wayOf({ choices }: Run, host: Host, { src, dst }: Pick<Packet, 'src' | 'dst'>): Route | null {
  const route = lookUp(host, dst, src);
  if (route?.others === undefined) return route;
  const { others, ...first } = route;
  const ways = others.map((hop) => ({ ...first, ...hop }));
  return choices.choose(`next hop ${host.name} ${src} ${dst}`, [first, ...ways]);
}

/**
 * The interface by which a load balancer puts frames on their way to a server by itself: that of the subnet, else that of a
 * route. Rules of sources and routes that lead nowhere are for what the kernel routes (lb/terms/facts.ts, `deviceFor`).
 */
export function forwardingDevice({ tables, devices }: Host, address: string): Device | undefined {
  const routes = tables
    .flatMap(({ from, routes }) => (from === null ? routes : []))
    .flatMap((route) => ('plan' in route || !covers(route.to, address) ? [] : [route]));
  const isSubnet = ({ to, device }: Route): boolean =>
    devices.get(device)?.addresses.some(({ subnet }) => subnet.length === to.length && covers(subnet, address)) ===
    true;
  return devices.get((routes.find(isSubnet) ?? routes[0])?.device ?? '');
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
 * fib_validate_source of net/ipv4/fib_frontend.c. IPv6 knows neither check. The way back is that of an answer, from the
 * packet's destination: rules of sources are asked for that one.
 * `onLink`: the source is a neighbour on that interface, which is what makes a router send redirects.
 */
export function validateSource(
  host: Host,
  device: Device,
  { src: source, dst: destination }: Pick<Packet, 'src' | 'dst'>,
): SourceVerdict {
  const { rpFilter, acceptLocal } = device.settings;
  const isLocal = host.owned.has(source);
  if (isLocal && !acceptLocal) {
    return source.includes(':')
      ? { accepted: true, onLink: false }
      : { accepted: false, code: 'own-address-as-source' };
  }
  const back = lookUp(host, source, destination);
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
