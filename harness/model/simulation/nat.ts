import type { LbService } from '../../../lb/terms/config.ts';
import { isDirect, MODES, type ModeTraits } from '../../terms/mode.ts';
import { proxyIps } from '../../../lb/terms/proxy-ips.ts';
import { hidesSource, movesDestination, sameTuple } from './conntrack.ts';
import type { Connection, Tracked } from './conntrack.ts';
import type { Packet } from './packet.ts';
import { selectSource } from './routing.ts';
import type { Device, Host } from './network.ts';

/** Server of a new connection, as chosen by the load balancer. */
export interface Target {
  address: string;
  port: number;
}

/** Service of a node's load balancer that a packet is for, if its mode forwards in one of the given ways. */
export function serviceFor(host: Host, packet: Packet, ...handsOver: ModeTraits['handsOver'][]): LbService | null {
  const services = host.plan.balancer?.config.services ?? [];
  // An ICMP error about a service's reply is for the server that sent it.
  const { dst, dstPort, protocol } = packet.step === 'error' ? asked(packet) : packet;
  return (
    services.find(
      (service) =>
        service.vip === dst &&
        service.port === dstPort &&
        service.protocol === protocol &&
        handsOver.includes(MODES[service.mode].handsOver),
    ) ?? null
  );
}

function asked(error: Packet): Pick<Packet, 'dst' | 'dstPort' | 'protocol'> {
  const { src, srcPort, protocol } = error.about!;
  return { dst: src, dstPort: srcPort, protocol };
}

/** Applies destination NAT to a new connection: replies will come from the target. */
export function redirectTo(connection: Connection, service: LbService, target: Target): void {
  connection.service = service;
  connection.reply = { ...connection.reply, src: target.address, srcPort: target.port };
}

/** Destination NAT at prerouting: for the request, and to reverse source NAT for the reply. */
export function translateDestination(packet: Packet, tracked: Tracked): Packet {
  if (tracked.state === 'invalid' || tracked.state === 'untracked') return packet;
  const { original, reply } = tracked.connection;
  const answers = tracked.state === 'known' && tracked.direction === 'reply';
  const changes = answers ? hidesSource(tracked.connection) : movesDestination(tracked.connection);
  if (!changes) return packet;
  return answers
    ? withDestination(packet, original.src, original.srcPort)
    : withDestination(packet, reply.src, reply.srcPort);
}

/** Source NAT at postrouting: for the request, and to reverse destination NAT for the reply. */
export function translateSource(packet: Packet, tracked: Tracked): Packet {
  if (tracked.state === 'invalid' || tracked.state === 'untracked') return packet;
  const { original, reply } = tracked.connection;
  const answers = tracked.state === 'known' && tracked.direction === 'reply';
  const changes = answers ? movesDestination(tracked.connection) : hidesSource(tracked.connection);
  if (!changes) return packet;
  return answers ? withSource(packet, original.dst, original.dstPort) : withSource(packet, reply.dst, reply.dstPort);
}

/** The quoted packet of an ICMP error had the opposite direction: NAT changes its other end. */
function withDestination(packet: Packet, dst: string, dstPort: number): Packet {
  const { about } = packet;
  return about === undefined
    ? { ...packet, dst, dstPort }
    : { ...packet, dst, about: { ...about, src: dst, srcPort: dstPort } };
}

function withSource(packet: Packet, src: string, srcPort: number): Packet {
  const { about } = packet;
  return about === undefined
    ? { ...packet, src, srcPort }
    : { ...packet, src, about: { ...about, dst: src, dstPort: srcPort } };
}

/** Addresses that may replace the caller's toward a server; empty if its own is kept. */
export function sourcesFor(service: LbService, host: Host, device: Device, nextHop: string): string[] {
  if (!MODES[service.mode].hidesSource) return [];
  return service.proxyIp === 'auto' ? [selectSource(host, device, nextHop)] : proxyIps(service);
}

/** The source address that a router's own NAT uses on a device; none if the source is kept. */
export function outsideSources(host: Host, device: Device, nextHop: string): string[] {
  const { nat } = host.plan;
  if (nat?.out.includes(device.name) !== true) return [];
  if (nat.to.length === 0) return [selectSource(host, device, nextHop)];
  return nat.to.filter((address) => address.includes(':') === nextHop.includes(':'));
}

/**
 * Applies source NAT to a new connection: replies will go to that address. Its port stays, unless an existing connection uses
 * it for replies (nf_nat_used_tuple); the kernel then chooses another one at random.
 */
export function hideSource(table: Connection[], connection: Connection, source: string): void {
  const isTaken = (port: number): boolean => {
    const wanted = { ...connection.reply, dst: source, dstPort: port };
    return table.some(
      (other) =>
        other !== connection &&
        other.protocol === connection.protocol &&
        (sameTuple(other.reply, wanted) || sameTuple(other.original, wanted)),
    );
  };
  let port = connection.original.srcPort;
  while (isTaken(port)) port = port === LAST_PORT ? FIRST_FREE_PORT : port + 1;
  connection.reply = { ...connection.reply, dst: source, dstPort: port };
}

/** Lowest port that it may choose (nf_nat_l4proto_unique_tuple). */
const FIRST_FREE_PORT = 1024;
const LAST_PORT = 65_535;

/** Whether a node tracks connections. */
export function keepsTrack(host: Host): boolean {
  return host.plan.firewall === 'stateful' || translates(host);
}

/** Whether a node translates addresses. */
export function translates({ plan: { nat, balancer } }: Host): boolean {
  return nat !== undefined || balancer?.config.services.some((service) => !isDirect(service)) === true;
}
