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
  /** Load balancers that back each other up; absent where there are none. */
  pairs?: PairPlan[];
  /** What happens over time; absent where nothing does. */
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
   * l3dsr: a packet to `address` that carries `dscp` becomes one to `vip`, before the node's own stack sees it;
   * absent means that the node knows no such value.
   */
  undoDscp?: { dscp: number; address: string; vip: string }[];
  routes: RoutePlan[];
  /** Routes that lead nowhere; absent where there are none. */
  deadEnds?: DeadEndPlan[];
  /**
   * Sources (CIDR) whose packets ask a table of their own, that of the routes with this `from`, before the main one; the
   * first of them first. Absent where there are none.
   */
  rules?: string[];
  /** Below /proc/sys, with slashes (`net/ipv4/ip_forward`); every value that matters is listed. */
  sysctls: Record<string, string>;
  /** Entries of its neighbour table that are set by hand, and that no answer changes; absent where there are none. */
  neighbours?: StaticNeighbour[];
  /**
   * True where the interfaces are ports of one Linux bridge named `br0` (role l2, or an L4 that is a switch); of a switch
   * with VLANs, of one for each VLAN.
   */
  bridge: boolean;
  /** `stateful`: drops forwarded packets that conntrack calls invalid, and TCP that it did not see begin. */
  firewall: 'none' | 'stateful';
  /** Rules for packets that it forwards or receives, before `firewall` looks at them; absent where there are none. */
  filter?: FilterRule[];
  /** Source NAT of what it sends out by some of its interfaces; absent where there is none. */
  nat?: NatPlan;
  listeners: ListenerPlan[];
  /** Without traffic for so long a node that keeps state forgets a connection, ms; absent means the kernel's own times. */
  idleTimeoutMs?: number;
  /** What it does with later packets of one that it forgot: `silent` drops, `reset` refuses. */
  onIdle?: 'silent' | 'reset';
  /** How long a bridge keeps a MAC that it does not hear from, ms; absent means the kernel's 300 s. */
  macAgeMs?: number;
  /** How long a neighbour is taken to be there without a sign of it, ms; absent means the kernel's 30 s. */
  neighbourAgeMs?: number;
  /** The load balancer that runs in this node, or null. */
  balancer: BalancerPlan | null;
}

/** A packet that leaves by `out` gets another source; its answers, and ICMP errors about it, are translated back. */
export interface NatPlan {
  /** Names of interfaces. */
  out: string[];
  /** The source, by family; none for masquerade: the address of the interface. A family that has none is left alone. */
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
  /** False where the scenario takes the interface down; absent means up. */
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
  /** CIDR: packets from there alone take it; absent for a route of the main table. */
  from?: string;
  /** Null where the destinations themselves are neighbours. */
  via: string | null;
  dev: string;
  /** Further next hops of the same cost: flows are spread over all of them by a hash. */
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

/** A route by which packets are dropped. */
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
  /** The only address that it listens at; absent for every one of the node's. */
  address?: string;
  /** UDP: where its answers come from, whatever address was asked; absent where it answers from that. */
  answersFrom?: string;
}

export type { Mode };

/** A service as flows and reports see it; what the load balancer is told is in `NodePlan.balancer`. */
export interface ServicePlan {
  name: string;
  vip: string;
  port: number;
  protocol: 'tcp' | 'udp';
  mode: Mode;
  /** The product whose documented behaviour it is given; absent where there is none. */
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
  /** The caller's port; absent where each attempt has one of its own. */
  sourcePort?: number;
  /** Extra payload in each direction, bytes; absent means none. Of ICMP all of it; absent or 0 means 56. */
  bytes?: number;
  /** The same of requests alone, or of replies alone, in place of `bytes`. */
  requestBytes?: number;
  replyBytes?: number;
  /** Requests on one connection (tcp) or datagrams of one socket (udp); absent means 1. */
  exchanges?: number;
  /** ICMP: true where not even the sender may cut a request in pieces. */
  dontFragment?: true;
  /** TCP: whose first data leaves with a sequence number beyond the other's window, once; absent means nobody's. */
  outOfWindow?: 'client' | 'server';
  /** The flow whose state it starts from; absent where it starts from that of a fresh network. */
  after?: string;
  expect: Expectation;
  /** Where the flow is declared. */
  at: SourcePosition;
}

export interface SourcePosition {
  file: string;
  line: number;
  col: number;
}

/** What must happen to a flow. */
export type Expectation =
  | SingleExpectation
  /** Every attempt goes one of these ways. */
  | { outcome: 'varies'; oneOf: SingleExpectation[] }
  /** The same, and each of them occurs. */
  | { outcome: 'varies'; eachOf: SingleExpectation[] };

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
  | { outcome: 'fails'; cause: CauseCode; at?: string; request?: PathExpectation; reply?: PathExpectation };

export type ServedBy =
  | { one: string }
  | { eachOf: string[] }
  | { noneBut: string[] }
  | { sameOf: string[] }
  | { counts: Record<string, number> }
  | { shares: Record<string, Range> };

export interface PathExpectation {
  /** Nodes that the packets must cross. */
  crosses?: string[];
  /** Nodes that the packets must not touch. */
  avoids?: string[];
}
