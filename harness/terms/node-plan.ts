import type { DeadEnd } from './dead-end.ts';
import type { FilterRule } from './filter.ts';
import type { LbConfig } from '../../lb/terms/config.ts';

export type Role = 'client' | 'l3' | 'l2' | 'l4' | 'server';

/** One container: what its network namespace looks like once configured. */
export interface NodePlan {
  name: string;
  role: Role;
  interfaces: InterfacePlan[];
  /** Addresses (CIDR) on `lo` beside 127.0.0.1: the VIPs of a DSR server. */
  loopback: string[];
  /**
   * l3dsr: a packet to `address` with this `dscp` becomes one to `vip`, before the node's network stack sees it;
   * absent if the node translates no DSCP value.
   */
  undoDscp?: { dscp: number; address: string; vip: string }[];
  /**
   * ipip: own addresses that tunnels of load balancers end at: what a packet to one of them carries is taken out. Absent if there
   * are none.
   */
  tunnelEnds?: string[];
  routes: RoutePlan[];
  /** Routes that drop packets; absent if there are none. */
  deadEnds?: DeadEndPlan[];
  /**
   * Sources (CIDR) with a separate routing table, that of the routes with this `from`, looked up before the main one in this
   * order. Absent if there are none.
   */
  rules?: string[];
  /** Below /proc/sys, with slashes (`net/ipv4/ip_forward`); every value that matters is listed. */
  sysctls: Record<string, string>;
  /** Permanent entries of its neighbour table, which no reply changes; absent if there are none. */
  neighbours?: StaticNeighbour[];
  /**
   * True where the interfaces are ports of one Linux bridge named `br0` (role l2, or an L4 that is a switch); of a switch
   * with VLANs, of one for each VLAN.
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
  /** Bytes; absent means that of Ethernet, 1500. */
  mtu?: number;
  /** The VLAN that its frames are in: that of a switch's port, or of a node's interface on a trunk; absent means none. */
  vlan?: number;
  /** True at a switch's port for frames that it does not take: of a VLAN that it does not carry, or without a tag. */
  closed?: true;
}

/** A wire between exactly two interfaces: a link without VLANs, or one VLAN of a trunk. */
export interface LinkPlan {
  ends: [LinkEnd, LinkEnd];
  /** The VLAN of a trunk that it stands for; absent for frames without a tag. */
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

/** An address behind an interface, and the MAC that frames for it carry. */
export interface StaticNeighbour {
  address: string;
  dev: string;
  mac: string;
}

/** A router, and the interface that it is behind. */
export interface NextHop {
  via: string;
  dev: string;
}

/** A route that drops packets. */
export interface DeadEndPlan {
  /** CIDR. */
  to: string;
  /** As that of a route. */
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
  /** It is a DNS server (RFC 1035), and these are all the names that it knows; absent for any other listener. */
  names?: NamePlan[];
}

/** A name, and what a DNS server answers about it. */
export interface NamePlan {
  name: string;
  /** All records, in rotating order; only the first one; or only those for the network of the caller. */
  policy: 'round-robin' | 'failover' | 'by-source';
  /** Whether it leaves out services without a healthy server; always true for `failover`. */
  onlyHealthy: boolean;
  /** How long a caller may keep an answer, seconds. */
  ttlS: number;
  /** Of one family; none if the name has no address. */
  records: RecordPlan[];
}

export interface RecordPlan {
  address: string;
  /** The service whose VIP it is; null for any other address. */
  service: string | null;
  /** by-source: networks (CIDR) of its callers; absent for callers without a record of their own. */
  from?: string[];
}

/** A neighbour that a node knows: an address behind an interface. */
export interface KnownNeighbour {
  node: string;
  dev: string;
  address: string;
}
