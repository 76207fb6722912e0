import type { Connection } from './conntrack.ts';
import type { Packet } from './packet.ts';

/** What a node learns while packets cross it. */
export interface NodeState {
  /** By `device address`. */
  neighbours: Map<string, Neighbour>;
  connections: Connection[];
  /** MAC table of its bridge, by `macKey`. */
  macTable: Map<string, MacEntry>;
  /** Next hops learned from ICMP redirects, by destination. */
  redirects: Map<string, { gateway: string; router: string }>;
  /** Largest IP packet that the other end of a connection takes, by its address, as it said when that began (MSS). */
  taken: Map<string, number>;
  /** Largest IP packet that makes it to an address, as far as ICMP errors told the node; whatever the connection. */
  limits: Map<string, number>;
  /** Neighbours that this router has sent a redirect: the kernel limits their rate. */
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
  /** Null until somebody answered. */
  mac: string | null;
  /** Who answered the one request, in the order of arrival. */
  answers: Answer[];
  failed: boolean;
  /** Packets that wait for the MAC. */
  waiting: Leaving[];
}

/** An answer to a request for a neighbour. */
interface Answer {
  mac: string;
  /** Whether it replaces an earlier one (override flag, RFC 4861, 4.4): not where it is given for somebody else. */
  overrides: boolean;
}

/** A packet on its way out of a node. */
export interface Leaving {
  packet: Packet;
  /** Source MAC that it is to have; absent: the interface's own. */
  srcMac?: string;
}
