import type { StreamExpectation } from './expectation.ts';
import type { FlowProtocol, ServicePlan, SourcePosition } from './flow-plan.ts';
import type { NodePlan } from './node-plan.ts';

/** Behaviour over time: streams of calls, and steps that change something while they run. */
export interface TimelinePlan {
  streams: StreamPlan[];
  steps: StepPlan[];
}

/** Calls at a steady rate, from the first step to the last. */
export interface StreamPlan {
  name: string;
  from: string;
  /** Address of the caller that its kernel would choose toward the destination. */
  source: string;
  to: { service: string } | { node: string };
  address: string;
  protocol: Exclude<FlowProtocol, 'icmp'>;
  port: number;
  /** Time from one call to the next, ms; per connection if they are kept. */
  everyMs: number;
  /** Timeout of a call, ms. */
  timeoutMs: number;
  /**
   * `new`: a connection (tcp) or a socket (udp) for every call. `kept`: the same ones for all calls; one that breaks is
   * reopened.
   */
  connection: 'new' | 'kept';
  /** Number of kept connections; 1 if each call has its own. */
  connections: number;
  /** Source port of every call; absent if each socket has its own. */
  sourcePort?: number;
  /** Extra payload of requests and of replies, bytes. */
  requestBytes: number;
  replyBytes: number;
  at: SourcePosition;
}

/** A part of the time: first its actions, then a time in which its expectations apply. */
export interface StepPlan {
  name: string;
  title: string;
  actions: ActionPlan[];
  /** What the step waits for after its actions. */
  until?: Awaited;
  /** How long it continues after that, ms. */
  forMs: number;
  /** Changed nodes and services, in full: the plan in effect from the step's actions on. */
  nodes: NodePlan[];
  services: ServicePlan[];
  expect: { stream: string; expect: StreamExpectation; at: SourcePosition }[];
  at: SourcePosition;
}

/** A state to wait for: at most so long, ms. */
export type Awaited = { withinMs: number } & (
  | { server: string; is: 'up' | 'down' }
  /** The node is the only holder of its pair's addresses. */
  | { master: string }
);

/** A link by its two nodes, and its number among the links between them, from 1; absent for the first. */
export interface OneLink {
  link: [string, string];
  number?: number;
}

/** Actions at the start of a step. The names are those of the YAML. */
export type ActionPlan =
  /** The node is powered off: processes, rules, connections, tables and carrier are gone. */
  | { do: 'kill'; node: string }
  /** The node comes up as after a boot. */
  | { do: 'start'; node: string }
  /** The processes of the node are frozen; its kernel runs. */
  | { do: 'pause' | 'resume'; node: string }
  /** `killLb` leaves its rules in the kernel, `stopLb` does not. */
  | { do: 'killLb' | 'stopLb' | 'startLb' | 'restartLb' | 'reloadLb'; node: string }
  | ({ do: 'linkDown' | 'linkUp' } & OneLink)
  /** Down and up again, until the step ends. */
  | ({ do: 'flap'; downMs: number; upMs: number } & OneLink)
  | { do: 'stopListeners' | 'startListeners'; node: string }
  /** Response to HTTP checks: 503, or 200 again. */
  | { do: 'failChecks' | 'passChecks'; node: string }
  | { do: 'flushNeighbours' | 'flushMacs' | 'flushConnections'; node: string }
  /** A gratuitous ARP or unsolicited neighbour advertisement from an interface of the node. */
  | { do: 'announce'; node: string; iface: string; address: string }
  /** Applies the step's `nodes` and `services`, like the actions that change a pool. */
  | { do: 'change' }
  /** For one service, or every service with this server. */
  | { do: 'drain' | 'undrain' | 'addServer' | 'removeServer'; server: string; service?: string }
  | { do: 'weight'; server: string; service?: string; weight: number };

/** Redundant load balancers: the master has the addresses, and another one takes over when it fails. */
export interface PairPlan {
  name: string;
  protocol: 'vrrp';
  /** Virtual router id of RFC 9568. */
  id: number;
  /** The interface from which each member sends advertisements. */
  members: { node: string; iface: string; priority: number }[];
  /** Time between advertisements, ms: a backup takes over after three missed ones plus a skew by priority (RFC 9568, 6.1). */
  advertMs: number;
  /** Whether a member with higher priority takes over from a running master. */
  preempt: boolean;
  /** Whether a new master announces the addresses. */
  gratuitousArp: boolean;
  /** VIPs and proxy IPs without prefix length, with each member's interface for them. */
  addresses: { address: string; ifaces: Record<string, string> }[];
  /** `conntrackd` synchronises the connections of dnat and proxy. */
  sync: 'none' | 'conntrackd';
}
