import { ownerOf } from '../../scenario/lookup.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { otherPort } from '../../terms/reply-port.ts';
import { hiddenBehind } from './endpoints.ts';
import type { Device, Host } from './network.ts';
import type { Packet } from './packet.ts';
import { deadEnd, validateSource } from './routing.ts';
import { die } from './run.ts';
import type { Run } from './run.ts';

/** The verdict about a packet's source address; null if the packet is dropped. */
export function sourceIsFine(run: Run, host: Host, device: Device, packet: Packet): { onLink: boolean } | null {
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
export function withoutVip(host: Host, packet: Packet): Packet {
  if (packet.dsr?.server !== host.name || packet.knownCause?.code === 'vip-not-on-server') return packet;
  return { ...packet, knownCause: cause('vip-not-on-server', 'vip-missing', { node: host.name, vip: packet.dst }) };
}

/**
 * Drops a packet without a route, or with one that drops.
 * @param asked the lookup key, if it differs from the packet
 */
export function noRoute(run: Run, host: Host, packet: Packet, asked: Pick<Packet, 'src' | 'dst'> = packet): void {
  const at = { node: host.name, address: packet.dst };
  const end = deadEnd(host, asked);
  const why =
    end === null
      ? cause('no-route', 'route-missing', at)
      : cause('no-route', 'dead-end', { ...at, to: end.to, type: end.type });
  die(run, packet, why);
}

/**
 * Why a reply to a NAT address that the node does not have was not translated back: it came from an address that was
 * not called.
 */
export function notTranslated(run: Run, host: Host, packet: Packet): Cause | null {
  const { src: source, dst: address } = packet;
  if (host.plan.nat?.to.includes(address) !== true || packet.about !== undefined) return null;
  const called = hiddenBehind(run, host, packet);
  if (called === null) return null;
  const owner = ownerOf(run.network.plan, source);
  const ports = otherPort(packet.protocol === 'icmp' ? null : called.port, packet.srcPort);
  const at = { node: host.name, called: called.address, source, owner, address };
  return cause('reply-not-from-vip', 'reply-not-translated', { ...at, ...ports });
}
