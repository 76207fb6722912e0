import { OUTER_HEADER, OUTER_TTL, tunnelMtu, tunnelName, versionOf } from '../../../lb/terms/tunnel.ts';
import { cause } from '../../terms/cause.ts';
import { deviceSettings, type DeviceSettings } from './device-settings.ts';
import type { Device, Host } from './network.ts';
import type { Packet } from './packet.ts';
import { forwardingDevice, lookUp, selectSource } from './routing.ts';
import { die, sendIcmpError, stateOf } from './run.ts';
import type { Run } from './run.ts';
import { endDevice, endsAt } from '../../terms/tunnel.ts';

/** A packet that a load balancer in ipip leads to the tunnel of a server. */
export type Tunnelled = Packet & { tunnel: string };

/** The device that it leaves by; undefined without a route to the server. */
export function tunnelTo(run: Run, host: Host, { dst, tunnel: server }: Tunnelled): Device | undefined {
  const room = roomTo(run, host, server);
  if (room === undefined) return undefined;
  const tunnel = { server, carries: versionOf(dst) };
  return {
    name: tunnelName(tunnel),
    mac: '',
    mtu: tunnelMtu(tunnel, room),
    settings: settingsOf(host),
    addresses: [],
  };
}

/** Bytes of an outer packet, as far as the load balancer knows. */
function roomTo(run: Run, host: Host, server: string): number | undefined {
  const below = forwardingDevice(host, server);
  return below && Math.min(below.mtu, stateOf(run, host).limits.get(server) ?? below.mtu);
}

/**
 * The packet in another one to its server, from the node's own address. What is larger is in fragments (ipip6_tunnel_xmit), which
 * no router of IPv6 fragments again.
 */
export function wrapped(run: Run, host: Host, { tunnel, ...packet }: Tunnelled): Packet {
  const below = forwardingDevice(host, tunnel)!;
  const { trace, ...inside } = packet;
  const { cutBy, ...whole } = inside;
  const mayBeCut = cutBy !== undefined && versionOf(tunnel) === 4;
  return {
    ...whole,
    ...(mayBeCut ? { cutBy } : {}),
    trace,
    src: selectSource(host, below, lookUp(host, tunnel, '')?.via ?? tunnel),
    dst: tunnel,
    ttl: OUTER_TTL,
    size: Math.min(packet.size + OUTER_HEADER[versionOf(tunnel)], roomTo(run, host, tunnel)!),
    inside: { ...inside, trace: null },
  };
}

/**
 * What came to an own address in a tunnel, and the device that it comes out of; null if no tunnel ends here: the sender is told
 * (icmp_unreach in ip_local_deliver_finish, icmpv6_param_prob in ip6_protocol_deliver_rcu).
 */
export function unwrapped(
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

/** Made last, such a device has what is the default for new ones. */
function settingsOf({ plan }: Host): DeviceSettings {
  return deviceSettings(plan.sysctls, 'default');
}
