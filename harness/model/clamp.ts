import type { LbService } from '../../lb/terms/config.ts';
import { packetOf } from '../terms/mss.ts';
import type { Passing } from './conntrack.ts';
import type { Device, Host } from './network.ts';
import type { Packet } from './packet.ts';
import { forwardingDevice, lookUp } from './routing.ts';

/** What a load balancer in a direct mode makes of an opening, where it comes in (lb/render/clamp.ts). */
export function clampedAtIngress(host: Host, { mssClamp, servers }: LbService, packet: Packet): Packet {
  if (mssClamp !== 'auto') return clamped(packet, mssClamp);
  const mtus = servers.flatMap(({ address }) => forwardingDevice(host, address)?.mtu ?? []);
  return { ...packet, ...taking(packet, Math.min(...mtus)) };
}

/**
 * The same of what NAT leads through a load balancer. `auto` is the smaller MTU of the ways to both ends (nft_rt.c,
 * get_tcpmss), of which the way back is looked for without a source.
 * @param to interface that the packet leaves by
 */
export function clampedInForward(host: Host, { packet, tracked }: Passing, to: Device): Packet {
  const name = tracked.state === 'new' || tracked.state === 'known' ? tracked.connection.service?.name : undefined;
  const mssClamp = host.plan.balancer?.config.services.find((service) => service.name === name)?.mssClamp;
  if (mssClamp !== 'auto') return clamped(packet, mssClamp);
  const back = host.devices.get(lookUp(host, packet.src, '')?.device ?? '')?.mtu ?? Infinity;
  return { ...packet, ...taking(packet, Math.min(to.mtu, back)) };
}

function clamped(packet: Packet, mss: number | undefined): Packet {
  return mss === undefined ? packet : { ...packet, ...taking(packet, packetOf(mss, packet.dst)) };
}

/** What an opening says is only ever made smaller. */
function taking({ takes }: Packet, bytes: number): Pick<Packet, 'takes'> {
  return takes === undefined ? {} : { takes: Math.min(takes, bytes) };
}
