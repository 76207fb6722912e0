import type { LbConfig, LbServer, LbService } from '../config.ts';
import type { HostFacts } from '../host/facts.ts';

/** Everything a ruleset depends on. */
export interface RenderInput {
  config: LbConfig;
  facts: HostFacts;
  /** Whether a server takes new flows. */
  isUp: (service: LbService, server: LbServer) => boolean;
  /** MAC of a neighbour, where it is known. */
  macOf: (address: string) => string | null;
  /** User id of this process, by which its own health checks are told apart. */
  uid: number;
}

/** Servers of a service that take new flows, in the order of the configuration. */
export function upServers(input: RenderInput, service: LbService): LbServer[] {
  return service.servers.filter((server) => input.isUp(service, server));
}
