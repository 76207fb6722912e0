import type { Plan } from '../terms/plan.ts';
import type { FlowResult } from '../terms/results.ts';
import type { TimelineResult } from '../terms/timeline-results.ts';
import { Actions } from './actions.ts';
import { StateBands } from './state-bands.ts';
import { JudgedStreams } from './judged-streams.ts';
import { LabClock } from './lab-clock.ts';
import type { PooledLab } from './lab-pool.ts';
import { runStep, type Running, type RunStep } from './step.ts';
import { Streams } from './streams.ts';

/**
 * Runs the steps of a plan on a configured lab. Its streams run from the first step to the last. In any case the lab
 * can be reset afterwards.
 * @param listener gets each cell as soon as its step is judged, and all available results at the end
 * @throws the reason of the lab's signal if the user interrupts
 */
export async function runTimeline(
  plan: Plan,
  lab: PooledLab,
  listener: { cell: (cell: FlowResult) => void; timeline: (result: TimelineResult) => void },
): Promise<void> {
  const { streams: plans, steps } = plan.timeline!;
  const clock = new LabClock(lab.lab.node(plans[0]!.from));
  await clock.set();
  const bands = new StateBands(plan, lab.lab, clock);
  const actions = new Actions(plan, lab.lab, clock, bands);
  const streams = new Streams(plans, lab.lab);
  const running: Running = { plan, lab, clock, streams, actions };
  const judged = new JudgedStreams(plan, bands, listener.cell);
  const ran: RunStep[] = [];
  const waiting: RunStep[] = [];
  let judging = Promise.resolve();
  const judge = async (): Promise<void> => {
    const later = actions.paused.size === 0 ? -1 : waiting.findIndex(({ isWhole }) => !isWhole);
    const ready = waiting.splice(0, later < 0 ? waiting.length : later);
    if (ready.length > 0) await lab.lab.drain();
    for (const step of ready) await judged.judge(step, running);
  };
  try {
    await bands.begin();
    await streams.start();
    for (const index of steps.keys()) {
      const step = await runStep(index, running, () => {
        judging = judging.then(judge);
        // Awaited at the end.
        judging.catch(() => undefined);
      });
      ran.push(step);
      waiting.push(step);
    }
    await streams.stop();
    await actions.restore();
    await judging.then(judge);
  } finally {
    bands.end();
    // After a failure, which is the error to report, some nodes may not answer.
    await Promise.allSettled([judging, streams.stop(), actions.restore()]);
    listener.timeline({
      epoch: clock.epoch,
      steps: ran.map(({ result }) => result),
      streams: judged.results,
      bands: bands.all,
    });
  }
}
