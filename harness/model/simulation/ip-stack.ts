import type { LbService } from '../../../lb/terms/config.ts';
import { prefix } from '../../scenario/prefix.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { answeredVips } from './address-ownership.ts';
import { clampedInForward } from './clamp.ts';
import { confirm, hidesSource, movesDestination, track, trackRelated } from './conntrack.ts';
import type { Passing, Tracked } from './conntrack.ts';
import { forwards } from './device-settings.ts';
import { consume, refuse } from './endpoints.ts';
import { isFiltered } from './filter.ts';
import { refusesUntracked } from './ingress-ends.ts';
import {
  balance,
  cutOff,
  isUntracked,
  noteCarried,
  ownCall,
  refuseFor,
  unexpectedReply,
  unservedDirect,
} from './load-balancing.ts';
import { keepsTrack, translateDestination, translates, translateSource } from './nat.ts';
import type { OnLink } from './neighbours.ts';
import type { Device, Host, Route } from './network.ts';
import { withTranslatorBlamed, invalid, isDroppedByBalancer } from './out-of-window.ts';
import { isRequest, backOnPath, type Packet } from './packet.ts';
import { fitToSend, fitToSendFromLo, fitToForward } from './path-mtu.ts';
import { leave } from './postrouting.ts';
import { learnRedirect, redirectAbout, sendsRedirects } from './redirects.ts';
import { balancedRoute, deadEnd, lookupKeyOf, routeFor, selectSource } from './routing.ts';
import { noRoute, notTranslated, sourceIsFine, withoutVip } from './routing-failures.ts';
import { sendIcmpError, die, stateOf } from './run.ts';
import type { Run } from './run.ts';
import { crossing } from './trace.ts';
import { tunnelTo, decapsulated, encapsulated, type Tunnelled } from './tunnel.ts';
import { dropForgotten, halfSeen, isForgottenConnection, isStray } from './unknown-connections.ts';

const UNTRACKED: Tracked = { state: 'untracked' };
const NO_MAC = '00:00:00:00:00:00';

/** A packet arrives on an interface: prerouting, routing, then delivery to a socket or to the next hop. */
export function receive(run: Run, host: Host, device: Device, arrived: Packet): void {
  if (refusesUntracked(run, host, arrived)) return;
  const { tracked, unserved } = prerouting(run, host, arrived);
  if (isDroppedByBalancer(run, host, arrived, tracked)) return;
  const cut = cutOff(run, host, tracked);
  if (cut !== null) {
    refuse(run, host, arrived, cut);
    return;
  }
  if (tracked.state === 'new' && isForgottenConnection(host, arrived)) {
    dropForgotten(run, host, arrived);
    return;
  }
  const moved = translateDestination(arrived, tracked);
  const packet =
    moved === arrived
      ? withTranslatorBlamed(run, host, unexpectedReply(run, host, arrived, tracked), tracked)
      : backOnPath(moved);
  const tunnel = isTunnelled(packet) ? tunnelTo(run, host, packet) : undefined;
  const route =
    tunnel !== undefined
      ? { to: prefix(packet.dst), via: null, device: tunnel.name }
      : host.owned.has(packet.dst) || answersEcho(host, packet)
        ? 'local'
        : (balancedRoute(host, packet) ?? routeFor(run, host, packet));
  const inbound = { device, packet, tracked, unserved };
  if (route === 'local') deliverLocally(run, host, inbound);
  else forwardOrDrop(run, host, inbound, route);
}

/** A packet after prerouting. */
interface Inbound extends Passing {
  /** Where it arrived. */
  device: Device;
  /** Its service, if that has no server. */
  unserved: LbService | null;
}

function deliverLocally(run: Run, host: Host, { device, packet, tracked, unserved }: Inbound): void {
  if (!sourceIsFine(run, host, device, packet)) return;
  if (unserved === null && isFiltered(run, host, { packet: redirectedToLocal(host, device, packet), tracked })) return;
  if (packet.step === 'redirect') learnRedirect(run, host, device, packet);
  else if (unserved !== null) refuseFor(run, host, packet, unserved);
  else if (isEncapsulated(packet)) decapsulate(run, host, packet);
  else up(run, host, packet, tracked);
}

/** A packet for another node. IPv6 reports a missing route, and one that drops, even without forwarding (net/ipv6/route.c). */
function forwardOrDrop(run: Run, host: Host, inbound: Inbound, route: Route | null): void {
  const { device, packet, tracked, unserved } = inbound;
  const untranslated = route !== null && tracked.state === 'known' ? null : notTranslated(run, host, packet);
  const passing = blamed(withoutVip(host, packet), untranslated);
  const isV6 = packet.dst.includes(':');
  // For IPv6, a route to `lo` is one that drops (fib6_is_reject of net/ipv6/route.c).
  const isMissing = route === null || (isV6 && route.device === 'lo');
  const endsInIpv6 = isMissing && isV6;
  if (!forwards(device.settings, packet.dst) && !endsInIpv6) {
    die(run, passing, cause('not-forwarding', 'forwarding-off', { node: host.name, address: packet.dst }));
    return;
  }
  if (isMissing) {
    noRoute(run, host, passing);
    if (deadEnd(host, passing)?.type !== 'blackhole') sendIcmpError(run, host, passing, { tracked });
    return;
  }
  const source = sourceIsFine(run, host, device, passing);
  if (source && unserved !== null) refuseFor(run, host, passing, unserved);
  else if (source)
    forward(run, host, { packet: passing, tracked }, { from: device, route, sourceOnLink: source.onLink });
}

/** A packet in the wrong place for a reason. */
function blamed(packet: Packet, knownCause: Cause | null): Packet {
  return knownCause === null ? packet : { ...packet, knownCause };
}

/** The inner packet of a packet to this node is received on the tunnel device. */
function decapsulate(run: Run, host: Host, packet: Packet & { inside: Packet }): void {
  const out = decapsulated(run, host, packet);
  if (out !== null) receive(run, host, out.device, out.packet);
}

function isTunnelled(packet: Packet): packet is Tunnelled {
  return packet.tunnel !== undefined;
}

function isEncapsulated(packet: Packet): packet is Packet & { inside: Packet } {
  return packet.inside !== undefined;
}

/** The load balancer answers echo requests to a VIP, whether or not it is an address of the node. */
function answersEcho({ plan: { balancer } }: Host, { protocol, step, dst }: Packet): boolean {
  return balancer !== null && protocol === 'icmp' && step === 'request' && answeredVips(balancer.config).includes(dst);
}

/** An echo request to a VIP that the node does not own is redirected to the interface's first address (lb/render/echo.ts). */
function redirectedToLocal({ owned }: Host, { addresses }: Device, packet: Packet): Packet {
  const isV6 = packet.dst.includes(':');
  const own = addresses.find(({ ip }) => ip.includes(':') === isV6);
  return owned.has(packet.dst) || own === undefined ? packet : { ...packet, dst: own.ip };
}

/** Sends a packet of a socket, or of the kernel, which may pass the connection as `known`. */
export function send(run: Run, host: Host, made: Packet, known?: Tracked): void {
  const tracked = known ?? (keepsTrack(host) ? trackAny(run, host, made) : UNTRACKED);
  const sourced = withSource(run, host, made);
  const own = ownCall(run, host, sourced, tracked);
  if (own.cut !== null) {
    refuse(run, host, sourced, own.cut);
    return;
  }
  const packet = sourced.src === '' ? sourced : translateDestination(sourced, tracked);
  if (host.owned.has(packet.dst)) {
    if (own.unserved === null) loopBack(run, host, packet, tracked);
    else refuseFor(run, host, packet, own.unserved);
    return;
  }
  // After NAT has changed the destination, the kernel looks up the route again with the selected source.
  const asked = packet === sourced ? lookupKeyOf(host, packet) : packet;
  const route = routeFor(run, host, asked);
  const device = host.devices.get(route?.device ?? '');
  if (route === null) noRoute(run, host, packet, asked);
  else if (device === undefined) refuse(run, host, packet);
  else {
    const whole =
      packet !== sourced && host.owned.has(sourced.dst)
        ? fitToSendFromLo(run, host, device, { packet, called: sourced.dst })
        : fitToSend(run, host, device, packet);
    if (whole !== null) leave(run, host, route, { packet: whole, tracked });
  }
}

/** The kernel chooses the source of an ICMP error before NAT changes its destination; without a route then, no error is sent. */
function withSource(run: Run, host: Host, packet: Packet): Packet {
  if (packet.src !== '') return packet;
  if (host.owned.has(packet.dst)) return { ...packet, src: packet.dst };
  const route = routeFor(run, host, packet);
  const device = host.devices.get(route?.device ?? '');
  return device === undefined ? packet : { ...packet, src: selectSource(host, device, route?.via ?? packet.dst) };
}

/** The packet after connection tracking, and its service if that has no server. */
function prerouting(run: Run, host: Host, packet: Packet): { tracked: Tracked; unserved: LbService | null } {
  const direct = unservedDirect(run, host, packet);
  if (direct !== null || !keepsTrack(host) || isUntracked(host, packet))
    return { tracked: UNTRACKED, unserved: direct };
  const tracked = invalid(run, host, packet) ?? trackAny(run, host, packet);
  noteCarried(run, host, { packet, tracked });
  return { tracked, unserved: isForgottenConnection(host, packet) ? null : balance(run, host, packet, tracked) };
}

function trackAny(run: Run, host: Host, packet: Packet): Tracked {
  const { connections } = stateOf(run, host);
  return packet.about === undefined ? track(connections, packet) : trackRelated(connections, packet.about);
}

function up(run: Run, host: Host, packet: Packet, tracked: Tracked): void {
  confirm(stateOf(run, host).connections, tracked);
  // The source of a reply to the node's own call is restored at the input hook (nf_nat_proto.c).
  consume(run, host, arrived(translateSource(packet, tracked)));
}

/** Once a request has arrived, its path is no longer a possible cause. */
function arrived(packet: Packet): Packet {
  const { knownCause, ...rest } = packet;
  return knownCause?.code === 'redirected' && isRequest(packet.step) ? rest : packet;
}

function forward(
  run: Run,
  host: Host,
  passing: Passing,
  { from, route, sourceOnLink }: { from: Device; route: Route; sourceOnLink: boolean },
): void {
  const { packet, tracked } = passing;
  if (packet.ttl <= 1) {
    die(run, packet, cause('loop', 'ttl-expired', { node: host.name, address: packet.dst }));
    sendIcmpError(run, host, packet, { tracked, isExpired: true });
    return;
  }
  const to = isTunnelled(packet) ? tunnelTo(run, host, packet) : host.devices.get(route.device);
  if (to === undefined) {
    refuse(run, host, packet);
    return;
  }
  const whole = fitToForward(run, host, to, passing);
  if (whole === null) return;
  if (from === to && sourceOnLink && sendsRedirects(to, route, packet))
    redirect(run, host, passing, { device: to, address: route.via ?? packet.dst });
  if (isFiltered(run, host, passing)) return;
  if (host.plan.firewall === 'stateful' && isStray(passing)) {
    halfSeen(run, host, packet);
    return;
  }
  const opening = clampedInForward(host, { packet: whole, tracked }, to);
  const forwarded = { ...opening, ttl: packet.ttl - 1 };
  if (isTunnelled(forwarded)) send(run, host, encapsulated(run, host, forwarded));
  else leave(run, host, route, { packet: forwarded, tracked });
}

/**
 * A packet to an own address leaves and enters on `lo` and never leaves the node. Its source stays, even if a load balancer
 * hides it elsewhere (lb/render/nat.ts).
 */
function loopBack(run: Run, host: Host, packet: Packet, tracked: Tracked): void {
  const frame = { srcMac: NO_MAC, dstMac: NO_MAC, packet: translateSource(packet, tracked) };
  const out = crossing(frame, host.name, 'lo', 'out');
  up(run, host, crossing({ ...frame, packet: out }, host.name, 'lo', 'in'), tracked);
}

/**
 * ICMP redirect (RFC 792) to a neighbour that could have used the next hop itself. A node with NAT sends none about a translated
 * connection, nor about the first packet of any other (nf_nat_icmp_reply_translation).
 */
function redirect(run: Run, host: Host, { packet, tracked }: Passing, gateway: OnLink): void {
  // Also one that NAT drops counts for the rate limit (ip_rt_send_redirect).
  const message = redirectAbout(run, host, packet, gateway);
  const connection = 'connection' in tracked ? tracked.connection : null;
  if (connection !== null && (movesDestination(connection) || hidesSource(connection))) return;
  if (tracked.state === 'new' && translates(host)) return;
  if (message !== null) run.outbox.push({ node: host.name, packet: message });
}
