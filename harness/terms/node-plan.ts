import type { DeadEnd } from './dead-end.ts';
import type { FilterRule } from './filter.ts';
import type { TunnelEnd } from './tunnel.ts';
import type { LbConfig } from '../../lb/terms/config.ts';

export type Role = 'client' | 'l3' | 'l2' | 'l4' | 'server';

/** One container: the configuration of its network namespace. */
export interface NodePlan {
  name: string;
  role: Role;
  interfaces: InterfacePlan[];
  /** Addresses (CIDR) on `lo` in addition to 127.0.0.1: the VIPs of a DSR server. */
  loopback: string[];
  /**
   * l3dsr: a packet to `address` with this `dscp` becomes one to `vip`, before the node's network stack sees it;
   * absent if the node translates no DSCP value.
   */
  undoDscp?: { dscp: number; address: string; vip: string }[];
  /**
   * ipip: addresses of the node where load balancers' tunnels end and packets are unpacked, by inner IP version. Absent if there are
   * none.
   */
  tunnelEnds?: TunnelEnd[];
  routes: RoutePlan[];
  /** Routes that drop packets; absent if there are none. */
  deadEnds?: DeadEndPlan[];
  /**
   * Sources (CIDR) with a separate routing table, that of the routes with this `from`, looked up before the main one in this
   * order. Absent if there are none.
   */
  rules?: string[];
  /** Below /proc/sys, with slashes (`net/ipv4/ip_forward`); contains every relevant value. */
  sysctls: Record<string, string>;
  /** Permanent entries of its neighbour table, which no reply changes; absent if there are none. */
  neighbours?: StaticNeighbour[];
  /**
   * True if the interfaces are ports of a Linux bridge `br0` (role l2, or an L4 that is a switch), or of one bridge per
   * VLAN.
   */
  bridge: boolean;
  /** `stateful`: drops forwarded packets that conntrack marks invalid, and TCP connections whose start it did not see. */
  firewall: 'none' | 'stateful';
  /** Rules for packets that it forwards or receives, before `firewall`; absent if there are none. */
  filter?: FilterRule[];
  /** Source NAT of packets that leave some of its interfaces; absent if there is none. */
  nat?: NatPlan;
  listeners: ListenerPlan[];
  /** Idle timeout of connections, ms; absent means the kernel's defaults. */
  idleTimeoutMs?: number;
  /** Action for packets of an expired connection: `silent` drops, `reset` refuses. */
  onIdle?: 'silent' | 'reset';
  /** Ageing time of a bridge's MAC table, ms; absent means the kernel's 300 s. */
  macAgeMs?: number;
  /** How long a neighbour entry stays reachable without confirmation, ms; absent means the kernel's 30 s. */
  neighbourAgeMs?: number;
  /** The load balancer that runs in this node, or null. */
  balancer: BalancerPlan | null;
}

/** The source of packets that leave `out` is translated; replies, and ICMP errors about them, are translated back. */
export interface NatPlan {
  /** Names of interfaces. */
  out: string[];
  /** The source by family; empty for masquerade (the address of the interface). A family without one is not translated. */
  to: string[];
}

/** A kind of load balancer that an agent can run (harness/agent/balancers), with its own configuration. */
export interface BalancerPlan {
  kind: 'l4lab';
  config: LbConfig;
}

export interface InterfacePlan {
  /** Named after the peer node: `sw`; `sw.10` for the frames of VLAN 10 on a trunk. */
  name: string;
  peer: string;
  /** Lower case, colons. */
  mac: string;
  /** CIDR; empty for a bridge port. */
  addresses: string[];
  /** False if the scenario takes the interface down; absent means up. */
  up?: false;
  /** Bytes; absent means 1500 (Ethernet). */
  mtu?: number;
  /** VLAN of its frames: of a switch's port, or of a node's interface on a trunk; absent means none. */
  vlan?: number;
  /** True at a switch's port for frames that it rejects: of a VLAN that it does not carry, or untagged. */
  closed?: true;
}

/** A wire between exactly two interfaces: a link without VLANs, or one VLAN of a trunk. */
export interface LinkPlan {
  ends: [LinkEnd, LinkEnd];
  /** VLAN of a trunk; absent for untagged frames. */
  vlan?: number;
}

export interface LinkEnd {
  node: string;
  iface: string;
}

export interface RoutePlan {
  /** CIDR, or `default`. */
  to: string;
  /** CIDR: the route applies only to packets from there; absent for the main table. */
  from?: string;
  /** Null if the destinations are direct neighbours. */
  via: string | null;
  dev: string;
  /** Further next hops of the same cost: a hash distributes flows over all of them. */
  others?: NextHop[];
}

/** An address on an interface's link, and the MAC for frames to it. */
export interface StaticNeighbour {
  address: string;
  dev: string;
  mac: string;
}

/** A router, and the interface to reach it. */
export interface NextHop {
  via: string;
  dev: string;
}

/** A route that drops packets. */
export interface DeadEndPlan {
  /** CIDR. */
  to: string;
  /** As in a route. */
  from?: string;
  type: DeadEnd;
}

/** A TCP listener answers HTTP flows as well. */
export interface ListenerPlan {
  protocol: 'tcp' | 'udp';
  port: number;
  /** The only address that it listens on; absent for all addresses of the node. */
  address?: string;
  /** UDP: fixed source address of replies; absent if it replies from the called address. */
  answersFrom?: string;
  /** UDP: fixed source port of replies; absent if it replies from the called port. */
  answersFromPort?: number;
  /** Makes it a DNS server (RFC 1035) for exactly these names; absent for other listeners. */
  names?: NamePlan[];
}

/** A name and its DNS records. */
export interface NamePlan {
  name: string;
  /** All records, in rotating order; only the first one; or only those for the network of the caller. */
  policy: 'round-robin' | 'failover' | 'by-source';
  /** Whether it leaves out services without a healthy server; always true for `failover`. */
  onlyHealthy: boolean;
  /** How long a caller may keep an answer, seconds. */
  ttlS: number;
  /** Records of one family; empty if the name has no address. */
  records: RecordPlan[];
}

export interface RecordPlan {
  address: string;
  /** The service whose VIP it is; null for any other address. */
  service: string | null;
  /** by-source: networks (CIDR) of its callers; absent for all other callers. */
  from?: string[];
}

/** A neighbour known to a node: an address on an interface's link. */
export interface KnownNeighbour {
  node: string;
  dev: string;
  address: string;
}
