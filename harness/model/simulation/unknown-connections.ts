import type { LbService } from '../../../lb/terms/config.ts';
import { cause } from '../../terms/cause.ts';
import { isDirect } from '../../terms/mode.ts';
import { find, protocolOf, type Passing } from './conntrack.ts';
import { refuse } from './endpoints.ts';
import { forgotten } from './load-balancing.ts';
import type { Host } from './network.ts';
import type { Packet } from './packet.ts';
import { die, stateOf } from './run.ts';
import type { Run } from './run.ts';

/** A load balancer with an idle timeout does not start an unknown connection again. */
export function isForgottenConnection({ plan: { idleTimeoutMs, balancer } }: Host, packet: Packet): boolean {
  const { protocol, step, src, srcPort, dst, dstPort } = packet;
  if (idleTimeoutMs === undefined || protocol !== 'tcp' || step === 'syn' || step === 'reset') return false;
  const isOfService = (service: LbService): boolean =>
    (service.vip === dst && service.port === dstPort) ||
    service.servers.some(({ address, port = service.port }) => address === src && port === srcPort);
  return balancer?.config.services.some((service) => !isDirect(service) && isOfService(service)) === true;
}

/** Drops or refuses a packet of such a connection. */
export function dropForgotten(run: Run, host: Host, packet: Packet): void {
  const why = forgotten(run, host, packet);
  if (host.plan.onIdle === 'reset' && packet.protocol === 'tcp') refuse(run, host, packet, why);
  else die(run, packet, why);
}

/** Drops a packet of a connection of which a stateful firewall saw one direction. */
export function halfSeen(run: Run, host: Host, packet: Packet): void {
  const at = { node: host.name, source: packet.src, destination: packet.dst };
  if (run.exchange.isOpen && find(stateOf(run, host).connections, packet) === null) dropForgotten(run, host, packet);
  else die(run, packet, cause('half-seen-by-firewall', 'half-seen', at));
}

/**
 * Packets that a stateful firewall drops: invalid ones, and those of connections whose start it did not see. Conntrack alone
 * treats the latter as new (`nf_conntrack_tcp_loose`), and the load balancer assigns a server.
 */
export function isStray({ packet, tracked }: Passing): boolean {
  const { step } = packet;
  const protocol = protocolOf(packet);
  return tracked.state === 'invalid' || (tracked.state === 'new' && protocol === 'tcp' && step !== 'syn');
}
