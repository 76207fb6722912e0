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

/** What the steps of a timeline have in common. */
export interface Running {
  plan: Plan;
  lab: PooledLab;
  clock: LabClock;
  streams: Streams;
  actions: Actions;
}

/** A step that has been run, and is to be judged. */
export interface RunStep {
  index: number;
  result: StepResult;
  /** When its actions were done, and when what it waits for was there, ms since the epoch. */
  actedMs: number;
  settledMs: number;
  /** Where the recording of it begins. */
  mark: number;
  /** False where a node stood still at its end, which has yet to tell what it saw. */
  isWhole: boolean;
  /** Load balancers whose connection tracking refused flows; null where nothing bounds the ports that they need. */
  flowsRefused: ReadonlySet<string> | null;
  /** What it waited for and did not see. */
  missed: Reasons['state-not-reached'] | null;
}

/**
 * Runs a step while its streams go on: its actions, what it waits for, its time. At its end no call is in flight.
 * @param meanwhile begins what may go on beside the rest, once the actions are done
 */
export async function runStep(index: number, running: Running, meanwhile: () => void): Promise<RunStep> {
  const { plan, clock, streams, actions } = running;
  const { lab, recorder, signal } = running.lab;
  const step = plan.timeline!.steps[index]!;
  signal?.throwIfAborted();
  const bounded = boundedIn(planAt(plan, index)).filter((name) => !actions.paused.has(name));
  const refusedBefore = await flowsRefused(bounded, lab);
  const mark = recorder.mark();
  const beginMs = clock.since(await streams.goOn(index));
  const performed = await actions.perform(index);
  // Without actions all calls of the step count, however long it took to find that there are none.
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

/** Load balancers that have a service whose proxy IPs have so many ports and no more. */
function boundedIn({ nodes }: Plan): string[] {
  return nodes
    .filter(({ balancer }) => balancer?.config.services.some(({ proxyPorts }) => proxyPorts !== undefined))
    .map(({ name }) => name);
}

function moreThan(before: Map<string, number>, after: Map<string, number>): Set<string> {
  return new Set([...after.keys()].filter((node) => after.get(node)! > (before.get(node) ?? 0)));
}

/** @throws the signal's reason when the user stops the run meanwhile */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
}
