import { parseArgs } from 'node:util';
import { loadAll } from '../cli/load-all.ts';
import { loadProject } from '../api/load-project.ts';
import { labImage, version } from '../api/package.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import { run } from '../harness/run/run.ts';
import type { RunOptions } from '../harness/run/run-options.ts';
import { plansOf, type Selection } from '../harness/scenario/resolve/plans.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import { spread } from './shared/spread.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';

const LIMIT_PERCENT = 20;
const LIMIT_MS = 50;
const NOTHING_LEFT_OUT: Selection = { variants: [], flows: [] };

/**
 * Measures the cost of captures and their analysis: runs the same scenarios with and without them, alternately. Only variants
 * in which every flow is expected to work are run, because a failure cannot be judged without captures.
 * `npm run bench:captures -- [--rounds 5] [--only NAME]`
 */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true, default: ['proxy-and-dsr/proxy', 'basics/protocols'] },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new L4labError('invalid-input', '--rounds must be a number of rounds');
  const project = await loadProject();
  const scenarios = loadAll(project, findScenarios(project, values.only));
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const options = { engine, image: labImage(), version: version(), labels: await reaperLabels(engine.docker), signal };
  const figures: Record<'with' | 'without', number[]> = { with: [], without: [] };
  const delays: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // The second run finds a warmer machine, so they alternate.
    for (const kind of round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      const onFlow = kind === 'with' ? (flow: FlowResult): unknown => delays.push(...verdictDelay(flow)) : () => 0;
      figures[kind].push(await wallTime(scenarios, { ...options, concurrency: 1, captures: kind === 'with' }, onFlow));
      console.error(`round ${round + 1} of ${rounds}, ${kind} captures: ${figures[kind].at(-1)!.toFixed(0)} ms`);
    }
  }
  return tell(figures, delays);
}

/** Milliseconds from the first boot to the end of the last lab. */
async function wallTime(
  scenarios: LoadedScenario[],
  options: Omit<RunOptions, 'selection' | 'onEvent'>,
  onFlow: (flow: FlowResult) => unknown,
): Promise<number> {
  const began = performance.now();
  for (const loaded of scenarios) {
    const variants = plansOf(loaded, NOTHING_LEFT_OUT)
      .filter(({ plan }) => plan.flows.every(({ expect }) => expect.outcome === 'works'))
      .map(({ variant }) => variant.name);
    if (variants.length === 0)
      throw new L4labError('invalid-input', `no variant of ${loaded.scenario.name} works in all flows`);
    await run([loaded], {
      ...options,
      selection: { variants, flows: [] },
      onEvent: (event) => (event.event === 'flow' ? onFlow(event.result) : undefined),
    });
  }
  return performance.now() - began;
}

/** Milliseconds from the last packet of a flow to its verdict; engine and harness share a clock on one machine. */
function verdictDelay({ attempts }: FlowResult): number[] {
  const now = performance.timeOrigin + performance.now();
  const ends = attempts.flatMap(({ epoch, packets }) =>
    packets.length === 0 ? [] : [Number(BigInt(epoch) / 1000n) / 1e3 + packets.at(-1)!.time / 1e6],
  );
  return ends.length === 0 ? [] : [now - Math.max(...ends)];
}

function tell(figures: Record<'with' | 'without', number[]>, delays: number[]): number {
  const [captured, bare, delay] = [spread(figures.with), spread(figures.without), spread(delays)];
  const cost = (captured.median / bare.median - 1) * 100;
  const range = ({ min, median, max }: typeof captured): string =>
    `${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)})`;
  console.log(`with captures      ${range(captured)}`);
  console.log(`without            ${range(bare)}`);
  console.log(`cost               ${cost.toFixed(1)} % of the median; limit ${LIMIT_PERCENT} %`);
  const inTime = delays.filter((ms) => ms <= LIMIT_MS).length;
  console.log(`verdict            ${range(delay)} after the last packet`);
  console.log(`                   ${inTime} of ${delays.length} flows within ${LIMIT_MS} ms`);
  return cost <= LIMIT_PERCENT && delay.median <= LIMIT_MS ? EXIT.ok : EXIT.failed;
}

await untilInterrupted(main);
