import type { Cause, CauseCode, CauseDetails, ClientOutcome } from '../../harness/terms/cause.ts';
import type { AgentFaults, Faults } from '../../harness/terms/fault.ts';
import type { FindingCode, Findings } from '../../harness/terms/finding.ts';
import type { Fix, Fixes } from '../../harness/terms/fix.ts';
import type { MessageOf } from '../../harness/terms/message.ts';
import type { Control, Disagreements, Reasons, Step } from '../../harness/terms/reason.ts';
import type { EngineUse, Trunks, TunnelKind } from '../../harness/terms/results.ts';
import type { Bounds, Unknowns } from '../../harness/terms/stream-prediction.ts';
import type { TimelineTexts } from './timeline.ts';

/** All messages of results, by code. */
export interface Messages
  extends CauseDetails, Findings, Reasons, Disagreements, Faults, AgentFaults, Fixes, Bounds, Unknowns {}

export type Message = MessageOf<Messages>;

export type Texts<Params> = { [Code in keyof Params]: (params: Params[Code]) => string };

/** All texts of results in one language; all languages have the same keys. */
export interface Catalogue {
  causes: Record<CauseCode, CauseText>;
  /** Stories that differ from the usual one of their cause. */
  special: Record<'called-itself', CauseText>;
  /** General meaning of a finding. */
  findings: Record<FindingCode, string>;
  messages: Texts<Messages>;
  /** Outcomes for the caller, except status and error codes. */
  outcomes: Record<Exclude<ClientOutcome, '200' | `E${string}`>, string>;
  control: (control: Control) => string;
  /** What happens over time. */
  timeline: TimelineTexts;
  /** What one of several engines did for a run. */
  engineUse: (use: EngineUse) => string;
  /** How trunks carried VLANs. */
  trunks: Record<Trunks, string>;
  /** What sent packets through tunnels. */
  tunnels: Record<TunnelKind, string>;
  /** For a failure without a fix. */
  noFix: string;
  /** For a failure that differs from its prediction. */
  noFixFromDisagreement: string;
  /** Outcomes of a flow's attempts. */
  outcomeGroups: (outcomeGroups: OutcomeGroup[]) => string;
  /** Joins changes that help only together. */
  and: (changes: string[]) => string;
}

/** One of several outcomes of a flow's attempts, and their servers. */
export interface OutcomeGroup {
  outcome: 'works' | 'fails';
  cause: CauseCode | null;
  servers: string[];
}

interface CauseText {
  /** What happened to the packet, one sentence. */
  story: string;
  /** Required evidence of the cause. */
  evidence: string;
  fix: string;
}

/** Exit code of a program that got SIGKILL. */
export const KILLED = 137;

/** A message as a sentence. */
export function say<C extends keyof Messages>(
  { messages }: { messages: Texts<Pick<Messages, C>> },
  { code, params }: { [Code in C]: { code: Code; params: Messages[Code] } }[C],
): string {
  return messages[code](params);
}

/** Texts of a cause. */
export function causeText(
  { causes, special }: Pick<Catalogue, 'causes' | 'special'>,
  { code, detail }: Cause,
): CauseText {
  return detail.code === 'called-itself' ? special[detail.code] : causes[code];
}

/** What the caller got; a status or an error code is the same in every language. */
export function outcomeText({ outcomes }: Pick<Catalogue, 'outcomes'>, outcome: ClientOutcome): string {
  return (outcomes as Partial<Record<string, string>>)[outcome] ?? outcome;
}

/** One change to a scenario, or two that help only together. */
export function fixesText(catalogue: Catalogue, fixes: Fix[]): string {
  return catalogue.and(fixes.map((fix) => say(catalogue, fix)));
}

/** Address and port of a listener. */
export function socketText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A hop on one line, the same in every language. */
export function stepText({ node, direction, iface, src, dst, ttl, mss }: Step): string {
  const segments = mss === undefined ? '' : ` mss ${mss}`;
  return `${node} ${direction} ${iface} ${src.ip} [${src.mac}] → ${dst.ip} [${dst.mac}] ttl ${ttl}${segments}`;
}
