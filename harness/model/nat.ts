import type { LbService } from '../../lb/terms/config.ts';
import { MODES, type ModeTraits } from '../terms/mode.ts';
import { proxyIps } from './address-ownership.ts';
import { hidesSource, movesDestination, sameTuple } from './conntrack.ts';
import type { Connection, Tracked } from './conntrack.ts';
import type { Packet } from './packet.ts';
import { selectSource } from './routing.ts';
import type { Device, Host } from './network.ts';

/** Where a new connection to a service goes, as the load balancer decided. */
export interface Target {
  address: string;
  port: number;
}

/** Service of a node's load balancer that a packet is addressed to, that it hands over in one of the given ways. */
export function serviceFor(host: Host, packet: Packet, ...handsOver: ModeTraits['handsOver'][]): LbService | null {
  const services = host.plan.balancer?.config.services ?? [];
  // An ICMP error about a service's answer is for the server that gave it.
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

/** Puts a new connection under destination NAT: answers will come from the target. */
export function redirectTo(connection: Connection, service: LbService, target: Target): void {
  connection.service = service;
  connection.reply = { ...connection.reply, src: target.address, srcPort: target.port };
}

/** Destination NAT at prerouting: of the request, and undoing source NAT of the answer. */
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

/** Source NAT at postrouting: of the request, and undoing destination NAT of the answer. */
export function translateSource(packet: Packet, tracked: Tracked): Packet {
  if (tracked.state === 'invalid' || tracked.state === 'untracked') return packet;
  const { original, reply } = tracked.connection;
  const answers = tracked.state === 'known' && tracked.direction === 'reply';
  const changes = answers ? movesDestination(tracked.connection) : hidesSource(tracked.connection);
  if (!changes) return packet;
  return answers ? withSource(packet, original.dst, original.dstPort) : withSource(packet, reply.dst, reply.dstPort);
}

/** What an ICMP error quotes went the other way: NAT changes the other end of it. */
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

/** Addresses that may stand in for the caller's toward a server; empty where its own is kept. */
export function sourcesFor(service: LbService, host: Host, device: Device, nextHop: string): string[] {
  if (!MODES[service.mode].hidesSource) return [];
  return service.proxyIp === 'auto' ? [selectSource(host, device, nextHop)] : proxyIps(service);
}

/** The address that a router's own NAT puts in place of the source of what leaves by a device; none where it is kept. */
export function outsideSources(host: Host, device: Device, nextHop: string): string[] {
  const { nat } = host.plan;
  if (nat?.out.includes(device.name) !== true) return [];
  if (nat.to.length === 0) return [selectSource(host, device, nextHop)];
  return nat.to.filter((address) => address.includes(':') === nextHop.includes(':'));
}

/**
 * Puts a new connection under source NAT: answers will come to that address. Its port stays, unless a connection that is
 * there gets its answers by it (nf_nat_used_tuple); which other one the kernel takes then is a matter of chance.
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

/** Of those that it chooses from for a port above them (nf_nat_l4proto_unique_tuple). */
const FIRST_FREE_PORT = 1024;
const LAST_PORT = 65_535;
