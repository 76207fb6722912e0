import { setTimeout as delay } from 'node:timers/promises';
import { planAt } from '../scenario/plan-at.ts';
import type { Plan } from '../terms/plan.ts';
import type { Awaited, StepResult } from '../terms/timeline.ts';
import type { Actions } from './actions.ts';
import { awaitState } from './await-state.ts';
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
  /** What it waited for and did not see. */
  missed: Awaited | null;
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
  const mark = recorder.mark();
  const beginMs = clock.since(await streams.goOn(index));
  const performed = await actions.perform(index);
  const actedMs = clock.now();
  meanwhile();
  const watched = { plan: planAt(plan, index), lab, actions, signal };
  const reached = step.until === undefined || (await awaitState(step.until, watched));
  const settledMs = step.until === undefined ? actedMs : clock.now();
  await pause(step.forMs, signal);
  await actions.endStep();
  const [heldAt] = await Promise.all([streams.hold(), clock.set()]);
  const { name, title, at } = step;
  return {
    index,
    result: { name, title, at, beginMs, endMs: clock.since(heldAt), actions: performed },
    actedMs,
    settledMs,
    mark,
    isWhole: actions.paused.size === 0,
    missed: reached ? null : step.until!,
  };
}

/** @throws the signal's reason when the user stops the run meanwhile */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
}
