import type { AgentFault } from '../terms/fault.ts';
import type { ClientOutcome } from '../terms/cause.ts';
import type { RouteAnswer } from '../terms/route-answer.ts';
import type { BalancerPlan, FlowProtocol, NodePlan } from '../terms/plan.ts';
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
  /** Has the kernel ask for the MACs of neighbours, and waits until each has answered or has been given up. */
  learnNeighbours: { params: { neighbours: { dev: string; address: string }[] }; result: null };
  /** Ends the connections of all listeners, half-open ones too: a server repeats nothing into the flows that follow. */
  dropConnections: { params: null; result: null };
  /** Servers whose health the load balancer has judged. */
  serverStates: { params: null; result: ServerState[] };
  /** The rules by which the load balancer carries traffic, as text. */
  balancerRules: { params: null; result: string };
  /** Undoes `configure` and `startBalancer`; answers with the fingerprint. */
  reset: { params: null; result: { fingerprint: string } };
  fire: { params: FireParams; result: FireResult };
  /** Ends a running `fire`, which then says `no answer`. */
  cancel: { params: { token: string }; result: null };
  /** Answers when every frame that the kernel had seen by now has been sent as an event. */
  drain: { params: null; result: { dropped: number } };
  /** Counters of the namespace that are not zero; those of nftables only where the node has rules. */
  counters: { params: null; result: Record<string, number> };
  /** MACs that the bridge has learned, by the port that it learned each at. */
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
  /** Extra payload in each direction, bytes. */
  bytes: { request: number; reply: number };
  /** Requests on one connection or socket. */
  exchanges: number;
  timeoutMs: number;
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
  | { event: 'log'; line: string };

/** Nanoseconds of the kernel's wall clock (digits), bytes on the wire, the first bytes in base64. */
export type RawFrame = [time: string, length: number, bytes: string];
