import type { CauseCode } from '../../harness/terms/cause.ts';
import { DETOURS, type Finding, type FindingCode } from '../../harness/terms/finding.ts';
import type { FlowPlan, Plan } from '../../harness/terms/plan.ts';
import type { Hop, Prediction } from '../../harness/terms/walk.ts';
import { proxyIpsOf, serviceOf } from '../../harness/scenario/lookup.ts';

interface Path {
  crosses?: string[];
  avoids?: string[];
}

type ExpectedWorks = {
  outcome: 'works';
  servedBy: string | { eachOf: string[] } | { only: string[] };
  sourceSeen?: 'client' | 'proxy-ip';
  reply?: Path;
  findings?: FindingCode[];
};
type ExpectedFails = { outcome: 'fails'; cause: CauseCode; at?: string };

/** An expectation as written in a scenario. */
export type Expected = ExpectedWorks | ExpectedFails | { outcome?: never; oneOf: (ExpectedWorks | ExpectedFails)[] };

/**
 * The expectation of a flow that behaves as predicted.
 * @param attempts how often it runs, if it works
 */
export function asPredicted(flow: FlowPlan, plan: Plan, predictions: Prediction[], attempts: number): Expected {
  const kinds = distinct(predictions.map(kindOf));
  const outcomes = kinds.map((kind) =>
    outcomeOf(
      flow,
      plan,
      predictions.filter((one) => kindOf(one) === kind),
    ),
  );
  if (outcomes.length > 1) return { oneOf: outcomes };
  const only = outcomes[0]!;
  if (only.outcome === 'fails' || typeof only.servedBy === 'string' || !('only' in only.servedBy)) return only;
  const l4s = new Set(predictions.map(({ l4 }) => l4));
  const names = only.servedBy.only;
  // Each load balancer schedules independently.
  return l4s.size === 1 && names.length <= attempts ? { ...only, servedBy: { eachOf: names } } : only;
}

function kindOf({ outcome, cause, findings }: Prediction): string {
  return JSON.stringify([outcome, cause?.code, detours(findings)]);
}

const detours = (findings: Finding[]): FindingCode[] =>
  DETOURS.filter((detour) => findings.some(({ code }) => code === detour));

/** Expectation for predictions of one kind. */
function outcomeOf(flow: FlowPlan, plan: Plan, alike: Prediction[]): ExpectedWorks | ExpectedFails {
  const { outcome, cause, findings } = alike[0]!;
  if (outcome === 'fails') {
    const places = distinct(alike.map((one) => one.cause!.node));
    return { outcome, cause: cause!.code, ...(places.length === 1 ? { at: places[0]! } : {}) };
  }
  const unusual = detours(findings);
  if (unusual.length > 0) return { outcome, servedBy: serversOf(flow, alike), findings: unusual };
  const source = sourceOf(flow, plan, alike);
  const reply = pathOf(
    alike.map((one) => one.reply),
    serviceOf(plan, flow)!.l4s.map(({ node }) => node),
  );
  return {
    outcome,
    servedBy: serversOf(flow, alike),
    ...(source === null ? {} : { sourceSeen: source }),
    ...(reply === null ? {} : { reply }),
  };
}

function serversOf({ from }: FlowPlan, alike: Prediction[]): ExpectedWorks['servedBy'] {
  const names = distinct(alike.map(({ servedBy }) => servedBy!));
  if (names.length > 1) return { only: names };
  return names[0] === from ? 'self' : names[0]!;
}

function sourceOf(flow: FlowPlan, plan: Plan, alike: Prediction[]): 'client' | 'proxy-ip' | null {
  const seen = alike.map(({ sourceSeen }) => sourceSeen!);
  const proxyIps = proxyIpsOf(serviceOf(plan, flow)!);
  if (seen.every((address) => address === flow.source)) return 'client';
  return seen.every((address) => proxyIps.includes(address)) ? 'proxy-ip' : null;
}

/** Path expectation if all answers cross the load balancer, or none does. */
function pathOf(replies: Hop[][], l4s: string[]): Path | null {
  const touches = (hops: Hop[], node: string, direction: Hop['direction']): boolean =>
    hops.some((hop) => hop.node === node && hop.direction === direction);
  if (replies.every((hops) => !hops.some(({ node }) => l4s.includes(node)))) return { avoids: l4s };
  const [l4] = l4s;
  const crossed = replies.every((hops) => touches(hops, l4!, 'in') && touches(hops, l4!, 'out'));
  return l4s.length === 1 && crossed ? { crosses: l4s } : null;
}

const distinct = (values: string[]): string[] => [...new Set(values)];
