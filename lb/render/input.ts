import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import type { HostFacts } from '../terms/facts.ts';

/** What a server does in a service: takes new flows, serves those it has, or nothing. */
export type ServerRole = 'new' | 'keep' | 'out';

/** Everything a ruleset depends on. */
export interface RenderInput {
  config: LbConfig;
  facts: HostFacts;
  roleOf: (service: LbService, server: LbServer) => ServerRole;
  /** Flows that a server has in a service, for least connections. */
  flowsOf: (service: LbService, server: LbServer) => number;
  /** Whether a service has chosen its servers in the same way for as long as flows that are over are remembered. */
  isSettled: (service: LbService) => boolean;
  /** MAC of a neighbour, where it is known. */
  macOf: (address: string) => string | null;
  /** Port that stands for the VIP in health checks of a DSR service; null when it is not checked. */
  checkPortOf: (service: LbService) => number | null;
  /** User id of this process, by which its own health checks are told apart. */
  uid: number;
}

/** Servers of a service in one of the given roles, in the order of the configuration. */
export function serversIn(input: RenderInput, service: LbService, ...roles: ServerRole[]): LbServer[] {
  return service.servers.filter((server) => roles.includes(input.roleOf(service, server)));
}
