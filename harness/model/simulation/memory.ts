import type { LbServer } from '../../../lb/terms/config.ts';
import type { Connection } from './conntrack.ts';

/** State of an existing connection; empty for a new one. */
export interface Memory {
  /** Connection tracking table of each node. */
  connections: ReadonlyMap<string, Connection[]>;
  /** Flow tables of load balancers in direct modes: by `l4 service`. */
  flows: ReadonlyMap<string, LbServer>;
  /** Server ends of the connection, as in `Exchange`; null for a new one. */
  sockets: readonly string[] | null;
}

/** Memory of a connection that is not open yet. */
export const NEW_CONNECTION: Memory = { connections: new Map(), flows: new Map(), sockets: null };

/** Key of a load balancer's flow table. */
export function flowKey(l4: string, service: string): string {
  return `${l4} ${service}`;
}
