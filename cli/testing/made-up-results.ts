import { flowNotRun } from '../../harness/run/flow.ts';
import { describeScenario } from '../../harness/run/scenario.ts';
import { describeVariant } from '../../harness/run/variant.ts';
import { plansOf, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { FlowPlan, Plan } from '../../harness/terms/plan.ts';
import type { FlowResult, Results, Verdict } from '../../harness/terms/results.ts';

let runs = 0;

/** Made-up results of scenarios: every flow passes unless specified otherwise. */
export function madeUpResults(
  scenarios: LoadedScenario[],
  verdictOf: (flow: FlowPlan, plan: Plan) => Verdict = () => 'pass',
): Results {
  runs += 1;
  const environment = { l4lab: '0', node: '', engine: '', kernel: '', os: '', cpus: 2, image: '' };
  return {
    version: 4,
    startedAt: new Date(Date.UTC(2026, 0, 1) + runs * 1000).toISOString(),
    durationMs: 1,
    environment,
    scenarios: scenarios.map((loaded) => ({
      ...describeScenario(loaded),
      variants: plansOf(loaded, { variants: [], flows: [] }).map(({ variant, plan }) => ({
        ...describeVariant(variant),
        plan,
        flows: plan.flows.map((flow) => madeUpFlow(flow, plan, verdictOf(flow, plan))),
        balancers: {},
        logs: {},
        timings: { bootMs: 0, configureMs: 1, flowsMs: 1, resetMs: 1 },
      })),
    })),
  };
}

function madeUpFlow(flow: FlowPlan, plan: Plan, verdict: Verdict): FlowResult {
  const notRun = flowNotRun(flow, plan, { code: 'interrupted', params: {} });
  return verdict === 'not-run' ? notRun : { ...notRun, verdict, reasons: [], outcome: 'works' };
}
