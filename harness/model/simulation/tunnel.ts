import { OUTER_HEADER, OUTER_TTL, tunnelName } from '../../../lb/terms/tunnel.ts';
import { cause } from '../../terms/cause.ts';
import { deviceSettings, type DeviceSettings } from './device-settings.ts';
import type { Device, Host } from './network.ts';
import type { Packet } from './packet.ts';
import { forwardingDevice, lookUp, selectSource } from './routing.ts';
import { die, sendIcmpError, stateOf } from './run.ts';
import type { Run } from './run.ts';
import { TUNNEL_END } from '../../terms/tunnel.ts';

/** The device that packets to a server leave by, on a load balancer in ipip; undefined without a route to the server. */
export function tunnelTo(run: Run, host: Host, server: string): Device | undefined {
  const below = forwardingDevice(host, server);
  if (below === undefined) return undefined;
  const known = Math.min(below.mtu, stateOf(run, host).limits.get(server) ?? below.mtu);
  const name = tunnelName(server);
  return {
    name,
    mac: '',
    mtu: known - headerOf(server),
    settings: settingsOf(host),
    addresses: [],
  };
}

/** The packet in another one to its server, from the node's own address. */
export function wrapped(host: Host, { tunnel, ...packet }: Packet & { tunnel: string }): Packet {
  const below = forwardingDevice(host, tunnel)!;
  const { trace, ...inside } = packet;
  return {
    ...inside,
    trace,
    src: selectSource(host, below, lookUp(host, tunnel, '')?.via ?? tunnel),
    dst: tunnel,
    ttl: OUTER_TTL,
    size: packet.size + headerOf(tunnel),
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
  if (host.plan.tunnelEnds?.includes(packet.dst) !== true) {
    die(run, packet, cause('no-tunnel-end', 'tunnel-end-missing', { node: host.name, address: packet.dst }));
    sendIcmpError(run, host, packet);
    return null;
  }
  const name = TUNNEL_END[packet.dst.includes(':') ? 6 : 4];
  const { knownCause, trace } = packet;
  return {
    packet: { ...packet.inside, trace, ...(knownCause === undefined ? {} : { knownCause }) },
    device: { name, mac: '', mtu: Infinity, settings: settingsOf(host), addresses: [] },
  };
}

function headerOf(address: string): number {
  return OUTER_HEADER[address.includes(':') ? 6 : 4];
}

/** Made last, such a device has what is the default for new ones. */
function settingsOf({ plan }: Host): DeviceSettings {
  return deviceSettings(plan.sysctls, 'default');
}
