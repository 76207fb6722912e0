import type { LbService } from '../../../lb/terms/config.ts';
import { tunnelMtu, versionOf } from '../../../lb/terms/tunnel.ts';
import { MODES } from '../../terms/mode.ts';
import { packetOf } from '../../terms/mss.ts';
import type { Passing } from './conntrack.ts';
import type { Device, Host } from './network.ts';
import type { Packet } from './packet.ts';
import { forwardingDevice, lookUp } from './routing.ts';

/** A SYN after a load balancer in a direct mode has lowered its MSS, at ingress (lb/render/clamp.ts). */
export function clampedAtIngress(host: Host, { mssClamp, servers, mode }: LbService, packet: Packet): Packet {
  if (mssClamp !== 'auto') return clamped(packet, mssClamp);
  const isTunnelled = MODES[mode].handsOver === 'tunnel';
  const carries = versionOf(packet.dst);
  const mtus = servers.flatMap(({ address: server }) => {
    const mtu = forwardingDevice(host, server)?.mtu;
    return mtu === undefined ? [] : [isTunnelled ? tunnelMtu({ server, carries }, mtu) : mtu];
  });
  return { ...packet, ...lowered(packet, Math.min(...mtus)) };
}

/**
 * The same for SYN and SYN-ACK that a load balancer with NAT forwards. `auto` is the smaller MTU of the routes to both ends
 * (get_tcpmss of nft_rt.c); the route back is looked up without a source.
 * @param to outgoing interface
 */
export function clampedInForward(host: Host, { packet, tracked }: Passing, to: Device): Packet {
  const name = tracked.state === 'new' || tracked.state === 'known' ? tracked.connection.service?.name : undefined;
  const mssClamp = host.plan.balancer?.config.services.find((service) => service.name === name)?.mssClamp;
  if (mssClamp !== 'auto') return clamped(packet, mssClamp);
  const back = host.devices.get(lookUp(host, packet.src, '')?.device ?? '')?.mtu ?? Infinity;
  return { ...packet, ...lowered(packet, Math.min(to.mtu, back)) };
}

function clamped(packet: Packet, mss: number | undefined): Packet {
  return mss === undefined ? packet : { ...packet, ...lowered(packet, packetOf(mss, packet.dst)) };
}

/** The MSS is never raised. */
function lowered({ maxAccepted }: Packet, bytes: number): Pick<Packet, 'maxAccepted'> {
  return maxAccepted === undefined ? {} : { maxAccepted: Math.min(maxAccepted, bytes) };
}
