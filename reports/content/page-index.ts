import type {
  Environment,
  FlowResult,
  Results,
  ScenarioResult,
  VariantResult,
  Verdict,
} from '../../harness/terms/results.ts';
import type { FlowProtocol, Mode, SourcePosition, StepPlan } from '../../harness/terms/plan.ts';
import type { StreamInStep } from '../../harness/terms/timeline-results.ts';
import type { Fix } from '../../harness/terms/fix.ts';
import { directionsOf } from './directions.ts';
import { failsAsDeclared, type Headline, headline } from './cells.ts';
import { type Seen, seenOf } from './seen.ts';

/** What the page shows before a flow is opened: everything for lists, filters and matrices, no packets. */
export interface PageIndex {
  startedAt: string;
  durationMs: number;
  environment: Environment;
  /** The run was stopped, so no fixes were computed. */
  interrupted: boolean;
  scenarios: IndexScenario[];
}

export interface IndexScenario {
  name: string;
  title: string;
  description: string;
  file: string;
  lab: string;
  sources: ScenarioResult['sources'];
  flows: ScenarioResult['flows'];
  /** Steps of the scenario; empty without any. */
  steps: Pick<StepPlan, 'name' | 'title' | 'actions'>[];
  variants: IndexVariant[];
}

export interface IndexVariant {
  name: string;
  title: string;
  change: string;
  /** Null if it ran with the rest. */
  ranAt: string | null;
  timings: VariantResult['timings'];
  flows: IndexFlow[];
}

/** Summary of one cell of the matrix. */
export interface IndexFlow extends Seen {
  name: string;
  protocol: FlowProtocol;
  from: string;
  to: string;
  at: SourcePosition;
  verdict: Verdict;
  /** What happened, or why the verdict is not a pass. */
  message: Headline | null;
  /** The smallest change that would make a failed flow work; null if none is known, or if it is expected to fail. */
  fixes: Fix[] | null;
  /** Prediction and observation differ. */
  disagrees: boolean;
  /** Present if the cell is a stream in a step. */
  stream?: Pick<StreamInStep, 'stream' | 'step' | 'summary'>;
  /** Mode of the service that is called; null for a flow to a node. */
  mode: Mode | null;
  /** Nodes that its packets crossed, or that it names. */
  nodes: string[];
  durationMs: number;
}

/** The short form of the results. */
export function toPageIndex({ startedAt, durationMs, environment, interrupted, scenarios }: Results): PageIndex {
  return {
    startedAt,
    durationMs,
    environment,
    interrupted: interrupted ?? false,
    scenarios: scenarios.map(({ name, title, description, file, lab, sources, flows, variants }) => ({
      name,
      title,
      description,
      file,
      lab,
      sources,
      flows,
      steps: stepsOf(variants),
      variants: variants.map((variant) => ({
        name: variant.name,
        title: variant.title,
        change: variant.change,
        ranAt: variant.ranAt ?? null,
        timings: variant.timings,
        flows: variant.flows.map((flow) => indexFlow(flow, variant)),
      })),
    })),
  };
}

/** The steps of all variants, in order: a variant may omit some. */
function stepsOf(variants: VariantResult[]): IndexScenario['steps'] {
  const steps = variants.flatMap(({ plan }) => plan.timeline?.steps ?? []);
  return [...new Map(steps.map((step) => [step.name, step])).values()].map(({ name, title, actions }) => {
    return { name, title, actions };
  });
}

function indexFlow(flow: FlowResult, variant: VariantResult): IndexFlow {
  const planned =
    variant.plan.flows.find((f) => f.name === flow.name) ??
    variant.plan.timeline?.streams.find(({ name }) => name === flow.stream?.stream);
  const to = planned?.to;
  const cell = flow.stream;
  const service = to && 'service' in to ? variant.plan.services.find((s) => s.name === to.service) : undefined;
  const hops = flow.attempts.flatMap(({ observed }) => directionsOf(observed).flatMap((leg) => leg.hops));
  const named = [planned?.from, flow.cause?.node, to && 'node' in to ? to.node : undefined].filter(
    (n) => n !== undefined,
  );
  return {
    name: flow.name,
    protocol: flow.protocol,
    from: flow.from,
    to: flow.to,
    at: flow.at,
    verdict: flow.verdict,
    ...seenOf(flow),
    message: headline(flow) ?? null,
    fixes: failsAsDeclared(flow) ? null : (flow.counterfactuals.find(({ proven }) => proven !== false)?.fixes ?? null),
    disagrees: flow.disagreement !== null,
    ...(cell ? { stream: { stream: cell.stream, step: cell.step, summary: cell.summary } } : {}),
    mode: service?.mode ?? null,
    nodes: [...new Set([...named, ...hops.map(({ node }) => node)])],
    durationMs: flow.durationMs,
  };
}
