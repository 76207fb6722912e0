import type { CauseDetail } from '../../harness/terms/cause.ts';
import type { Reason } from '../../harness/terms/reason.ts';
import type { FlowResult, Results, ScenarioResult, VariantResult, Verdict } from '../../harness/terms/results.ts';
import type { Attempt } from '../../harness/terms/attempt.ts';
import { alternativesOf } from '../../harness/terms/expectation.ts';
import { causeText, fixesText, say } from '../messages/catalogue.ts';
import { en } from '../messages/en.ts';
import { seenOf } from './seen.ts';

/** One cell of a scenario's matrix, with its row and column. */
export interface CellInContext {
  scenario: ScenarioResult;
  variant: VariantResult;
  flow: FlowResult;
}

/** Every cell of every matrix, in the order of the results. */
export function cellsOf(results: Results): CellInContext[] {
  return results.scenarios.flatMap((scenario) =>
    scenario.variants.flatMap((variant) => variant.flows.map((flow) => ({ scenario, variant, flow }))),
  );
}

/** Number of cells per verdict. */
export function countVerdicts(cells: { verdict: Verdict }[]): Record<Verdict, number> {
  const count = { pass: 0, fail: 0, 'not-run': 0 };
  for (const { verdict } of cells) count[verdict] += 1;
  return count;
}

/** Whether a flow fails as expected, but its verdict is not a pass because of a control, its path or a disagreement. */
export function failsAsDeclared(flow: FlowResult): boolean {
  const { verdict, expected, cause } = flow;
  const declared = alternativesOf(expected).some((one) => one.outcome === 'fails' && one.cause === cause?.code);
  return verdict === 'fail' && declared && (expected.outcome === 'varies' || !worksNowAndThen(flow));
}

/** Whether some attempts worked and others failed. */
function worksNowAndThen({ attempts }: FlowResult): boolean {
  return ['works', 'fails'].every((expected) => attempts.some(({ outcome }) => outcome === expected));
}

/** What happened to the packet, or why that is not a pass. */
export type Headline = CauseDetail | Reason;

/** The first message about a flow: what happened to it, or why it does not pass. */
export function headline(flow: FlowResult): Headline | undefined {
  const [reason] = flow.reasons;
  if (flow.stream) return reason ?? flow.cause?.detail;
  return failsAsDeclared(flow) || worksNowAndThen(flow) ? reason : (flow.cause?.detail ?? reason);
}

/** The first attempt with the flow's overall outcome; null for a flow that did not run. */
export function typicalAttempt<A extends Pick<Attempt, 'outcome' | 'cause'>>({
  attempts,
  outcome,
  cause,
}: Pick<FlowResult, 'outcome' | 'cause'> & { attempts: A[] }): A | null {
  const alike = attempts.filter((one) => one.outcome === outcome && one.cause?.code === cause?.code);
  return alike.find((one) => one.cause?.node === cause?.node) ?? alike[0] ?? attempts[0] ?? null;
}

/** Outcome of a flow in one line: `s1 → web (203.0.113.80:80): the answer came from …`. */
export function story(flow: FlowResult): string {
  const seen = streamText(flow);
  if (seen !== null)
    return `${flow.from} → ${flow.to}: ${[`${seen}.`, ...flow.reasons.map((one) => say(en, one))].join(' ')}`;
  const { outcomeGroups } = seenOf(flow);
  if (outcomeGroups.length > 0) return `${flow.from} → ${flow.to}: ${en.outcomeGroups(outcomeGroups)}.`;
  const message = headline(flow);
  return `${flow.from} → ${flow.to}: ${message ? say(en, message) : flow.outcome === 'works' ? 'works.' : 'nothing is known.'}`;
}

/** A stream in a step, in one line: its outage, and why calls failed; null for flows, and if nothing ran. */
export function streamText({ stream, verdict }: Pick<FlowResult, 'stream' | 'verdict'>): string | null {
  return stream === undefined || verdict === 'not-run' ? null : en.timeline.seen(stream.summary);
}

/** Fixes of a flow, as text; null if not applicable, or if the run was stopped before they were computed. */
export function remedy(flow: FlowResult, { interrupted }: Pick<Results, 'interrupted'>): string | null {
  const [smallest] = flow.counterfactuals;
  if (failsAsDeclared(flow) || flow.cause === null) return null;
  // Fixes are not searched for streams, so the usual fix is shown.
  if (flow.stream && !smallest) return flow.verdict === 'pass' ? null : `usual fix: ${causeText(en, flow.cause).fix}`;
  if (smallest) return `possible fix: ${fixesText(en, smallest.fixes)}`;
  return interrupted ? null : flow.disagreement ? en.noFixFromDisagreement : en.noFix;
}

/** Reasons whose text includes the cause. */
const TELL_THE_CAUSE: Reason['code'][] = [
  'expected-to-work',
  'other-cause',
  'no-alternative',
  'outage-too-long',
  'outage-not-over',
  'second-outage',
  'wrong-outage-cause',
];

/** Messages that explain a flow, without duplicates: the cause is often part of a reason. */
export function explanations({ cause, reasons }: Pick<FlowResult, 'cause' | 'reasons'>): Headline[] {
  const isInReasons = reasons.some(({ code }) => TELL_THE_CAUSE.some((one) => one === code));
  return cause === null || isInReasons ? reasons : [cause.detail, ...reasons];
}

/** Cells that did not pass, grouped by cause code or other reason. */
export function failuresByCause(cells: CellInContext[]): Map<string, CellInContext[]> {
  const groups = new Map<string, CellInContext[]>();
  for (const cell of cells.filter(({ flow }) => flow.verdict !== 'pass')) {
    const name = failureGroup(cell.flow);
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return groups;
}

/** Group of a failure. */
function failureGroup(flow: FlowResult): string {
  if (flow.verdict === 'not-run') return 'not run';
  if (flow.stream) return streamGroup(flow);
  const varies = flow.expected.outcome === 'varies';
  if (failsAsDeclared(flow)) return varies ? 'not as expected' : 'failed as expected, but not proven';
  if (worksNowAndThen(flow) && !varies) return 'worked for some attempts, failed for others';
  return (
    flow.cause?.code ??
    flow.findings[0]?.code ??
    (flow.disagreement ? 'prediction and observation differ' : 'not as expected')
  );
}

/** For a stream: the difference from its prediction, or else the outcome of most calls. */
function streamGroup({ reasons, disagreement, cause }: FlowResult): string {
  const onlyDiffers = disagreement !== null && reasons.every(({ code }) => code === 'disagreement');
  return onlyDiffers ? 'prediction and observation differ' : (cause?.code ?? 'not as expected');
}
