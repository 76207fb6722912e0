import { OUTER_HEADER, OUTER_TTL, tunnelMtu, tunnelName, versionOf } from '../../../lb/terms/tunnel.ts';
import { cause } from '../../terms/cause.ts';
import { deviceSettings, type DeviceSettings } from './device-settings.ts';
import type { Device, Host } from './network.ts';
import type { Packet } from './packet.ts';
import { forwardingDevice, lookUp, selectSource } from './routing.ts';
import { die, sendIcmpError, stateOf } from './run.ts';
import type { Run } from './run.ts';
import { endDevice, endsAt } from '../../terms/tunnel.ts';

/** A packet that a load balancer in mode ipip sends into the tunnel of a server. */
export type Tunnelled = Packet & { tunnel: string };

/** The outgoing tunnel device; undefined without a route to the server. */
export function tunnelTo(run: Run, host: Host, { dst, tunnel: server }: Tunnelled): Device | undefined {
  const mtu = outerMtu(run, host, server);
  if (mtu === undefined) return undefined;
  const tunnel = { server, carries: versionOf(dst) };
  return {
    name: tunnelName(tunnel),
    mac: '',
    mtu: tunnelMtu(tunnel, mtu),
    settings: settingsOf(host),
    addresses: [],
  };
}

/** Largest outer packet to a server, as known to the load balancer: interface MTU or path MTU. */
function outerMtu(run: Run, host: Host, server: string): number | undefined {
  const below = forwardingDevice(host, server);
  return below && Math.min(below.mtu, stateOf(run, host).pathMtus.get(server) ?? below.mtu);
}

/**
 * The packet in an outer packet to its server, from the node's own address. A packet that is too big is fragmented
 * (ipip6_tunnel_xmit); over IPv6, no router fragments the fragments again.
 */
export function encapsulated(run: Run, host: Host, { tunnel, ...packet }: Tunnelled): Packet {
  const below = forwardingDevice(host, tunnel)!;
  const { trace, ...inside } = packet;
  const { fragmentableBy, ...whole } = inside;
  const mayBeFragmented = fragmentableBy !== undefined && versionOf(tunnel) === 4;
  return {
    ...whole,
    ...(mayBeFragmented ? { fragmentableBy } : {}),
    trace,
    src: selectSource(host, below, lookUp(host, tunnel, '')?.via ?? tunnel),
    dst: tunnel,
    ttl: OUTER_TTL,
    size: Math.min(packet.size + OUTER_HEADER[versionOf(tunnel)], outerMtu(run, host, tunnel)!),
    inside: { ...inside, trace: null },
  };
}

/**
 * The inner packet of a packet to an own address, and the tunnel device it arrives on; null if no tunnel ends here. The
 * sender then gets an ICMP error (icmp_unreach in ip_local_deliver_finish, icmpv6_param_prob in ip6_protocol_deliver_rcu).
 */
export function decapsulated(
  run: Run,
  host: Host,
  packet: Packet & { inside: Packet },
): { packet: Packet; device: Device } | null {
  const { dst: address, inside } = packet;
  if (!endsAt(host.plan, { outer: address, carried: inside.dst })) {
    die(run, packet, cause('no-tunnel-end', 'tunnel-end-missing', { node: host.name, address }));
    sendIcmpError(run, host, packet);
    return null;
  }
  const name = endDevice({ address, carries: versionOf(inside.dst) });
  const { knownCause, trace } = packet;
  return {
    packet: { ...inside, trace, ...(knownCause === undefined ? {} : { knownCause }) },
    device: { name, mac: '', mtu: Infinity, settings: settingsOf(host), addresses: [] },
  };
}

/** Tunnel devices are created last and get the default settings. */
function settingsOf({ plan }: Host): DeviceSettings {
  return deviceSettings(plan.sysctls, 'default');
}
