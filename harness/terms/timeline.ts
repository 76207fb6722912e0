import type { Cause, CauseCode, ClientOutcome } from './cause.ts';
import type { MessageOf } from './message.ts';
import type { Expectation, FlowProtocol, NodePlan, ServicePlan, SingleExpectation, SourcePosition } from './plan.ts';
import type { Attempt } from './results.ts';
import type { Place } from './reason.ts';
import type { Prediction } from './walk.ts';

/** What happens over time: streams of calls, and steps that change something while they go on. */
export interface TimelinePlan {
  streams: StreamPlan[];
  steps: StepPlan[];
}

/** Calls that go on from the first step to the last, at a steady rate. */
export interface StreamPlan {
  name: string;
  from: string;
  /** Address of the caller that its kernel would choose toward the destination. */
  source: string;
  to: { service: string } | { node: string };
  address: string;
  protocol: Exclude<FlowProtocol, 'icmp'>;
  port: number;
  /** From one call to the next, ms; of each connection where they are kept. */
  everyMs: number;
  /** How long a call may take before it counts as failed, ms. */
  timeoutMs: number;
  /**
   * `new`: a connection (tcp) or a socket (udp) for every call. `kept`: the same ones for all calls; one that breaks is
   * opened anew.
   */
  connection: 'new' | 'kept';
  /** How many are kept at the same time; 1 where each call has its own. */
  connections: number;
  /** Source port of every call; absent where each socket has its own. */
  sourcePort?: number;
  /** Extra payload of requests and of replies, bytes. */
  requestBytes: number;
  replyBytes: number;
  at: SourcePosition;
}

/** A part of the time: first its actions, then a time in which its expectations hold. */
export interface StepPlan {
  name: string;
  title: string;
  actions: ActionPlan[];
  /** What the step waits for after its actions. */
  until?: Awaited;
  /** How long it goes on after that, ms. */
  forMs: number;
  /** Nodes and services that are not as before, in full: what the plan is from the step's actions on. */
  nodes: NodePlan[];
  services: ServicePlan[];
  expect: { stream: string; expect: StreamExpectation; at: SourcePosition }[];
  at: SourcePosition;
}

/** A state to wait for: at most so long, ms. */
export type Awaited = { withinMs: number } & (
  | { server: string; is: 'up' | 'down' }
  /** The node holds the addresses of its pair, and no other member does. */
  | { master: string }
);

/** What is done at the beginning of a step. The names are those of the YAML. */
export type ActionPlan =
  /** The node loses power: processes, rules, connections, tables and carrier are gone. */
  | { do: 'kill'; node: string }
  /** The node comes back as from a boot. */
  | { do: 'start'; node: string }
  /** No process of the node runs; its kernel does. */
  | { do: 'pause' | 'resume'; node: string }
  /** `killLb` leaves its rules in the kernel, `stopLb` does not. */
  | { do: 'killLb' | 'stopLb' | 'startLb' | 'restartLb' | 'reloadLb'; node: string }
  | { do: 'linkDown' | 'linkUp'; link: [string, string] }
  /** Down and up again, until the step ends. */
  | { do: 'flap'; link: [string, string]; downMs: number; upMs: number }
  | { do: 'stopListeners' | 'startListeners'; node: string }
  /** What checks by HTTP get: 503, or 200 again. */
  | { do: 'failChecks' | 'passChecks'; node: string }
  | { do: 'flushNeighbours' | 'flushMacs' | 'flushConnections'; node: string }
  /** A gratuitous ARP or unsolicited neighbour advertisement from an interface of the node. */
  | { do: 'announce'; node: string; iface: string; address: string }
  /** Puts the step's `nodes` and `services` in force, like those that change a pool. */
  | { do: 'change' }
  /** Of one service, or of each that it applies to. */
  | { do: 'drain' | 'undrain' | 'addServer' | 'removeServer'; server: string; service?: string }
  | { do: 'weight'; server: string; service?: string; weight: number };

/** Load balancers that back each other up: the master holds the addresses, and another takes over when it is gone. */
export interface PairPlan {
  name: string;
  protocol: 'vrrp';
  /** Virtual router id of RFC 9568. */
  id: number;
  /** Which interface each sends advertisements from. */
  members: { node: string; iface: string; priority: number }[];
  /** Between advertisements, ms: a backup takes over after three of them, and a skew that its priority makes (RFC 9568, 6.1). */
  advertMs: number;
  /** Whether a member of higher priority takes over from a living master. */
  preempt: boolean;
  /** Whether a new master tells neighbours of the addresses. */
  gratuitousArp: boolean;
  /** VIPs and proxy IPs, without prefix length, with the interface at which each member holds them. */
  addresses: { address: string; ifaces: Record<string, string> }[];
  /** `conntrackd`: members tell each other the connections of dnat and proxy. */
  sync: 'none' | 'conntrackd';
}

/** What must happen to a stream in a step. */
export type StreamExpectation =
  /** Holds for every call. */
  | Expectation
  /** Calls fail in one outage, and then go as `then` says. */
  | { outcome: 'interrupted'; outage: OutageExpectation; then: SingleExpectation }
  | ConnectionsExpectation;

export interface OutageExpectation {
  atLeastMs?: number;
  atMostMs?: number;
  /** Every call that fails does so for one of these. */
  causes?: CauseCode[];
  /** Node where it fails. */
  at?: string;
}

/** What becomes of kept connections; each counts once. */
export interface ConnectionsExpectation {
  outcome: 'connections';
  /** How many go on; absent `survive` with nothing else means all. */
  survive?: Range;
  reset?: Range;
  /** How many have an unanswered call when the step ends. */
  stall?: Range;
  /** The longest time from a call to its answer, ms. */
  stallMs?: Range;
  /** Why others end. */
  causes?: CauseCode[];
}

export interface Range {
  atLeast?: number;
  atMost?: number;
}

/** What the model says of a stream in a step. */
export interface StreamPrediction {
  /** What calls do once all has settled; null where the model does not know. */
  settled: Prediction[] | null;
  /** Failures to be expected before that; null where there are none. */
  outage: PredictedOutage | null;
  /** What becomes of kept connections; null where there are none, or the model does not know. */
  connections: { survive: 'all' | 'none' | 'some'; cause: Place | null } | null;
  /** Why the model does not know. */
  unknown: Unknown[];
}

export interface PredictedOutage {
  causes: Place[];
  /** How long at most, by the settings, ms; null where no setting bounds it. */
  atMostMs: number | null;
  /** Actions that take the time they take, until which it lasts; absent where settings bound it. */
  until?: ActionPlan['do'][];
  /** What it is made of: advertisements missed, checks missed, ageing. */
  bounds: Bound[];
}

/** A part of a bound, with what it is reckoned from. */
export type Bound = MessageOf<Bounds>;

export interface Bounds {
  'master-down': { pair: string; advertMs: number; ms: number };
  'check-fails': { service: string; intervalMs: number; timeoutMs: number; fall: number; ms: number };
  'check-passes': { service: string; intervalMs: number; rise: number; ms: number };
  'neighbour-ages': { node: string; ms: number };
  'mac-ages': { node: string; ms: number };
}

export type Unknown = MessageOf<Unknowns>;

export interface Unknowns {
  /** Which server a hash picks is not known, so neither is whether its connection stays. */
  'pick-unknown': { service: string };
  /** Two nodes hold an address: whose answer wins is chance. */
  'holder-unknown': { address: string; nodes: string[] };
  /** It is not known who has become master, as after a link has flapped. */
  'master-unknown': { pair: string; nodes: string[] };
  /** Nodes have held an address at the same time, and one of them does still: who has been told of that is chance. */
  'neighbours-unknown': { address: string; nodes: string[] };
  /** The action is beyond the model. */
  'action-unknown': { action: ActionPlan['do'] };
}

/** What happened over time. Times are ms since `epoch`. */
export interface TimelineResult {
  /** Nanoseconds since 1970 (digits): the clock of the captures. */
  epoch: string;
  steps: StepResult[];
  streams: StreamResult[];
  bands: StateBand[];
}

export interface StepResult {
  name: string;
  title: string;
  at: SourcePosition;
  beginMs: number;
  endMs: number;
  actions: { action: ActionPlan; beginMs: number; endMs: number }[];
}

export interface StreamResult {
  name: string;
  from: string;
  /** In the field's words, e.g. `web (203.0.113.80:80)`. */
  to: string;
  protocol: StreamPlan['protocol'];
  connection: StreamPlan['connection'];
  calls: CallResult[];
  /** The first of each kind of call, in full. */
  examples: Attempt[];
}

export interface CallResult {
  /** Index of its step. */
  step: number;
  /** Which of the stream's kept connections, counted from 0 and anew after each break; absent where each call has its own. */
  connection?: number;
  /** When its first packet left the caller, ms. */
  beginMs: number;
  /** When its answer was there, or it was given up, ms. */
  endMs: number;
  outcome: 'works' | 'fails';
  client: ClientOutcome;
  servedBy: string | null;
  /** The L4 that sent it on, as seen on the wire. */
  l4: string | null;
  cause: Place | null;
  /** Index of the example that is like it. */
  example: number;
}

/** States of one thing over time: a member of a pair, a server as a load balancer sees it, a node. */
export interface StateBand {
  of:
    | { kind: 'member'; pair: string; node: string }
    | { kind: 'server'; service: string; server: string; at: string }
    | { kind: 'node'; node: string };
  /** In order; each lasts until the next one. */
  spans: { fromMs: number; state: BandState }[];
}

export type BandState = 'master' | 'backup' | 'fault' | 'up' | 'down' | 'off' | 'paused';

/** A cell of a timeline: a stream in a step. */
export interface StreamInStep {
  stream: string;
  step: string;
  summary: StreamSummary;
  predicted: StreamPrediction;
}

/** A stream in a step, in numbers. */
export interface StreamSummary {
  calls: number;
  failed: number;
  /** The longest time in which calls failed; null where none did. */
  outage: Outage | null;
  /** Why calls failed, most frequent first; `example` counts the stream's examples from 0. */
  causes: { cause: Cause; calls: number; example: number }[];
  /** Calls by who answered, and by the L4 that sent them on. */
  servedBy: Record<string, number>;
  l4: Record<string, number>;
  /** Present where connections are kept. */
  connections?: ConnectionsSummary;
}

/**
 * From the last answer before the first failed call (or the step's begin) to the first answer to a call that began after
 * the last failed one, as they came in at the caller. Calls in between may work, as where one server of several is gone.
 */
export interface Outage {
  fromMs: number;
  /** Null where nothing worked after it. */
  toMs: number | null;
  /** Until the step's end where it did not end. */
  ms: number;
}

/** Kept connections that were open when the step began; those that take the place of broken ones do not count. */
export interface ConnectionsSummary {
  survived: number;
  reset: number;
  /** Had an unanswered call when the step ended. */
  stalled: number;
  /** The longest time from a call to its answer, or to the step's end, ms. */
  longestStallMs: number;
  /** Payload of requests that no answer came to before their connection ended, bytes. */
  lostBytes: number;
}

/**
 * A call of a stream as its caller saw it. Times: ms since 1970, of the kernel's wall clock. An exchange of a kept
 * connection that outlasts its step has a record in each step: in the first it was given up, in the next it goes on. One that
 * is answered too late has failed, though `servedBy` says by whom.
 */
export interface CallRecord {
  stream: string;
  /** Index of the step in which it began. */
  step: number;
  /** Which of the kept connections, counted from 0 and anew after each break; absent where each call has its own. */
  connection?: number;
  /** By what its packets are known. */
  token: string;
  sourcePort: number;
  beganAt: number;
  endedAt: number;
  answered: boolean;
  outcome: ClientOutcome;
  /** As the answer says. */
  servedBy: string | null;
  sourceSeen: string | null;
}
