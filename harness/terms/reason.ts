import type { Cause, ClientOutcome, Place } from './cause.ts';
import type { Range } from './expectation.ts';
import type { Fault } from './fault.ts';
import type { Finding, FindingCode } from './finding.ts';
import type { FlowProtocol } from './flow-plan.ts';
import type { MessageOf } from './message.ts';
import type { Awaited } from './timeline-plan.ts';
import type { BandState } from './timeline-results.ts';
import type { Hop } from './walk.ts';

/** Why a verdict is not `pass`. */
export type Reason = MessageOf<Reasons> | Fault;

export interface Reasons {
  'never-tried': { flow: string };
  'expected-to-work': { failed: number; attempts: number; cause: Cause | null };
  'expected-to-fail': { cause: string; worked: number; attempts: number };
  'other-cause': { expected: string; cause: Cause | null };
  /** `expected`: a node, or one of its interfaces, `l4.sw2`; `iface` only if an interface is expected. */
  'other-place': { expected: string; node: string | null; iface?: string | null };
  /** Number of attempts without an answer. */
  'wrong-lost': { lost: number; expected: Range; attempts: number };
  /** An attempt had none of the expected outcomes. */
  'no-alternative': { outcome: 'works' | 'fails'; servedBy: string | null; cause: Cause | null };
  /** `number`: index of the outcome in `eachOf`, from 1. */
  'alternative-unseen': {
    number: number;
    of: number;
    outcome: 'works' | 'fails';
    cause: string | null;
    attempts: number;
  };
  'wrong-server': { server: string | null; allowed: string[] };
  'server-unused': { server: string; attempts: number };
  /** A number of attempts, or a range in percent. */
  'wrong-share': { server: string; served: number; expected: number | Range; attempts: number };
  'servers-vary': { servers: (string | null)[] };
  /** `expected`: from the YAML; `allowed`: the addresses that it means. */
  'wrong-source': { seen: string | null; expected: string; allowed: string[] };
  'unexpected-finding': { finding: Finding };
  'finding-missing': { finding: FindingCode };
  'request-not-seen': { caller: string };
  /** The flow should send a segment out of the window, but none was seen. */
  'segment-not-seen': { sender: 'client' | 'server' };
  'control-failed': { control: ControlResult };
  'not-crossed': { leg: Leg; node: string };
  'not-avoided': { leg: Leg; node: string };
  /** TTL of the packet when it first reached the node; null if it did not. */
  'wrong-ttl': { leg: Leg; node: string; seen: number | null; expected: number };
  /** Reasons for a stream in a step. Times in ms. */
  'no-calls': { stream: string; step: string };
  'outage-too-long': { ms: number; atMostMs: number; cause: Cause | null };
  'outage-too-short': { ms: number; atLeastMs: number };
  /** Calls still failed when the step ended. */
  'outage-not-over': { ms: number; cause: Cause | null };
  /** Calls failed again after the first outage. */
  'second-outage': { ms: number; cause: Cause | null };
  'wrong-outage-cause': { calls: number; cause: Cause | null; expected: string[] };
  /** Number of `of` kept connections with the fate `what`. */
  'wrong-connections': { what: 'survived' | 'reset' | 'stalled'; seen: number; of: number; expected: Range };
  'wrong-stall': { ms: number; expected: Range };
  /** The awaited state was not reached; `instead` has the other states at the end. */
  'state-not-reached': { awaited: Awaited; instead: StateAt[] };
  disagreement: { disagreement: Disagreement };
}

/** State of a member of a pair, or of the awaited server according to a load balancer. */
export interface StateAt {
  node: string;
  state: BandState;
}

/** A direction of packets; `question` and `answer` are the DNS query and its answer. */
export type Leg = 'request' | 'reply' | 'question' | 'answer';

/** A flow that must work in any topology whose parts are running. */
export interface Control {
  from: string;
  /** Node with the address; null for the caller's next hop. */
  to: string | null;
  address: string;
  protocol: FlowProtocol;
  /** 0 for ICMP. */
  port: number;
}

export interface ControlResult extends Control {
  works: boolean;
  /** Outcome for the caller. */
  client: ClientOutcome;
  cause: Cause | null;
}

/** Where prediction and observation differ. */
export type Disagreement = MessageOf<Disagreements>;

export interface Disagreements {
  /** First address in the DNS answer; null if it has none, or no answer arrived. */
  'answer-differs': Differing<string | null>;
  /** The L4 that forwarded the request. */
  'l4-differs': Differing<string>;
  /** The server that it forwarded the request to. */
  'picked-differs': Differing<string>;
  'outcome-differs': Differing<{ outcome: 'works' | 'fails'; cause: Place | null }>;
  'cause-differs': Differing<Place | null>;
  'server-differs': Differing<string | null>;
  'source-differs': Differing<string | null>;
  'path-differs': { hop: HopDifference };
  /** Calls of a stream failed for a cause that the model does not expect in that step. */
  'failures-differ': { calls: number; seen: Place | null; predicted: Place[] };
  'connections-differ': { survived: number; of: number; predicted: 'all' | 'none' | 'some' };
}

interface Differing<T> {
  seen: T;
  predicted: T;
  /** First hop that differs; null if none does. */
  hop: HopDifference | null;
}

export interface HopDifference {
  leg: Leg;
  /** Counts from 1. */
  number: number;
  seen: Step | null;
  predicted: Step | null;
}

export type Step = Pick<Hop, 'node' | 'iface' | 'direction' | 'src' | 'dst' | 'ttl' | 'inside' | 'mss'>;
