import type { LbServer } from '../../../lb/terms/config.ts';
import type { Connection } from './conntrack.ts';

/** What is remembered of a connection that was opened before: nothing of a new one. */
export interface Memory {
  /** Connection tracking of each node. */
  connections: ReadonlyMap<string, Connection[]>;
  /** Flow tables of load balancers in direct modes: by `l4 service`. */
  flows: ReadonlyMap<string, LbServer>;
  /** Server ends of the connection, as in `Exchange`; null where it is new. */
  sockets: readonly string[] | null;
}

/** Of a connection that is yet to be opened. */
export const NEW_CONNECTION: Memory = { connections: new Map(), flows: new Map(), sockets: null };

/** Key of a load balancer's flow table. */
export function flowKey(l4: string, service: string): string {
  return `${l4} ${service}`;
}
