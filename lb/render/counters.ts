import type { LbServer, LbService } from '../config.ts';

/** Counter of the flows that a server was given in a service. */
export function newFlowsCounter(service: LbService, server: LbServer): string {
  return `new.${service.name}.${server.name}`;
}

/** Counter of the packets that a server was given in a service. */
export function packetsCounter(service: LbService, server: LbServer): string {
  return `all.${service.name}.${server.name}`;
}

/** Counter of packets of flows that the full flow table could not remember. */
export function forgottenCounter(service: LbService): string {
  return `forgotten.${service.name}`;
}

/** Counters of new flows toward a proxy IP's pool, before and after a port was found: the difference found none. */
export function exhaustionCounters(service: LbService): { wanted: string; mapped: string } {
  return { wanted: `wanted.${service.name}`, mapped: `mapped.${service.name}` };
}
