import type { AgentFault } from '../terms/fault.ts';
import type { ClientOutcome } from '../terms/cause.ts';
import type { RouteAnswer } from '../terms/route-answer.ts';
import type {
  BalancerPlan,
  DnsQuestion,
  FlowProtocol,
  NodePlan,
  ActionPlan,
  PairPlan,
  StreamPlan,
} from '../terms/plan.ts';
import type { BandState, CallRecord } from '../terms/timeline-results.ts';
import type { ServerState } from './balancers/balancer.ts';

/**
 * Protocol between harness and agent: one JSON value per line, calls on stdin, answers and events on stdout.
 * Calls run in parallel; an answer has the id of its call.
 */
export interface Calls {
  /** Until `wire`, answers datagrams that arrive on any link. */
  answerAt: { params: TryParams; result: WireEnd[] };
  /** Calls the other end of each link; returns its own addresses that got no answer. */
  silentEnds: { params: TryParams & { ends: WireEnd[]; timeoutMs: number }; result: string[] };
  /** Names interfaces after their peers and removes the engine's settings; returns the fingerprint. */
  wire: { params: WireParams; result: { fingerprint: string } };
  /** Configures everything of the plan except the load balancer. */
  configure: { params: { node: NodePlan }; result: null };
  /** Applies a configuration of the load balancer, starts it if necessary, and waits until it serves. */
  startBalancer: { params: { balancer: BalancerPlan }; result: null };
  /**
   * Starts the daemons of a pair's member (VRRP, and sync if the pair has it), and waits until it has a state. Each later
   * state is an event `pair`.
   */
  startPair: { params: { pair: PairPlan; node: string }; result: null };
  /** Stops it cleanly: a master releases its addresses immediately. */
  stopPair: { params: { pair: string }; result: null };
  /** `fault` also if none of its daemons runs. */
  pairState: { params: { pair: string }; result: PairState };
  /** Does one node's part of an action, and returns when it is done. */
  act: { params: { action: NodeAction }; result: null };
  /** Makes the kernel resolve neighbours, and waits until each has answered or failed. */
  learnNeighbours: { params: { neighbours: { dev: string; address: string }[] }; result: null };
  /** Ends the connections of all listeners, including half-open ones, so that no server retransmits into later flows. */
  dropConnections: { params: null; result: null };
  /** Tells a DNS server which services have no server that is healthy to some load balancer. */
  noteServicesDown: { params: { services: string[] }; result: null };
  /** Servers whose health the load balancer has determined. */
  serverStates: { params: null; result: ServerState[] };
  /** The load balancer's rules as text, with or without the contents of sets and maps. */
  balancerRules: { params: { tables: 'listed' | 'named' }; result: string };
  /** Undoes `configure` and `startBalancer`; returns the fingerprint. */
  reset: { params: null; result: { fingerprint: string } };
  fire: { params: FireParams; result: FireResult };
  /** Ends a running `fire`, which then returns `no answer`. */
  cancel: { params: { token: string }; result: null };
  /** Current time on the captures' clock, in ms since 1970, with fractions. */
  clock: { params: null; result: number };
  /** Prepares a stream, which makes no call until `resumeStream`. */
  startStream: { params: StreamParams; result: null };
  /** Starts calls, which belong to the step with this index. Returns the time, like `clock`. */
  resumeStream: { params: { stream: string; step: number }; result: number };
  /**
   * Stops starting calls, and returns the time once all calls are finished and reported. A kept connection may still have
   * an unanswered exchange that has exceeded the timeout of a call.
   */
  pauseStream: { params: { stream: string }; result: number };
  /** Ends a stream with its connections; no error if there is none. */
  stopStream: { params: { stream: string }; result: null };
  /** Returns when every frame that the kernel has seen so far has been sent as an event. */
  drain: { params: null; result: null };
  /** Non-zero counters of the namespace; those of nftables only if the node has rules. */
  counters: { params: null; result: Record<string, number> };
  /** Ports by the MACs that bridges have learned on them, as `macKey` writes them. */
  macTable: { params: null; result: Record<string, string> };
  /** What the kernel would do with a packet: the output of `ip route get`, or its error. */
  routeGet: { params: RouteQuery; result: RouteAnswer };
  /** Runs a program of the image, with `input` (nothing by default) on its stdin. */
  run: {
    params: { argv: [string, ...string[]]; input?: string };
    result: { code: number; stdout: string; stderr: string };
  };
  /** From now on the agent keeps running without its harness. */
  detach: { params: null; result: null };
}

/** State of a member of a pair. */
export type PairState = Extract<BandState, 'master' | 'backup' | 'fault'>;

/** What one node does for an action of a step. Actions with only a node are the same here. */
export type NodeAction =
  /** Powers off: processes, rules, tables and carrier are gone. The peers take down their own ends of the links. */
  | { do: 'kill' }
  /** Comes up as after a boot: configured, with its load balancer and pair daemons. */
  | { do: 'start'; node: NodePlan; pairs: PairPlan[] }
  /** This end of links; when it is up again, it has its configured addresses and routes. */
  | { do: 'linkDown' | 'linkUp'; ifaces: string[] }
  /** A gratuitous ARP or unsolicited neighbour advertisement. */
  | { do: 'announce'; iface: string; address: string }
  /** Changes from the current plan to another, only where they differ. Stopped programs stay stopped. */
  | { do: 'change'; node: NodePlan }
  | { do: PlainAction };

/** Actions without parameters. */
export type PlainAction = Exclude<
  ActionPlan['do'],
  | 'kill'
  | 'start'
  | 'pause'
  | 'resume'
  | 'restartLb'
  | 'linkDown'
  | 'linkUp'
  | 'flap'
  | 'announce'
  | 'change'
  | 'drain'
  | 'undrain'
  | 'weight'
  | 'addServer'
  | 'removeServer'
>;

export type Method = keyof Calls;

/** Calls that change nothing, so that callers can share one answer. */
export type Query = 'counters' | 'macTable' | 'routeGet' | 'serverStates';

interface WireParams {
  interfaces: WiredInterface[];
  /** Whether to capture every interface of the plan; false if nobody reads the frames. */
  captures: boolean;
}

/** The engine's throwaway address that identifies an interface, and its name and MAC in the lab. */
export interface WiredInterface {
  wireAddress: string;
  name: string;
  mac: string;
  /** Of a trunk with tags: the interfaces of the plan that it carries; `vlan` is null for untagged frames. */
  carries?: { name: string; mac: string; vlan: number | null }[];
}

/** Test of a link: the interface, by its throwaway address, and its temporary addresses (CIDR). */
export interface TryParams {
  wireAddress: string;
  addresses: string[];
}

/** Port on which a node answers before `wire`. */
export interface WireEnd {
  address: string;
  port: number;
}

/** A packet to an address, either the node's own or a received one. */
export interface RouteQuery {
  to: string;
  incoming?: { from: string; iif: string };
  /** Its packet mark, which a routing rule may match. */
  mark?: string;
}

export interface FireParams {
  token: string;
  protocol: FlowProtocol;
  address: string;
  /** 0 for ICMP. */
  port: number;
  /** Source port to use; 0 for ICMP. */
  sourcePort: number;
  /** An answered TCP connection ends with a reset, which frees its port immediately; a FIN would block it for a minute. */
  freesPort?: boolean;
  /** Extra payload in each direction, bytes; for ICMP the whole payload, if not 0. */
  bytes: { request: number; reply: number };
  /** Requests on one connection or socket. */
  exchanges: number;
  /** ICMP: requests must not be fragmented. */
  dontFragment?: boolean;
  /** TCP: whose first data leaves with a sequence number out of the window; absent means neither. */
  outOfWindow?: 'client' | 'server';
  /** UDP: asks a DNS server this, and nothing else. */
  question?: DnsQuestion;
  timeoutMs: number;
}

export interface StreamParams {
  name: string;
  protocol: StreamPlan['protocol'];
  address: string;
  port: number;
  everyMs: number;
  timeoutMs: number;
  connection: StreamPlan['connection'];
  connections: number;
  /** Source port of every call; absent if each socket has one of `sourcePorts`. */
  sourcePort?: number;
  /** First and last of the stream's own ports. They are used in turn, so none is reused soon. */
  sourcePorts: [number, number];
  /** Prefix of every token: three characters shorter than `l4lab-` and eight. */
  tokens: string;
  bytes: { request: number; reply: number };
}

export interface FireResult {
  answered: boolean;
  outcome: ClientOutcome;
  answer: ServerAnswer | null;
  /** Addresses in a DNS answer, in order. */
  addresses?: string[];
}

/** A listener's report about its request. */
export interface ServerAnswer {
  token: string;
  server: string;
  /** Source address and port that the server saw. */
  peer: string;
  /** Address and port that were called. */
  local: string;
}

export interface Call {
  id: number;
  method: Method;
  params: unknown;
}

export type FromAgent =
  | { id: number; result: unknown }
  /** `code` comes from the load balancer, if it was called. */
  | { id: number; error: AgentFault }
  | { event: 'hello' }
  | { event: 'frames'; iface: string; frames: RawFrame[] }
  | { event: 'log'; line: string }
  | { event: 'calls'; records: CallRecord[] }
  | StateChange;

/** A state change on the node. `at`: ms since 1970 on the kernel's wall clock. */
export type StateChange =
  | { event: 'pair'; at: number; pair: string; state: PairState }
  /** Health of a server according to the load balancer. */
  | ({ event: 'server'; at: number } & ServerState);

/** Nanoseconds of the kernel's wall clock (digits), bytes on the wire, the first bytes in base64. */
export type RawFrame = [time: string, length: number, bytes: string];
