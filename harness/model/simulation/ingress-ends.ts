import { vipsAtIngress } from '../../../lb/terms/mode.ts';
import { transmit } from './bridge.ts';
import { refuse } from './endpoints.ts';
import { answerTo } from './exchange.ts';
import { refuseFor, unservedDirect } from './load-balancing.ts';
import type { IpFrame, Packet } from './packet.ts';
import { deliver } from './run.ts';
import type { Run } from './run.ts';
import type { Host } from './network.ts';

/**
 * An echo request to a VIP that the load balancer may not own: answered at ingress (lb/render/at-ingress.ts), back to
 * the frame's source MAC, whatever the node's routes. Returns whether it was.
 */
export function answersAtIngress(run: Run, host: Host, iface: string, { srcMac, packet }: IpFrame): boolean {
  if (packet.protocol !== 'icmp' || !endsHere(host, packet)) return false;
  deliver(run, packet, host.name);
  run.exchange.served ??= { node: host.name, source: packet.src };
  const ingress = host.ports.includes(iface) ? 'br0' : iface;
  const mac = host.plan.interfaces.find(({ name }) => name === ingress)!.mac;
  // The request itself is sent back, so the same fragmentation rules apply to the reply.
  const reply = {
    ...answerTo(run.exchange, packet, 'reply'),
    size: packet.size,
    fragmentableBy: packet.fragmentableBy ?? 'nobody',
  };
  transmit(run, host, iface, { srcMac: mac, dstMac: srcMac, packet: reply });
  return true;
}

/**
 * Other packets to such a VIP without a server: the node's own stack rejects them before tracking and routing. Returns
 * whether it did.
 */
export function refusesUntracked(run: Run, host: Host, packet: Packet): boolean {
  if (packet.protocol === 'icmp' || !endsHere(host, packet)) return false;
  const service = unservedDirect(run, host, packet);
  const refused = { ...packet, isUnrouted: true as const };
  if (service === null) refuse(run, host, refused);
  else refuseFor(run, host, refused, service);
  return true;
}

function endsHere({ plan: { balancer } }: Host, { about, dst, tunnel }: Packet): boolean {
  return balancer !== null && about === undefined && tunnel === undefined && vipsAtIngress(balancer.config).has(dst);
}
