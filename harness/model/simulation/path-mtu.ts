import { DEFAULT_MTU } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import type { Passing } from './conntrack.ts';
import { sendAgain } from './exchange.ts';
import type { Packet } from './packet.ts';
import { sendIcmpError, die, stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Device, Host } from './network.ts';
import { sender } from './trace.ts';

/**
 * A node's own packet, as large as the interface and the known path MTU allow: TCP sends smaller segments, UDP and ICMP
 * fragment at the source (the first fragment represents all). An unknown path MTU is discovered later. Null if the packet must
 * not be fragmented: the caller's system refuses it (EMSGSIZE).
 */
export function fitToSend(run: Run, host: Host, device: Device, packet: Packet): Packet | null {
  // The tunnel device has already limited the size.
  if (packet.inside !== undefined) return packet;
  const { pathMtus, peerLimits } = stateOf(run, host);
  const ofConnection = packet.protocol === 'tcp' ? peerLimits.get(packet.dst) : undefined;
  const known = Math.min(pathMtus.get(packet.dst) ?? device.mtu, ofConnection ?? device.mtu);
  const size = Math.min(packet.size, known, device.mtu);
  if (size < packet.size && packet.fragmentableBy === 'nobody') {
    const mtu = packet.size > device.mtu ? device.mtu : null;
    die(run, packet, cause('too-big', 'exceeds-mtu', { node: host.name, address: packet.dst, mtu }));
    return null;
  }
  return {
    ...packet,
    size,
    // A known path MTU to the other end also limits the announced MSS (ipv4_default_advmss).
    ...(opens(packet) ? { maxAccepted: Math.min(device.mtu, pathMtus.get(packet.dst) ?? device.mtu) } : {}),
    ...(size < packet.size && mayBeFragmentedAgain(packet) ? { fragmentableBy: 'anybody' as const } : {}),
  };
}

/**
 * The same for a call to the node's own address that NAT sends elsewhere (lb/render/nat.ts): TCP has sized it for `lo`, so it
 * does not announce the interface's MTU, and only honours the other end's MSS. A packet that is too big for the interface is
 * dropped silently.
 */
export function fitToSendFromLo(
  run: Run,
  host: Host,
  device: Device,
  { packet, called }: { packet: Packet; called: string },
): Packet | null {
  if (packet.protocol !== 'tcp') return fitToSend(run, host, device, packet);
  const { pathMtus, peerLimits } = stateOf(run, host);
  const size = Math.min(packet.size, pathMtus.get(called) ?? Infinity, peerLimits.get(called) ?? Infinity);
  if (size <= device.mtu) return { ...packet, size, ...(opens(packet) ? { maxAccepted: acceptedByLo(called) } : {}) };
  die(run, packet, cause('too-big', 'exceeds-mtu', { node: host.name, address: packet.dst, mtu: device.mtu }));
  return null;
}

function opens({ step }: Packet): boolean {
  return step === 'syn' || step === 'syn-ack';
}

/** `lo` accepts 65,536 bytes, but an IPv4 packet has at most 65,535. */
function acceptedByLo(called: string): number {
  return called.includes(':') ? 65_536 : 65_535;
}

/** Fragments may be fragmented again over IPv4: the kernel sets DF only on whole packets (__ip_make_skb). */
function mayBeFragmentedAgain({ protocol, dst }: Packet): boolean {
  return protocol !== 'tcp' && !dst.includes(':');
}

/**
 * The packet as a router forwards it. A packet larger than the MTU of the outgoing interface is dropped with an ICMP error
 * (RFC 1191, 8201), unless the router may fragment it.
 */
export function fitToForward(run: Run, host: Host, device: Device, { packet, tracked }: Passing): Packet | null {
  if (packet.size <= device.mtu) return packet;
  if (packet.fragmentableBy === 'anybody') return { ...packet, size: device.mtu };
  die(run, packet, cause('too-big', 'exceeds-mtu', { node: host.name, address: packet.dst, mtu: device.mtu }));
  sendIcmpError(run, host, packet, { tracked, mtu: device.mtu });
  return null;
}

/** An interface accepts no frame that exceeds its MTU, and a bridge port sends none; both drop silently. */
export function isDroppedSilently(run: Run, host: Host, iface: string, packet: Packet): boolean {
  const largest = host.largestAccepted.get(iface);
  if (largest === undefined || packet.size <= largest) return false;
  const { dst: address, size } = packet;
  const { mtu = DEFAULT_MTU } = host.plan.interfaces.find(({ name }) => name === iface)!;
  die(run, packet, cause('too-big', 'exceeds-interface', { node: host.name, address, iface, size, mtu }));
  return true;
}

/** The other end of a connection announced its MSS, which NAT does not change. */
export function learnPeerLimit(run: Run, host: Host, { src, maxAccepted }: Packet): void {
  if (maxAccepted !== undefined) stateOf(run, host).peerLimits.set(src, maxAccepted);
}

function learnPathMtu(run: Run, host: Host, address: string, bytes: number): void {
  const { pathMtus } = stateOf(run, host);
  pathMtus.set(address, Math.min(bytes, pathMtus.get(address) ?? bytes));
}

/**
 * An ICMP error contains the MTU that would fit: the sender learns it, and TCP retransmits. The kernel looks up the socket by
 * the quoted addresses and ports (tcp_v4_err, __udp4_lib_err, and the same for IPv6): an error about a packet whose destination
 * was translated on the path, and not translated back, finds none.
 */
export function handleIcmpError(run: Run, host: Host, { about, mtu }: Packet): void {
  if (about === undefined || mtu === undefined) return;
  if (about.inside !== undefined && host.owned.has(about.src)) tunnelPacketTooBig(run, host, about, mtu);
  if (sender(about.trace) !== host.name) return;
  const original = run.exchange.sent[about.id]!;
  if (!quotes(about, original)) return;
  learnPathMtu(run, host, original.dst, mtu);
  const isNew = !run.exchange.repeated.has(original.id);
  if (about.protocol === 'tcp' && isNew)
    run.outbox.push({ node: host.name, packet: sendAgain(run.exchange, original) });
}

/**
 * An outer packet of a load balancer's tunnel was too big on the path. The load balancer learns the path MTU, and sends an
 * ICMP error for the next packet; TCP sends one because no acknowledgement arrives.
 */
function tunnelPacketTooBig(run: Run, host: Host, about: Packet, mtu: number): void {
  const isNew = (stateOf(run, host).pathMtus.get(about.dst) ?? Infinity) > mtu;
  learnPathMtu(run, host, about.dst, mtu);
  const original = run.exchange.sent[about.id]!;
  const from = sender(about.trace);
  if (about.protocol !== 'tcp' || !isNew || from === null) return;
  run.outbox.push({ node: from, packet: sendAgain(run.exchange, original) });
}

/** Whether an ICMP error quotes a packet with the addresses and ports of its sender's socket. */
export function quotes(about: Packet, { src, srcPort, dst, dstPort }: Packet): boolean {
  return about.src === src && about.srcPort === srcPort && about.dst === dst && about.dstPort === dstPort;
}
