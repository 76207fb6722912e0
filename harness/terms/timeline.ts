import type { Cause, CauseCode, ClientOutcome } from './cause.ts';
import type { MessageOf } from './message.ts';
import type { Expectation, FlowProtocol, NodePlan, ServicePlan, SingleExpectation, SourcePosition } from './plan.ts';
import type { Attempt } from './results.ts';
import type { Place } from './reason.ts';
import type { Prediction } from './walk.ts';

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
  /** Puts the step's `nodes` and `services` in force, like those that change a pool. */
  | { do: 'change' }
  /** Of one service, or of each that it applies to. */
  | { do: 'drain' | 'undrain' | 'addServer' | 'removeServer'; server: string; service?: string }
  | { do: 'weight'; server: string; service?: string; weight: number };

/** Redundant load balancers: the master holds the addresses, and another one takes over when it fails. */
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
  /** VIPs and proxy IPs, without prefix length, with the interface at which each member holds them. */
  addresses: { address: string; ifaces: Record<string, string> }[];
  /** `conntrackd` synchronises the connections of dnat and proxy. */
  sync: 'none' | 'conntrackd';
}

/** What must happen to a stream in a step. */
export type StreamExpectation =
  /** Applies to every call. */
  | Expectation
  /** Calls fail in one outage, then meet the expectation `then`. */
  | { outcome: 'interrupted'; outage: OutageExpectation; then: SingleExpectation }
  | ConnectionsExpectation;

export interface OutageExpectation {
  atLeastMs?: number;
  atMostMs?: number;
  /** Allowed causes of failing calls. */
  causes?: CauseCode[];
  /** Node where it fails. */
  at?: string;
}

/** Fate of kept connections; each counts once. */
export interface ConnectionsExpectation {
  outcome: 'connections';
  /** How many survive; if nothing is given, all. */
  survive?: Range;
  reset?: Range;
  /** How many have an unanswered call when the step ends. */
  stall?: Range;
  /** The longest time from a call to its reply, ms. */
  stallMs?: Range;
  /** Allowed causes of ended connections. */
  causes?: CauseCode[];
}

export interface Range {
  atLeast?: number;
  atMost?: number;
}

/** Prediction for a stream in a step. */
export interface StreamPrediction {
  /** Calls in the steady state; null if the model does not know. */
  settled: Prediction[] | null;
  /** Failures to expect before that; null if there are none. */
  outage: PredictedOutage | null;
  /** Fate of kept connections; null if there are none, or the model does not know. */
  connections: { survive: 'all' | 'none' | 'some'; cause: Place | null } | null;
  /** Why the model does not know. */
  unknown: Unknown[];
}

export interface PredictedOutage {
  causes: Place[];
  /** Maximum length for these settings, ms; null if no setting bounds it. */
  atMostMs: number | null;
  /** Actions of unknown length that end it; absent if settings bound it. */
  until?: ActionPlan['do'][];
  /** What it is made of: advertisements missed, checks missed, ageing. */
  bounds: Bound[];
}

/** A part of a bound, with the settings that it is computed from. */
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
  /** The server that a hash picks is unknown, so the connection may or may not survive. */
  'pick-unknown': { service: string };
  /** Two nodes hold an address: which answer wins is random. */
  'holder-unknown': { address: string; nodes: string[] };
  /** The new master is unknown, for example after a link has flapped. */
  'master-unknown': { pair: string; nodes: string[] };
  /** Several nodes held an address at the same time, and one still does: which neighbours know this is random. */
  'neighbours-unknown': { address: string; nodes: string[] };
  /** The model does not cover the action. */
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
  /** Which of the stream's kept connections, from 0; a reopened one gets a new number. Absent if each call has its own. */
  connection?: number;
  /** When its first packet left the caller, ms. */
  beginMs: number;
  /** When its reply arrived, or its timeout expired, ms. */
  endMs: number;
  outcome: 'works' | 'fails';
  client: ClientOutcome;
  servedBy: string | null;
  /** The L4 that forwarded it, as seen on the link. */
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
  /** The longest time during which calls failed; null if none did. */
  outage: Outage | null;
  /** Why calls failed, most frequent first; `example` counts the stream's examples from 0. */
  causes: { cause: Cause; calls: number; example: number }[];
  /** Calls by server, and by the L4 that forwarded them. */
  servedBy: Record<string, number>;
  l4: Record<string, number>;
  /** Present if connections are kept. */
  connections?: ConnectionsSummary;
}

/**
 * From the last reply before the first failed call (or the start of the step) to the first reply to a call that began after
 * the last failed one, as they arrived at the caller. Calls in between may work, for example if one of several servers is gone.
 */
export interface Outage {
  fromMs: number;
  /** Null if nothing worked after it. */
  toMs: number | null;
  /** Until the end of the step if it did not end. */
  ms: number;
}

/** Kept connections that were open when the step began; replacements of broken ones do not count. */
export interface ConnectionsSummary {
  survived: number;
  reset: number;
  /** Had an unanswered call when the step ended. */
  stalled: number;
  /** The longest time from a call to its reply, or to the end of the step, ms. */
  longestStallMs: number;
  /** Payload of requests without a reply before their connection ended, bytes. */
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
  /** Which of the kept connections, from 0; a reopened one gets a new number. Absent if each call has its own. */
  connection?: number;
  /** Identifies its packets. */
  token: string;
  sourcePort: number;
  beganAt: number;
  endedAt: number;
  answered: boolean;
  outcome: ClientOutcome;
  /** As stated in the reply. */
  servedBy: string | null;
  sourceSeen: string | null;
}
