import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import type { HostFacts } from '../facts/facts.ts';

/** Role of a server in a service: takes new flows, keeps existing ones, or takes none. */
export type ServerRole = 'new' | 'keep' | 'out';

/** Everything a ruleset depends on. */
export interface RenderInput {
  config: LbConfig;
  facts: HostFacts;
  roleOf: (service: LbService, server: LbServer) => ServerRole;
  /** Number of flows of a server in a service, for least connections. */
  flowsOf: (service: LbService, server: LbServer) => number;
  /** Whether the roles of a service's servers have not changed for as long as closed flows are kept. */
  isSettled: (service: LbService) => boolean;
  /** MAC of a neighbour; null if unknown. */
  macOf: (address: string) => string | null;
  /** Port that represents the VIP in health checks of a DSR service; null if it is not checked. */
  checkPortOf: (service: LbService) => number | null;
  /** User id of this process, which identifies its own health checks. */
  uid: number;
}

/** Servers of a service with one of the given roles, in configuration order. */
export function serversIn(input: RenderInput, service: LbService, ...roles: ServerRole[]): LbServer[] {
  return service.servers.filter((server) => roles.includes(input.roleOf(service, server)));
}
