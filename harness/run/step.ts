import { setTimeout as delay } from 'node:timers/promises';
import { planAt } from '../scenario/plan-at.ts';
import type { Plan } from '../terms/plan.ts';
import type { Reasons } from '../terms/reason.ts';
import type { StepResult } from '../terms/timeline-results.ts';
import type { Actions } from './actions.ts';
import { awaitState } from './await-state.ts';
import { flowsRefused } from './query-nodes.ts';
import type { LabClock } from './lab-clock.ts';
import type { PooledLab } from './lab-pool.ts';
import type { Streams } from './streams.ts';

/** Context shared by all steps of a timeline. */
export interface Running {
  plan: Plan;
  lab: PooledLab;
  clock: LabClock;
  streams: Streams;
  actions: Actions;
}

/** A step that has been run but not judged. */
export interface RunStep {
  index: number;
  result: StepResult;
  /** When its actions were done, and when its awaited state was reached, ms since the epoch. */
  actedMs: number;
  settledMs: number;
  /** Start of its recording. */
  mark: number;
  /** False if a node was paused at its end and still has frames to deliver. */
  isWhole: boolean;
  /** Load balancers whose conntrack failed to insert flows; null if none has a limited number of ports. */
  flowsRefused: ReadonlySet<string> | null;
  /** The awaited state that was not reached. */
  missed: Reasons['state-not-reached'] | null;
}

/**
 * Runs a step while streams continue: actions, awaited state, duration. At its end no call is in flight.
 * @param meanwhile starts background work once the actions are done
 */
export async function runStep(index: number, running: Running, meanwhile: () => void): Promise<RunStep> {
  const { plan, clock, streams, actions } = running;
  const { lab, recorder, signal } = running.lab;
  const step = plan.timeline!.steps[index]!;
  signal?.throwIfAborted();
  const bounded = boundedIn(planAt(plan, index)).filter((name) => !actions.paused.has(name));
  const refusedBefore = await flowsRefused(bounded, lab);
  const mark = recorder.mark();
  const beginMs = clock.since(await streams.resume(index));
  const performed = await actions.perform(index);
  // Without actions all calls of the step count, even if determining that took long.
  const actedMs = performed.length === 0 ? beginMs : clock.now();
  meanwhile();
  const watched = { plan: planAt(plan, index), lab, actions, signal };
  const instead = step.until === undefined ? null : await awaitState(step.until, watched);
  const settledMs = step.until === undefined ? actedMs : clock.now();
  await pause(step.forMs, signal);
  await actions.endStep();
  const [heldAt] = await Promise.all([streams.pause(), clock.set()]);
  const refused = await flowsRefused(
    bounded.filter((node) => !actions.paused.has(node)),
    lab,
  );
  const { name, title, at } = step;
  return {
    index,
    result: { name, title, at, beginMs, endMs: clock.since(heldAt), actions: performed },
    actedMs,
    settledMs,
    mark,
    isWhole: actions.paused.size === 0,
    flowsRefused: bounded.length === 0 ? null : moreThan(refusedBefore, refused),
    missed: instead && { awaited: step.until!, instead },
  };
}

/** Load balancers with a service that has a limited number of proxy ports. */
function boundedIn({ nodes }: Plan): string[] {
  return nodes
    .filter(({ balancer }) => balancer?.config.services.some(({ proxyPorts }) => proxyPorts !== undefined))
    .map(({ name }) => name);
}

function moreThan(before: Map<string, number>, after: Map<string, number>): Set<string> {
  return new Set([...after.keys()].filter((node) => after.get(node)! > (before.get(node) ?? 0)));
}

/** @throws the signal's reason if the user interrupts */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
}
