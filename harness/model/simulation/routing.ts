import { bySpecificity, destinationOf, nextHopOf } from '../../../lb/terms/next-hops.ts';
import type { Choices } from './choices.ts';
import { bitsInCommon, covers, prefix } from '../../scenario/prefix.ts';
import type { LocalAddress } from './address-ownership.ts';
import type { DeadEndPlan } from '../../terms/plan.ts';
import type { DeadEnd, Device, Host, Route } from './network.ts';
import { isRequest, type Packet } from './packet.ts';

/**
 * The first table with a route decides, by longest prefix. The local table is `host.owned` and comes first. Null: no route, or
 * one that drops packets.
 * @param source empty if the kernel has yet to choose the source: rules do not match then
 */
export function lookUp(host: Host, destination: string, source: string): Route | null {
  const route = answerOf(host, destination, source);
  return route === null || 'plan' in route ? null : route;
}

/** The route that drops a packet; null if it uses another route, or has none. */
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
 * Source in the kernel's lookup for its own packet: rules of sources match only what is known then. For errors and redirects
 * the lookup comes before the choice of a source, as for ping(8), which binds none. In IPv6 this is so for every caller, unless
 * there is no route without a source (ip6_dst_lookup_tail); in IPv4 a call without such a route fails (ip_route_connect,
 * udp_sendmsg).
 */
export function lookupKeyOf(host: Host, { step, protocol, src, dst, about }: Packet): Pick<Packet, 'src' | 'dst'> {
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
 * The route of a packet: of several next hops, the same one for all packets between two ends (fib_multipath_hash of
 * net/ipv4/route.c). An ICMP error is hashed by the quoted packet, so it may not take the path of the flow.
 */
export function routeFor(
  { choices }: { choices: Choices },
  host: Host,
  { src, dst }: Pick<Packet, 'src' | 'dst'>,
): Route | null {
  const route = lookUp(host, dst, src);
  if (route?.others === undefined) return route;
  const { others, ...first } = route;
  const hops = others.map((hop) => ({ ...first, ...hop }));
  return choices.choose(`next hop ${host.name} ${src} ${dst}`, [first, ...hops]);
}

/**
 * The route of a forwarded packet by the load balancer's services of mode `route`; null if no service matches, the next hop
 * is in no subnet of an interface that is up, or the node has a route that goes first (lb/render/routes.ts,
 * lb/host/holdings.ts).
 */
export function balancedRoute(host: Host, packet: Pick<Packet, 'src' | 'dst'>): Route | null {
  const services = host.plan.balancer?.config.routeServices ?? [];
  const [service] = bySpecificity(services)
    .filter(({ nextHops: [hop] }) => hop!.includes(':') === packet.dst.includes(':'))
    .map((one) => ({ ...one, net: prefix(destinationOf(one)) }))
    .filter(({ net }) => covers(net, packet.dst) && !hasPrecedence(host, packet.dst, net.length));
  if (service === undefined) return null;
  const via = nextHopOf(service, packet);
  const [near] = [...host.devices.values()]
    .filter(({ name }) => host.plan.interfaces.find((iface) => iface.name === name)?.up !== false)
    .flatMap(({ name, addresses }) => addresses.map(({ subnet }) => ({ name, subnet })))
    .filter(({ subnet }) => subnet.shift > 0n && covers(subnet, via))
    .sort((a, b) => b.subnet.length - a.subnet.length);
  return near === undefined ? null : { to: service.net, via, device: near.name };
}

/** Whether the main table has a route with a longer prefix, by a single next hop, or a subnet with the same. */
function hasPrecedence({ tables }: Host, destination: string, length: number): boolean {
  return tables.some(
    ({ from, routes }) =>
      from === null &&
      routes.some(
        (route) =>
          !('plan' in route) &&
          route.others === undefined &&
          route.to.length >= (route.via === null ? length : length + 1) &&
          covers(route.to, destination),
      ),
  );
}

/**
 * The interface on which a load balancer itself sends frames to a server: that of the subnet, else that of a route. Source
 * routes and routes that drop only apply to packets that the kernel routes (lb/facts/facts.ts, `deviceFor`).
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

/** Source address of the kernel's own packets (inet_select_addr): the subnet of the next hop first. */
export function selectSource(host: Host, device: Device, nextHop: string): string {
  const isOfFamily = ({ ip }: { ip: string }): boolean => ip.includes(':') === nextHop.includes(':');
  const addresses = device.addresses.filter(isOfFamily);
  const chosen =
    addresses.find(({ subnet }) => covers(subnet, nextHop)) ?? addresses[0] ?? host.addresses.find(isOfFamily);
  return chosen?.ip ?? '0.0.0.0';
}

/**
 * Source of an IPv6 packet without a preferred interface: the address that has the most leading bits in common with the
 * destination, within its own prefix length (RFC 6724, rule 8; ipv6_get_saddr_eval). Of equal ones, the first interface's,
 * beginning with the loopback, and there the latest.
 * @returns null without a global IPv6 address
 */
export function closestSource({ addresses }: Host, destination: string): string | null {
  const own = addresses.filter(({ ip }) => ip.includes(':'));
  const inKernelOrder = [
    ...own.filter(({ device }) => device === 'lo').reverse(),
    ...own.filter(({ device }) => device !== 'lo'),
  ];
  const common = ({ ip, subnet }: LocalAddress): number => Math.min(bitsInCommon(ip, destination), subnet.length);
  return inKernelOrder.toSorted((a, b) => common(b) - common(a))[0]?.ip ?? null;
}

/** Whether a packet's source is acceptable on its incoming interface. */
export type SourceVerdict = { accepted: true; onLink: boolean } | { accepted: false; code: SourceRefusal };
type SourceRefusal = 'own-address-as-source' | 'reverse-path';

/**
 * fib_validate_source of net/ipv4/fib_frontend.c. IPv6 has neither check. The return path is that of a reply, from the
 * packet's destination: source routes are looked up for that address.
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
  // On an interface without address, as at a tunnel's end, a loose check is as strict as a strict one.
  const isNumbered = device.addresses.some(({ ip }) => !ip.includes(':'));
  const isStrict = rpFilter === 1 || (rpFilter === 2 && !isNumbered);
  if (isLocal) {
    // The return route to an own address uses the interface that holds it.
    const match = host.addresses.some((address) => address.ip === source && address.device === device.name);
    return isStrict && !match ? { accepted: false, code: 'reverse-path' } : { accepted: true, onLink: false };
  }
  if (isWayBack) return { accepted: true, onLink };
  if (isStrict || (rpFilter === 2 && back === null)) return { accepted: false, code: 'reverse-path' };
  return { accepted: true, onLink: false };
}
