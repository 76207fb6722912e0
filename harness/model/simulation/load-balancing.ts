import type { LbServer, LbService } from '../../../lb/terms/config.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { isDirect, vipsAtIngress } from '../../../lb/terms/mode.ts';
import { balancedBy, serviceOf } from '../../scenario/lookup.ts';
import { clampedAtIngress } from './clamp.ts';
import { refuse } from './endpoints.ts';
import { flowKey } from './memory.ts';
import { sendTo } from './neighbours.ts';
import { redirectTo, serviceFor } from './nat.ts';
import type { Passing, Tracked } from './conntrack.ts';
import { backOnPath, type Packet, type Step } from './packet.ts';
import { forwardingDevice } from './routing.ts';
import { die } from './run.ts';
import type { Run } from './run.ts';
import type { Host } from './network.ts';

/**
 * DSR, at the ingress of an interface, before the node's own bridge or IP stack sees the frame:
 * it gets the server's MAC and leaves again. False without a server: the frame continues unchanged.
 */
export function returnDirectly(run: Run, host: Host, frame: { srcMac: string; packet: Packet }): boolean {
  const service = serviceFor(host, frame.packet, 'mac');
  const server = service && pickAny(run, host, service, frame.packet);
  if (!service || !server) return false;
  const device = forwardingDevice(host, server.address);
  const opening = clampedAtIngress(host, service, frame.packet);
  const packet = { ...backOnPath(opening), dsr: { l4: host.name, server: server.name } };
  if (device === undefined) {
    die(run, packet, cause('no-route', 'route-missing', { node: host.name, address: server.address }));
    return true;
  }
  const nextHop = { device, address: server.address };
  if (service.sourceMac === 'keep') {
    sendTo(run, host, nextHop, { packet, srcMac: frame.srcMac });
  } else if (packet.ttl <= 1) {
    die(run, packet, cause('loop', 'ttl-expired', { node: host.name, address: packet.dst }));
  } else {
    sendTo(run, host, nextHop, { packet: { ...packet, ttl: packet.ttl - 1 } });
  }
  return true;
}

/**
 * L3 DSR, at ingress: the server's address becomes the destination, a DSCP value identifies the VIP, and the node's own
 * routing does the rest. Returns the packet unchanged if it is for no such service, or no server is available.
 */
export function sendTagged(run: Run, host: Host, packet: Packet): Packet {
  const service = serviceFor(host, packet, 'dscp');
  const server = service && pickAny(run, host, service, packet);
  if (!service || !server) return packet;
  const opening = clampedAtIngress(host, service, packet);
  return { ...backOnPath(opening), dst: server.address, dscp: service.dscp!, dsr: { l4: null, server: server.name } };
}

/**
 * ipip, at ingress: a mark leads the packet into the tunnel to a server, once the node's own stack has routed it. Unchanged as
 * above.
 */
export function sendIntoTunnel(run: Run, host: Host, packet: Packet): Packet {
  const service = serviceFor(host, packet, 'tunnel');
  const server = service && pickAny(run, host, service, packet);
  if (!service || !server) return packet;
  const opening = clampedAtIngress(host, service, packet);
  return { ...backOnPath(opening), tunnel: server.address, dsr: { l4: null, server: server.name } };
}

/** At ingress of an l3dsr server: the DSCP value is translated back to the VIP. */
export function undoTag({ plan }: Host, packet: Packet): Packet {
  const { dst, dscp, ...rest } = packet;
  const known = plan.undoDscp?.find((tag) => tag.dscp === dscp && tag.address === dst);
  return known === undefined ? packet : { ...rest, dst: known.vip };
}

/**
 * Packets that a load balancer exempts from connection tracking (lb/render/dsr.ts, forward.ts): forwarded replies of direct
 * services whose VIP it does not own, and packets to servers of l3dsr and ipip.
 */
export function isUntracked({ plan: { balancer } }: Host, { src, dst, dscp, tunnel }: Packet): boolean {
  const services = balancer?.config.services ?? [];
  const isReply = balancer !== null && vipsAtIngress(balancer.config).has(src);
  return (
    tunnel !== undefined ||
    isReply ||
    (dscp !== undefined && services.some((s) => s.dscp === dscp && s.servers.some(({ address }) => address === dst)))
  );
}

/** The service without an available server at ingress: such a packet continues unchanged. */
export function unservedDirect(run: Run, host: Host, packet: Packet): LbService | null {
  const service = packet.tunnel === undefined ? serviceFor(host, packet, 'mac', 'dscp', 'tunnel') : null;
  return service !== null && pickAny(run, host, service, packet) === null ? service : null;
}

/** Destination NAT of a new connection to a service; or that service, if no server is available. */
export function balance(run: Run, host: Host, packet: Packet, tracked: Tracked): LbService | null {
  if (tracked.state !== 'new') return null;
  const service = serviceFor(host, packet, 'nat');
  if (service === null) return null;
  const server = pickAny(run, host, service, packet);
  if (server === null) return service;
  redirectTo(tracked.connection, service, { address: server.address, port: server.port ?? service.port });
  return null;
}

/**
 * Translation of a packet that the load balancer's own node sends, if a service balances such calls: the same as for
 * incoming packets (lb/render/nat.ts, refuse.ts).
 */
export function ownCall(
  run: Run,
  host: Host,
  packet: Packet,
  tracked: Tracked,
): { unserved: LbService | null; cut: Cause | null } {
  const services = host.plan.balancer?.config.services.filter(({ ownCalls }) => ownCalls === true) ?? [];
  const isOwn = ({ name }: LbService): boolean => services.some((service) => service.name === name);
  if (tracked.state === 'known') {
    const { connection, direction } = tracked;
    if (direction === 'reply' || connection.service === null || !isOwn(connection.service))
      return { unserved: null, cut: null };
    noteCarried(run, host, { packet, tracked });
    return { unserved: null, cut: cutOff(run, host, tracked) };
  }
  const service = serviceFor(host, packet, 'nat');
  if (service === null || !isOwn(service)) return { unserved: null, cut: null };
  return { unserved: balance(run, host, packet, tracked), cut: null };
}

/**
 * Why a packet of a known connection is refused: conntrack keeps it on a server that is out (lb/render/refuse.ts). Else
 * null.
 */
export function cutOff(run: Run, host: Host, tracked: Tracked): Cause | null {
  const known = tracked.state === 'known' ? tracked.connection : null;
  const service = host.plan.balancer?.config.services.find(({ name }) => name === known?.service?.name);
  if (!known?.service || service === undefined) return null;
  const { src: address, srcPort: port } = known.reply;
  const isTarget = (server: LbServer): boolean => server.address === address && (server.port ?? service.port) === port;
  const server = [...service.servers, ...known.service.servers].find(isTarget);
  if (server === undefined || run.isUp(host, service, server)) return null;
  const { name: node } = host;
  const isAnyUp = service.servers.some((other) => run.isUp(host, service, other));
  if (!isAnyUp && service.whenNoneUp === 'last-resort') return null;
  return isAnyUp
    ? cause('connection-unknown', 'state-missing', {
        node,
        source: known.original.src,
        destination: known.original.dst,
      })
    : cause('no-server-available', 'pool-down', { node, service: service.name });
}

/** A known connection already has a server, which is recorded as if it had been picked now. */
export function noteCarried(run: Run, host: Host, { packet, tracked }: Passing): void {
  const connection = tracked.state === 'known' ? tracked.connection : null;
  if (!connection?.service) return;
  const { name, servers, port: own } = connection.service;
  const { src, srcPort } = connection.reply;
  const server = servers.find(({ address, port = own }) => address === src && port === srcPort);
  if (server !== undefined) notePick(run, name, { l4: host.name, server: server.name, step: packet.step });
}

/** Why a node does not know an existing connection: idle timeout, or missing state. */
export function forgotten(
  { circumstances }: Run,
  { name: node }: Host,
  { src: source, dst: destination }: Packet,
): Cause {
  const idleMs = circumstances.expired.get(node);
  return idleMs === undefined
    ? cause('connection-unknown', 'state-missing', { node, source, destination })
    : cause('idle-expired', 'state-expired', { node, source, destination, idleMs });
}

/**
 * A server's reply for a connection that this load balancer did not create: it forwards the reply untranslated, and is the
 * cause of what follows. In a flow without steps the cause is the caller, which sent the request elsewhere.
 */
export function unexpectedReply(run: Run, host: Host, packet: Packet, tracked: Tracked): Packet {
  const { network, exchange, circumstances } = run;
  if (tracked.state === 'known' && tracked.direction === 'reply') return packet;
  const service = serviceOf(network.plan, exchange.flow);
  const isAnswer = ANSWERS.includes(packet.step) && packet.knownCause === undefined;
  if (!circumstances.overTime || !isAnswer || !service || isDirect(service) || !balancedBy(service, host.name))
    return packet;
  const isOfServer = service.pool.some(({ address, port }) => address === packet.src && port === packet.srcPort);
  return isOfServer ? { ...packet, knownCause: forgotten(run, host, packet) } : packet;
}

const ANSWERS: Packet['step'][] = ['syn-ack', 'reply'];

/** Without a server the load balancer refuses the request, after the kernel has accepted its source (lb/render/refuse.ts). */
export function refuseFor(run: Run, host: Host, packet: Packet, service: LbService): void {
  const { name: node } = host;
  refuse(run, host, packet, cause('no-server-available', 'pool-down', { node, service: service.name }));
}

/** A server that is up, the same one for all packets of a flow; null if there is none. */
function pickAny(run: Run, host: Host, service: LbService, { step }: Packet): LbServer | null {
  const key = flowKey(host.name, service.name);
  const isForgotten = run.circumstances.expired.has(host.name);
  const remembered = isDirect(service) && !isForgotten ? run.memory.flows.get(key) : undefined;
  const server =
    remembered !== undefined && run.isUp(host, service, remembered) ? remembered : pickNew(run, host, service);
  if (server === null) return null;
  notePick(run, service.name, { l4: host.name, server: server.name, step });
  run.flows.set(key, server);
  return server;
}

/** The first packet of a flow determines its load balancer and server: later ones may use another load balancer. */
function notePick({ picked }: Run, service: string, pick: { l4: string; server: string; step: Step }): void {
  const known = picked.get(service);
  if (known === undefined || known.step === pick.step) picked.set(service, pick);
}

/** Schedulers that hash the caller's address. */
const HASHES = ['maglev', 'source-hash'];

function pickNew(run: Run, host: Host, service: LbService): LbServer | null {
  const [first, ...others] = takers(run, host, service);
  if (first === undefined) return null;
  const servers = [first, ...others] as const;
  if (!HASHES.includes(service.scheduler)) return run.choices.choose(`pick ${service.name} ${host.name}`, servers);
  // The same at every load balancer with these servers: their seed is fixed (lb/render/choose.ts).
  const weights = servers.map(({ name, weight = 1 }) => `${name}=${weight}`);
  return run.choices.choose(`hash ${service.name} ${weights.sort().join(',')}`, servers);
}

/** Servers that accept new flows; all of them if none is up and the service allows that. */
function takers(run: Run, host: Host, service: LbService): LbServer[] {
  const healthy = service.servers.filter((server) => run.isUp(host, service, server));
  if (healthy.length === 0 && service.whenNoneUp === 'last-resort') return service.servers;
  return healthy.filter(({ drain }) => drain !== true);
}
