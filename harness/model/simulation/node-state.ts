import type { Connection } from './conntrack.ts';
import type { Packet } from './packet.ts';

/** State that a node learns from packets. */
export interface NodeState {
  /** By `device address`. */
  neighbours: Map<string, Neighbour>;
  connections: Connection[];
  /** MAC table of its bridge, by `macKey`. */
  macTable: Map<string, MacEntry>;
  /** Next hops learned from ICMP redirects, by destination. */
  redirects: Map<string, { gateway: string; router: string }>;
  /** Largest IP packet that the other end of a connection accepts, by its address, as announced at its start (MSS). */
  peerLimits: Map<string, number>;
  /** Largest IP packet that reaches an address according to ICMP errors; for all connections. */
  pathMtus: Map<string, number>;
  /** Neighbours that got a redirect from this router: the kernel limits their rate. */
  redirected: Set<string>;
}

/** An entry of a bridge's MAC table. */
export interface MacEntry {
  port: string;
  movedFrom: string | null;
  /** Whether the node with that MAC was behind the port when it was learned. */
  wasRight: boolean;
}

/** An entry of a node's neighbour table. */
export interface Neighbour {
  node: string;
  device: string;
  address: string;
  /** Null until answered. */
  mac: string | null;
  /** Answers to the request, in order of arrival. */
  answers: Answer[];
  failed: boolean;
  /** Packets waiting for the MAC. */
  waiting: Leaving[];
}

/** An answer to a request for a neighbour. */
interface Answer {
  mac: string;
  /** Whether it replaces an earlier one (override flag, RFC 4861, 4.4): not if answered for another node. */
  overrides: boolean;
}

/** A packet leaving a node. */
export interface Leaving {
  packet: Packet;
  /** Source MAC; absent for the interface's own. */
  srcMac?: string;
}
