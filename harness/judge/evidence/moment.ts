import type { ConnectionHistory } from '../../observe/stream-calls.ts';
import type { Plan, ServicePlan, ActionPlan, PairPlan } from '../../terms/plan.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import { actionsUntil, isKilled } from '../../scenario/lb-process.ts';
import { planAt } from '../../scenario/plan-at.ts';
import type { StateBand } from '../../terms/timeline-results.ts';

/** Conditions of a call of a stream, in addition to the plan. */
export interface Moment {
  /** Index of the step. */
  step: number;
  /** The plan with all its steps; the evidence has the current plan. */
  whole: Plan;
  /**
   * Nodes that have an address of a pair at a time after the first packet of the walk (ns); several if members do not
   * receive each other's advertisements. Undefined for other addresses, and without reports.
   */
  holders: (address: string, time: number) => string[] | undefined;
  /** Time of the first packet of the walk, on the clock of the evidence's packets, ns. */
  walkBegins: number;
  /** Whether the call began before the actions of the step were done. */
  isActing: boolean;
  /** Load balancers whose conntrack failed to insert flows in the step; absent if not read. */
  flowsRefused?: ReadonlySet<string>;
  /** Present if the connection of the call is kept. */
  history?: ConnectionHistory;
}

/**
 * The plans in effect during a call: that of its step, also with flapping links down, and the previous one if the call began
 * before the step's actions were done.
 */
export function plansAround(plan: Plan, { step, whole, isActing }: Moment): Plan[] {
  const { streams, steps } = whole.timeline!;
  const flapping = steps[step]!.actions.flatMap((action): ActionPlan[] =>
    action.do === 'flap' ? [{ ...action, do: 'linkDown' }] : [],
  );
  const withFlaps = { ...steps[step]!, actions: [...steps[step]!.actions, ...flapping] };
  const timeline = { streams, steps: steps.with(step, withFlaps) };
  return [
    plan,
    ...(flapping.length > 0 ? [planAt({ ...whole, timeline }, step)] : []),
    ...(isActing ? [planAt(whole, step - 1)] : []),
  ];
}

/** Whether a step starts a stopped load balancer: a killed one has left its rules. */
export function startsBalancer({ step, whole }: Pick<Moment, 'step' | 'whole'>, node: string): boolean {
  const { actions } = whole.timeline!.steps[step]!;
  const does = (...kinds: ActionPlan['do'][]): boolean =>
    actions.some((action) => kinds.includes(action.do) && 'node' in action && action.node === node);
  const restart = actions.find((action) => action.do === 'restartLb' && action.node === node);
  const isStopped =
    does('stopLb') ||
    (restart !== undefined && !isKilled(actionsUntil(whole, step, restart), node)) ||
    nodeOf(planAt(whole, step - 1), node).balancer === null;
  return isStopped && does('startLb', 'restartLb');
}

/** Maximum delay of a load balancer's report that a server is out, ms, on a busy machine. */
export const REPORT_DELAY_MS = 1000;

/**
 * Holders of an address of a pair at a time, as reported by its members and nodes; undefined without reports, and for
 * other addresses.
 * @param ms since the epoch of the bands
 */
export function holdersAmong(
  { pairs = [] }: Plan,
  bands: StateBand[],
  address: string,
  ms: number,
): string[] | undefined {
  const pair = pairs.find(({ addresses }) => addresses.some((one) => one.address === address));
  const hasStates = bands.some(({ of }) => of.kind === 'member' && of.pair === pair?.name);
  return pair && hasStates ? mastersOf(pair, bands, ms) : undefined;
}

/**
 * A master yields when it receives a better advertisement, within one interval: two masters for that long are normal.
 */
function mastersOf({ name, members, advertMs }: PairPlan, bands: StateBand[], ms: number): string[] {
  const terms = members.flatMap(({ node }) => {
    const own = bands.find(({ of }) => of.kind === 'member' && of.pair === name && of.node === node);
    const power = bands.find(({ of }) => of.kind === 'node' && of.node === node);
    const term = own && spanAt(own, 'master', ms);
    return term === undefined || term === null || stateAt(power, ms) === 'off' ? [] : [{ node, ...term }];
  });
  const begin = Math.max(...terms.map(({ fromMs }) => fromMs));
  const end = Math.min(...terms.map(({ toMs }) => toMs));
  const lasting = end - begin > advertMs ? terms : terms.filter(({ fromMs }) => fromMs === begin);
  return lasting.map(({ node }) => node);
}

/**
 * Servers of a service that one of these load balancers considered up all the time; null if none has checked any.
 * @param time since the epoch of the bands; a load balancer being started then has not checked them yet
 */
export function healthyAmong(
  service: ServicePlan,
  l4s: string[],
  bands: StateBand[],
  time: { fromMs: number; toMs: number; starts: (l4: string) => boolean },
): string[] | null {
  const own = bands.flatMap(({ of, spans }) =>
    of.kind === 'server' && of.service === service.name && l4s.includes(of.at)
      ? [{ server: of.server, at: of.at, spans }]
      : [],
  );
  if (own.length === 0) return null;
  const isOut = (band: (typeof own)[number]): boolean =>
    [time.fromMs, time.toMs].some((ms) => stateAt(band, ms) === 'down') ||
    (time.starts(band.at) && stateAt(band, time.fromMs) === 'off');
  const isDown = (server: string): boolean => {
    const judged = own.filter((band) => band.server === server);
    return judged.length > 0 && judged.every(isOut);
  };
  return service.pool.map(({ node }) => node).filter((node) => !isDown(node));
}

type Spans = Pick<StateBand, 'spans'>;

function stateAt(band: Spans | undefined, ms: number): StateBand['spans'][number]['state'] | null {
  return band?.spans.findLast(({ fromMs }) => fromMs <= ms)?.state ?? null;
}

/** The span of a state at a moment; null if the state was another one. */
function spanAt({ spans }: Spans, state: string, ms: number): { fromMs: number; toMs: number } | null {
  const index = spans.findLastIndex(({ fromMs }) => fromMs <= ms);
  const span = spans[index];
  return span?.state === state ? { fromMs: span.fromMs, toMs: spans[index + 1]?.fromMs ?? Infinity } : null;
}
