import type { CauseCode } from './cause.ts';
import type { FindingCode } from './finding.ts';

export interface Range {
  atLeast?: number;
  atMost?: number;
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
       * `one` name, `eachOf` (all of these, no other), `only` (some of these, no other), `sameOf` (one of these, the
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
  | { only: string[] }
  | { sameOf: string[] }
  | { counts: Record<string, number> }
  | { shares: Record<string, Range> };

export interface PathExpectation {
  /** Nodes or interfaces (`l4.sw2`) that the packets must cross. */
  crosses?: string[];
  /** Nodes or interfaces that the packets must not cross. */
  avoids?: string[];
  /** TTL (hop limit) of the packet when it first reaches a node, by node; at least one attempt must reach it. */
  ttlAt?: Record<string, number>;
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

/**
 * The expected alternatives of an attempt: several if the outcome may vary; after an outage, the ones expected then.
 */
export function alternativesOf(expect: StreamExpectation): SingleExpectation[] {
  if (expect.outcome === 'interrupted') return [expect.then];
  if (expect.outcome === 'connections') return [];
  if (expect.outcome !== 'varies') return [expect];
  return 'oneOf' in expect ? expect.oneOf : expect.eachOf;
}

/** Whether the expectation allows a failed attempt. */
export function allowsFailure(expect: StreamExpectation): boolean {
  return alternativesOf(expect).some(({ outcome }) => outcome === 'fails');
}
