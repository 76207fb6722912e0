import type { ProfileName } from './profile-name.ts';
import type { CauseCode } from './cause.ts';
import type { DeadEnd } from './dead-end.ts';
import type { FilterRule } from './filter.ts';
import type { FindingCode } from './finding.ts';
import type { Mode } from './mode.ts';
import type { PairPlan, Range, TimelinePlan } from './timeline.ts';
import type { LbConfig } from '../../lb/terms/config.ts';

/** A scenario variant with everything resolved and nothing implied: plain data, safe to serialise. */
export interface Plan {
  lab: string;
  scenario: string;
  variant: string;
  nodes: NodePlan[];
  links: LinkPlan[];
  services: ServicePlan[];
  flows: FlowPlan[];
  /** Whether nodes know their neighbours' MACs when flows begin. */
  neighbours: 'warm' | 'cold';
  /** Redundant load balancers; absent if there are none. */
  pairs?: PairPlan[];
  /** Streams and steps; absent if there are none. */
  timeline?: TimelinePlan;
}

/** A neighbour that a node knows: an address behind an interface. */
export interface KnownNeighbour {
  node: string;
  dev: string;
  address: string;
}

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

export type FlowProtocol = 'http' | 'tcp' | 'udp' | 'icmp';

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

/** A name and the addresses that a DNS server answers with, in turn of their order. */
export interface NamePlan {
  name: string;
  /** Of one family; none where the name has no address. */
  addresses: string[];
}

export type { Mode };

/** A service as flows and reports see it; the load balancer's configuration is in `NodePlan.balancer`. */
export interface ServicePlan {
  name: string;
  vip: string;
  port: number;
  protocol: 'tcp' | 'udp';
  mode: Mode;
  /** Its profile; absent if it has none. */
  like?: ProfileName;
  /** Names of server nodes with the address and port the L4 sends to. */
  pool: { node: string; address: string; port: number }[];
  /** The L4 nodes that balance it, each of which has all of the pool. */
  l4s: ServiceL4[];
}

interface ServiceL4 {
  node: string;
  /** Source addresses that it may use toward servers (proxy mode); empty in the other modes. */
  proxyIps: string[];
}

export interface FlowPlan {
  name: string;
  from: string;
  /** Address of the caller that its kernel would choose toward the destination. */
  source: string;
  /** A service or a node. */
  to: { service: string } | { node: string };
  address: string;
  protocol: FlowProtocol;
  /** 0 for ICMP. */
  port: number;
  repeat: number;
  /** The caller's port; absent if each attempt has its own. */
  sourcePort?: number;
  /** Extra payload in each direction, bytes; absent means none. ICMP: the whole payload; absent or 0 means 56. */
  bytes?: number;
  /** The same for requests or replies only, instead of `bytes`. */
  requestBytes?: number;
  replyBytes?: number;
  /** Requests on one connection (tcp) or datagrams of one socket (udp); absent means 1. */
  exchanges?: number;
  /** ICMP: true if not even the sender may fragment a request. */
  dontFragment?: true;
  /** TCP: the end whose first data is sent once with a sequence number beyond the other's window; absent means neither. */
  outOfWindow?: 'client' | 'server';
  /** The flow whose state it starts from; absent if it starts from a clean state. */
  after?: string;
  /** It calls a name, about which it asks first; `to`, `address` and `source` are those of its first address, if any. */
  byName?: ByName;
  /** It is such a question itself, and nothing else. No flow of a scenario is one. */
  question?: DnsQuestion;
  expect: Expectation;
  /** Where the flow is declared. */
  at: SourcePosition;
}

/** What a caller asks a DNS server, and whom it may call then. */
export interface ByName extends DnsQuestion {
  /** The node that answers, its address, and that from which the caller asks. */
  server: string;
  address: string;
  source: string;
  /** One for each address of the name, in the order of its records. */
  calls: Pick<FlowPlan, 'to' | 'address' | 'source'>[];
}

/** A question to a DNS server: about addresses of IPv4 or of IPv6. */
export interface DnsQuestion {
  name: string;
  type: 'A' | 'AAAA';
}

export interface SourcePosition {
  file: string;
  line: number;
  col: number;
}

/** What must happen to a flow. */
export type Expectation =
  | SingleExpectation
  /** Every attempt has one of these outcomes; `lost`: number of attempts without an answer. */
  | { outcome: 'varies'; oneOf: SingleExpectation[]; lost?: Range }
  /** The same, and each outcome occurs. */
  | { outcome: 'varies'; eachOf: SingleExpectation[]; lost?: Range };

/** What must happen to an attempt; absent fields are not judged. */
export type SingleExpectation =
  | {
      outcome: 'works';
      /**
       * `one` name, `eachOf` (all of these, no other), `noneBut` (some of these, no other), `sameOf` (one of these, the
       * same each time), `counts` (so many attempts by each of these), `shares` (percent of attempts by each of these);
       * `self` names the caller.
       */
      servedBy?: ServedBy;
      /** Source address that the server saw: `client` (the caller's own), `proxy-ip`, `l4`, or an address. */
      sourceSeen?: string;
      request?: PathExpectation;
      reply?: PathExpectation;
      /** Findings that must be present; a finding that is not listed here fails the flow. */
      findings?: FindingCode[];
    }
  | {
      outcome: 'fails';
      cause: CauseCode;
      /** A node, or one of its interfaces: `l4.sw2`. */
      at?: string;
      request?: PathExpectation;
      reply?: PathExpectation;
    };

export type ServedBy =
  | { one: string }
  | { eachOf: string[] }
  | { noneBut: string[] }
  | { sameOf: string[] }
  | { counts: Record<string, number> }
  | { shares: Record<string, Range> };

export interface PathExpectation {
  /** Nodes that the packets must cross, or interfaces that they must come in or leave by: `l4.sw2`. */
  crosses?: string[];
  /** Nodes, or interfaces, that the packets must not touch. */
  avoids?: string[];
  /** TTL, or hop limit, of the packet when it first comes to a node, by node; of several attempts, one at least comes there. */
  ttlAt?: Record<string, number>;
}
