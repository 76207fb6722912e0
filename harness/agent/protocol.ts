import type { AgentFault } from '../terms/fault.ts';
import type { ClientOutcome } from '../terms/cause.ts';
import type { RouteAnswer } from '../terms/route-answer.ts';
import type { BalancerPlan, FlowProtocol, NodePlan } from '../terms/plan.ts';
import type { ActionPlan, BandState, CallRecord, PairPlan, StreamPlan } from '../terms/timeline.ts';
import type { ServerState } from './balancers/balancer.ts';

/**
 * What the harness and an agent say to one another: one JSON value a line, calls on stdin,
 * answers and events on stdout. Calls run side by side; answers carry the id of their call.
 */
export interface Calls {
  /** From now on until `wire`, datagrams that come over one of the wires are answered. */
  answerAt: { params: TryParams; result: WireEnd[] };
  /** Calls the other end of a wire; answers with those of its own addresses at which nothing was heard. */
  silentEnds: { params: TryParams & { ends: WireEnd[]; timeoutMs: number }; result: string[] };
  /** Names interfaces after their peers and takes away what the engine gave them; answers with the fingerprint. */
  wire: { params: WireParams; result: { fingerprint: string } };
  /** Everything of the plan but the load balancer. */
  configure: { params: { node: NodePlan }; result: null };
  /** Puts a configuration of the load balancer in force, starts it if need be, and waits until it serves. */
  startBalancer: { params: { balancer: BalancerPlan }; result: null };
  /**
   * Starts what makes the node a member of the pair (VRRP, and sync where the pair has it), and waits until it has a
   * state. Each state from then on is told as an event `pair`.
   */
  startPair: { params: { pair: PairPlan; node: string }; result: null };
  /** Ends it as an operator would: a master gives its addresses up at once. */
  stopPair: { params: { pair: string }; result: null };
  /** `fault` as well where nothing of it runs. */
  pairState: { params: { pair: string }; result: PairState };
  /** Does one node's part of an action, and answers when that is done. */
  act: { params: { action: NodeAction }; result: null };
  /** Has the kernel ask for the MACs of neighbours, and waits until each has answered or has been given up. */
  learnNeighbours: { params: { neighbours: { dev: string; address: string }[] }; result: null };
  /** Ends the connections of all listeners, half-open ones too: a server repeats nothing into the flows that follow. */
  dropConnections: { params: null; result: null };
  /** Servers whose health the load balancer has judged. */
  serverStates: { params: null; result: ServerState[] };
  /** The rules by which the load balancer carries traffic, as text; with what is in their sets and maps, or without. */
  balancerRules: { params: { tables: 'listed' | 'named' }; result: string };
  /** Undoes `configure` and `startBalancer`; answers with the fingerprint. */
  reset: { params: null; result: { fingerprint: string } };
  fire: { params: FireParams; result: FireResult };
  /** Ends a running `fire`, which then says `no answer`. */
  cancel: { params: { token: string }; result: null };
  /** What time it is, ms since 1970 and fractions, by the clock that captures are stamped with. */
  clock: { params: null; result: number };
  /** Makes a stream ready; it makes no call until `goOn`. */
  startStream: { params: StreamParams; result: null };
  /** Makes calls from now on; they count to a step, by its index. Answers with what time it was, as `clock`. */
  goOn: { params: { stream: string; step: number }; result: number };
  /**
   * Begins no further call; answers when none is in flight and all have been told of. A kept connection may still have an
   * unanswered exchange, which has taken longer than a call may. Answers with what time it was then.
   */
  holdStream: { params: { stream: string }; result: number };
  /** Ends a stream with its connections; one that is not there is no error. */
  stopStream: { params: { stream: string }; result: null };
  /** Answers when every frame that the kernel had seen by now has been sent as an event. */
  drain: { params: null; result: null };
  /** Counters of the namespace that are not zero; those of nftables only where the node has rules. */
  counters: { params: null; result: Record<string, number> };
  /** Ports by the MACs that bridges have learned there, as `macKey` writes them. */
  macTable: { params: null; result: Record<string, string> };
  /** What the kernel would do with a packet: the words of `ip route get`, or of its refusal. */
  routeGet: { params: RouteQuery; result: RouteAnswer };
  /** Runs a program of the image, with `input` (nothing by default) on its stdin. */
  run: {
    params: { argv: [string, ...string[]]; input?: string };
    result: { code: number; stdout: string; stderr: string };
  };
  /** The agent outlives its harness from now on. */
  detach: { params: null; result: null };
}

/** State of a member of a pair. */
export type PairState = Extract<BandState, 'master' | 'backup' | 'fault'>;

/** What one node does for an action of a step. Those that name no more than their node are the same here. */
export type NodeAction =
  /** Loses power: processes, rules, tables and carrier are gone. The peers' ends of its wires are the peers' to put down. */
  | { do: 'kill' }
  /** Comes back as from a boot: configured, with its load balancer and its part in pairs. */
  | { do: 'start'; node: NodePlan; pairs: PairPlan[] }
  /** This end of wires; up again, it has the addresses and routes that it was configured with. */
  | { do: 'linkDown' | 'linkUp'; ifaces: string[] }
  /** A gratuitous ARP or unsolicited neighbour advertisement. */
  | { do: 'announce'; iface: string; address: string }
  /** Goes from the plan in force to another, touching only what differs. What was ended in the node stays so. */
  | { do: 'change'; node: NodePlan }
  | { do: PlainAction };

/** Actions that need no more than their name. */
type PlainAction = Exclude<
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

/** Calls that change nothing, so that one answer may serve many who ask. */
export type Query = 'counters' | 'macTable' | 'routeGet' | 'serverStates';

export interface WireParams {
  /** Throwaway address (engine's) by which each interface is found, its name and MAC in the lab. */
  interfaces: { wireAddress: string; name: string; mac: string }[];
  /** Whether to capture every interface that a plan has: pointless where nobody takes the frames. */
  captures: boolean;
}

/** How a wire is tried: the interface, by its throwaway address, and the addresses (CIDR) that it gets meanwhile. */
export interface TryParams {
  wireAddress: string;
  addresses: string[];
}

/** Where a node answers before it is wired. */
export interface WireEnd {
  address: string;
  port: number;
}

/** A packet to an address, of the node's own or as it came in. */
export interface RouteQuery {
  to: string;
  incoming?: { from: string; iif: string };
}

export interface FireParams {
  token: string;
  protocol: FlowProtocol;
  address: string;
  /** 0 for ICMP. */
  port: number;
  /** Source port to use; 0 for ICMP. */
  sourcePort: number;
  /** An answered TCP connection ends by reset, which frees its port at once: by FIN it would be taken for a minute. */
  freesPort?: boolean;
  /** Extra payload in each direction, bytes; of ICMP all of it, where it is not 0. */
  bytes: { request: number; reply: number };
  /** Requests on one connection or socket. */
  exchanges: number;
  /** ICMP: nobody may cut a request in pieces. */
  dontFragment?: boolean;
  /** TCP: whose first data leaves with a sequence number out of the window; absent means nobody's. */
  outOfWindow?: 'client' | 'server';
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
  /** Of every call; absent where each socket has one of `sourcePorts`. */
  sourcePort?: number;
  /** First and last of the ports that are the stream's own. They are taken in turn, so that none comes again soon. */
  sourcePorts: [number, number];
  /** With which every token begins: three characters less than `l4lab-` and eight. */
  tokens: string;
  bytes: { request: number; reply: number };
}

export interface FireResult {
  answered: boolean;
  outcome: ClientOutcome;
  answer: ServerAnswer | null;
}

/** What a listener says about the request it got. */
export interface ServerAnswer {
  token: string;
  server: string;
  /** Source address and port that the server saw. */
  peer: string;
  /** Address and port that the server was called at. */
  local: string;
}

export interface Call {
  id: number;
  method: Method;
  params: unknown;
}

export type FromAgent =
  | { id: number; result: unknown }
  /** `code` is the load balancer's, where it was asked. */
  | { id: number; error: AgentFault }
  | { event: 'hello' }
  | { event: 'frames'; iface: string; frames: RawFrame[] }
  | { event: 'log'; line: string }
  | { event: 'calls'; records: CallRecord[] }
  | StateChange;

/** A thing of the node has got a state. `at`: ms since 1970, of the kernel's wall clock. */
export type StateChange =
  | { event: 'pair'; at: number; pair: string; state: PairState }
  /** As the load balancer has judged a server. */
  | ({ event: 'server'; at: number } & ServerState);

/** Nanoseconds of the kernel's wall clock (digits), bytes on the wire, the first bytes in base64. */
export type RawFrame = [time: string, length: number, bytes: string];
