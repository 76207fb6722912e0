import { ownerOf } from '../../scenario/lookup.ts';
import { otherPort } from '../../terms/reply-port.ts';
import { isDirect } from '../../terms/mode.ts';
import type { LbService } from '../../../lb/terms/config.ts';
import { portRange } from '../../../lb/terms/port-range.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { answeredVips } from './address-ownership.ts';
import { clampedInForward } from './clamp.ts';
import { confirm, find, hidesSource, movesDestination, protocolOf, track, trackRelated } from './conntrack.ts';
import type { Connection, Passing, Tracked } from './conntrack.ts';
import { forwards } from './device-settings.ts';
import { consume, hiddenBehind, refuse } from './endpoints.ts';
import { isFiltered } from './filter.ts';
import { refusesUntracked } from './ingress-ends.ts';
import {
  balance,
  cutOff,
  forgotten,
  isUntracked,
  noteCarried,
  ownCall,
  refuseFor,
  unexpectedReply,
  unservedDirect,
} from './load-balancing.ts';
import { hideSource, outsideSources, sourcesFor, translateDestination, translateSource } from './nat.ts';
import { sendTo, type OnLink } from './neighbours.ts';
import { withTranslatorBlamed, invalid, isDroppedByBalancer } from './out-of-window.ts';
import { isRequest, backOnPath, type Packet } from './packet.ts';
import { fitToSend, fitToSendFromLo, fitToForward } from './path-mtu.ts';
import { mayRunOut } from './proxy-ports.ts';
import { learnRedirect, redirectAbout, sendsRedirects } from './redirects.ts';
import { lookupKeyOf, balancedRoute, deadEnd, selectSource, validateSource, routeFor } from './routing.ts';
import { sendIcmpError, die, stateOf } from './run.ts';
import { tunnelTo, decapsulated, encapsulated, type Tunnelled } from './tunnel.ts';
import { prefix } from '../../scenario/prefix.ts';
import type { Run } from './run.ts';
import type { Device, Host, Route } from './network.ts';
import { crossing } from './trace.ts';

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
      ? withTranslatorBlamed(run, host, unexpectedReply(run, host, arrived), tracked)
      : backOnPath(moved);
  const tunnel = isTunnelled(packet) ? tunnelTo(run, host, packet) : undefined;
  const route =
    tunnel !== undefined
      ? { to: prefix(packet.dst), via: null, device: tunnel.name }
      : host.owned.has(packet.dst) || answersEcho(host, packet)
        ? 'local'
        : (balancedRoute(host, packet) ?? routeFor(run, host, packet));
  if (route === 'local') {
    if (!sourceIsFine(run, host, device, packet)) return;
    if (unserved === null && isFiltered(run, host, { packet: redirectedToLocal(host, device, packet), tracked }))
      return;
    if (packet.step === 'redirect') {
      learnRedirect(run, host, device, packet);
      return;
    }
    if (unserved !== null) refuseFor(run, host, packet, unserved);
    else if (isEncapsulated(packet)) decapsulate(run, host, packet);
    else up(run, host, packet, tracked);
    return;
  }
  const passing = withoutVip(host, packet);
  // IPv6 reports a missing route, and one that drops, even without forwarding (net/ipv6/route.c).
  const endsInIpv6 = route === null && packet.dst.includes(':');
  if (!forwards(device.settings, packet.dst) && !endsInIpv6) {
    const off = cause('not-forwarding', 'forwarding-off', { node: host.name, address: packet.dst });
    die(run, passing, notTranslated(run, host, packet) ?? off);
    return;
  }
  if (route === null) {
    const why = notTranslated(run, host, packet);
    if (why === null) noRoute(run, host, passing);
    else die(run, passing, why);
    if (deadEnd(host, passing)?.type !== 'blackhole') sendIcmpError(run, host, passing, { tracked });
    return;
  }
  const source = sourceIsFine(run, host, device, passing);
  if (source && unserved !== null) refuseFor(run, host, passing, unserved);
  else if (source)
    forward(run, host, { packet: passing, tracked }, { from: device, route, sourceOnLink: source.onLink });
}

/**
 * Why a reply to a NAT address that the node does not have was not translated back: it came from an address that was
 * not called.
 */
function notTranslated(run: Run, host: Host, packet: Packet): Cause | null {
  const { src: source, dst: address } = packet;
  if (host.plan.nat?.to.includes(address) !== true || packet.about !== undefined) return null;
  const called = hiddenBehind(run, host, packet);
  if (called === null) return null;
  const owner = ownerOf(run.network.plan, source);
  const ports = otherPort(packet.protocol === 'icmp' ? null : called.port, packet.srcPort);
  const at = { node: host.name, called: called.address, source, owner, address };
  return cause('reply-not-from-vip', 'reply-not-translated', { ...at, ...ports });
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

/** Postrouting, then transmission. */
function leave(run: Run, host: Host, route: Route, { packet, tracked }: Passing): void {
  const state = stateOf(run, host);
  const learned = state.redirects.get(packet.dst);
  const nextHop = { device: host.devices.get(route.device)!, address: learned?.gateway ?? route.via ?? packet.dst };
  if (tracked.state === 'new') {
    const exhausted = chooseSource(run, host, nextHop, {
      connection: tracked.connection,
      isOwn: packet.trace === null,
    });
    if (exhausted !== null) {
      die(run, packet, exhausted);
      return;
    }
  }
  confirm(state.connections, tracked);
  const translated = translateSource(packet, tracked);
  const knownCause = learned && redirectBlame(host, packet, learned);
  sendTo(run, host, nextHop, { packet: knownCause ? { ...translated, knownCause } : translated });
}

/**
 * Source NAT of a new connection; or the cause, if its proxy IP has no free port and conntrack drops the packet. A
 * retransmission is a new connection again: it may get another proxy IP, and a free port.
 */
function chooseSource(
  run: Run,
  host: Host,
  { device, address }: OnLink,
  { connection, isOwn }: { connection: Connection; isOwn: boolean },
): Cause | null {
  const { service } = connection;
  if (service === null) {
    const [outside] = outsideSources(host, device, address);
    if (outside !== undefined) hideSource(stateOf(run, host).connections, connection, outside);
    return null;
  }
  const hiding = sourcesFor(service, host, device, address);
  // The node's own calls may have the VIP as source: the address of the outgoing interface replaces it (lb/render/nat.ts).
  const [first, ...others] = isOwn && hiding.length === 0 ? [selectSource(host, device, address)] : hiding;
  if (first === undefined) return null;
  const time = `${host.name} ${service.name} ${run.exchange.repeated.size}`;
  const source = run.choices.choose(`proxy ip ${time}`, [first, ...others]);
  const { proxyPorts = null, name } = service;
  if (proxyPorts !== null && mayRunOut(run.network.plan, host.plan.balancer!.config.services, service)) {
    const [free, none] = [false, true];
    const params = { node: host.name, service: name, proxyIps: [source], ports: proxyPorts };
    if (run.choices.choose(`no port ${time}`, [free, none])) return cause('ports-exhausted', 'ports-used-up', params);
  }
  connection.reply = { ...connection.reply, dst: source, dstPort: portWithin(proxyPorts, connection.reply.dstPort) };
  return null;
}

/** The caller's port, if it is one of the proxy IP's ports. */
function portWithin(proxyPorts: string | null, port: number): number {
  if (proxyPorts === null) return port;
  const { first, last } = portRange(proxyPorts);
  return port >= first && port <= last ? port : first;
}

function redirectBlame(host: Host, packet: Packet, { gateway, router }: { gateway: string; router: string }): Cause {
  return cause('redirected', 'redirect-followed', { node: host.name, router, address: packet.dst, gateway });
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

function sourceIsFine(run: Run, host: Host, device: Device, packet: Packet): { onLink: boolean } | null {
  const verdict = validateSource(host, device, packet);
  if (verdict.accepted) return verdict;
  const at = { node: host.name, source: packet.src };
  const why =
    verdict.code === 'own-address-as-source'
      ? cause(verdict.code, 'own-source', at)
      : cause(verdict.code, 'reverse-path-fails', { ...at, iface: device.name });
  die(run, packet, why);
  return null;
}

/** A server that got a DSR frame for an address that it does not own is the cause, regardless of the packet's fate. */
function withoutVip(host: Host, packet: Packet): Packet {
  if (packet.dsr?.server !== host.name) return packet;
  return { ...packet, knownCause: cause('vip-not-on-server', 'vip-missing', { node: host.name, vip: packet.dst }) };
}

/** @param asked the lookup key, if it differs from the packet */
function noRoute(run: Run, host: Host, packet: Packet, asked: Pick<Packet, 'src' | 'dst'> = packet): void {
  const at = { node: host.name, address: packet.dst };
  const end = deadEnd(host, asked);
  const why =
    end === null
      ? cause('no-route', 'route-missing', at)
      : cause('no-route', 'dead-end', { ...at, to: end.to, type: end.type });
  die(run, packet, why);
}

/** A load balancer with an idle timeout does not start an unknown connection again. */
function isForgottenConnection({ plan: { idleTimeoutMs, balancer } }: Host, packet: Packet): boolean {
  const { protocol, step, src, srcPort, dst, dstPort } = packet;
  if (idleTimeoutMs === undefined || protocol !== 'tcp' || step === 'syn' || step === 'reset') return false;
  const isOfService = (service: LbService): boolean =>
    (service.vip === dst && service.port === dstPort) ||
    service.servers.some(({ address, port = service.port }) => address === src && port === srcPort);
  return balancer?.config.services.some((service) => !isDirect(service) && isOfService(service)) === true;
}

function dropForgotten(run: Run, host: Host, packet: Packet): void {
  const why = forgotten(run, host, packet);
  if (host.plan.onIdle === 'reset' && packet.protocol === 'tcp') refuse(run, host, packet, why);
  else die(run, packet, why);
}

function halfSeen(run: Run, host: Host, packet: Packet): void {
  const at = { node: host.name, source: packet.src, destination: packet.dst };
  if (run.exchange.isOpen && find(stateOf(run, host).connections, packet) === null) dropForgotten(run, host, packet);
  else die(run, packet, cause('half-seen-by-firewall', 'half-seen', at));
}

function keepsTrack(host: Host): boolean {
  return host.plan.firewall === 'stateful' || translates(host);
}

function translates({ plan: { nat, balancer } }: Host): boolean {
  return nat !== undefined || balancer?.config.services.some((service) => !isDirect(service)) === true;
}

/**
 * Packets that a stateful firewall drops: invalid ones, and those of connections whose start it did not see. Conntrack alone
 * treats the latter as new (`nf_conntrack_tcp_loose`), and the load balancer assigns a server.
 */
function isStray({ packet, tracked }: Passing): boolean {
  const { step } = packet;
  const protocol = protocolOf(packet);
  return tracked.state === 'invalid' || (tracked.state === 'new' && protocol === 'tcp' && step !== 'syn');
}
