import type { CauseDetail } from '../../harness/terms/cause.ts';
import type { Reason } from '../../harness/terms/reason.ts';
import type { FlowResult, Results, ScenarioResult, VariantResult, Verdict } from '../../harness/terms/results.ts';
import { alternativesOf } from '../../harness/terms/expectation.ts';
import { fixesText, say } from '../messages/catalogue.ts';
import { en } from '../messages/en.ts';
import { seenOf } from './seen.ts';

/** One cell of a scenario's matrix, with the row and column it stands in. */
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

/** Whether a flow fails as expected, and something else keeps it from passing: a control, its path, a disagreement. */
export function failsAsDeclared(flow: FlowResult): boolean {
  const { verdict, expected, cause } = flow;
  const declared = alternativesOf(expected).some((one) => one.outcome === 'fails' && one.cause === cause?.code);
  return verdict === 'fail' && declared && (expected.outcome === 'varies' || !worksNowAndThen(flow));
}

/** Whether some attempts worked and others failed. */
function worksNowAndThen({ attempts }: FlowResult): boolean {
  return ['works', 'fails'].every((way) => attempts.some(({ outcome }) => outcome === way));
}

/** What happened to the packet, or why that is not a pass. */
export type Headline = CauseDetail | Reason;

/** What there is to say first of a flow: what happened to it, or why that is not enough. */
export function headline(flow: FlowResult): Headline | undefined {
  const [reason] = flow.reasons;
  return failsAsDeclared(flow) || worksNowAndThen(flow) ? reason : (flow.cause?.detail ?? reason);
}

/** What happened to a flow in one line of the field's words: `s1 → web (203.0.113.80:80): the answer came from …`. */
export function story(flow: FlowResult): string {
  const { ways } = seenOf(flow);
  if (ways.length > 0) return `${flow.from} → ${flow.to}: ${en.ways(ways)}.`;
  const message = headline(flow);
  return `${flow.from} → ${flow.to}: ${message ? say(en, message) : flow.outcome === 'works' ? 'works.' : 'nothing is known.'}`;
}

/** What would make a flow work, in words; null where that is not asked, or where a run was stopped before anybody looked. */
export function remedy(flow: FlowResult, { interrupted }: Pick<Results, 'interrupted'>): string | null {
  const [smallest] = flow.counterfactuals;
  if (failsAsDeclared(flow) || flow.cause === null) return null;
  if (smallest) return `would work with: ${fixesText(en, smallest.fixes)}`;
  return interrupted ? null : flow.disagreement ? en.noFixFromDisagreement : en.noFix;
}

/** What there is to say of a flow that needs explaining, each thing once: the cause is often part of a reason. */
export function explanations({ cause, reasons }: Pick<FlowResult, 'cause' | 'reasons'>): Headline[] {
  const isInReasons = reasons.some(({ code }) => ['expected-to-work', 'other-cause', 'no-alternative'].includes(code));
  return cause === null || isInReasons ? reasons : [cause.detail, ...reasons];
}

/** Cells that did not pass, by cause code, or by what else is wrong with them. */
export function failuresByCause(cells: CellInContext[]): Map<string, CellInContext[]> {
  const groups = new Map<string, CellInContext[]>();
  for (const cell of cells.filter(({ flow }) => flow.verdict !== 'pass')) {
    const name = failureGroup(cell.flow);
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return groups;
}

/** Name of the group in which a failure is listed. */
function failureGroup(flow: FlowResult): string {
  if (flow.verdict === 'not-run') return 'not run';
  const varies = flow.expected.outcome === 'varies';
  if (failsAsDeclared(flow)) return varies ? 'not as expected' : 'failed as expected, but not proven';
  if (worksNowAndThen(flow) && !varies) return 'worked for some attempts, failed for others';
  return (
    flow.cause?.code ??
    flow.findings[0]?.code ??
    (flow.disagreement ? 'prediction and observation differ' : 'not as expected')
  );
}
