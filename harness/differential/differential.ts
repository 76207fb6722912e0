import fc from 'fast-check';
import type { FlowResult } from '../judge/results.ts';
import type { RunOptions } from '../run/run.ts';
import { run } from '../run/run.ts';
import { generated } from './generated.ts';
import type { Generated } from './generated.ts';
import { load } from './load.ts';

/** Labs that are run together: those of one shape share a booted lab. */
const BATCH = 40;
/** A disagreement is made smaller for this long at most. */
const SHRINK_MS = 60_000;

export type Runner = Omit<RunOptions, 'selection' | 'onEvent'>;

/** One flow of a generated lab whose packets did not do what was predicted. */
interface Disagreement {
  /** Counts from 1. */
  lab: number;
  flow: string;
  detail: string;
  sample: Generated;
}

export interface Tally {
  labs: number;
  flows: number;
  /** Flows that could not be run, with the reason. */
  notRun: string[];
  disagreements: Disagreement[];
}

/** Runs generated labs for real and holds every flow against its prediction. The same seed makes the same labs. */
export async function differential(
  labs: number,
  seed: number,
  runner: Runner,
  onBatch: (tally: Tally) => void,
): Promise<Tally> {
  const samples = fc.sample(generated, { seed, numRuns: labs });
  const tally: Tally = { labs: 0, flows: 0, notRun: [], disagreements: [] };
  for (let from = 0; from < samples.length; from += BATCH) {
    const batch = samples.slice(from, from + BATCH);
    const results = await runAll(batch, runner);
    for (const [index, flows] of results.entries()) {
      tally.labs += 1;
      tally.flows += flows.length;
      for (const flow of flows) {
        if (flow.verdict === 'not-run')
          tally.notRun.push(`lab ${from + index + 1}, ${flow.name}: ${flow.reasons.join(' ')}`);
        const detail = parting(flow);
        if (detail !== null) {
          tally.disagreements.push({ lab: from + index + 1, flow: flow.name, detail, sample: batch[index]! });
        }
      }
    }
    onBatch(tally);
  }
  return tally;
}

/** The smallest lab found, within a minute, that still disagrees. `lab` counts from 1. */
export async function shrink(lab: number, seed: number, runner: Runner): Promise<Generated | null> {
  const agrees = fc.asyncProperty(generated, async (sample) => {
    const [flows] = await runAll([sample], runner);
    return flows!.every((flow) => parting(flow) === null);
  });
  const { counterexample } = await fc.check(agrees, {
    seed,
    path: String(lab - 1),
    interruptAfterTimeLimit: SHRINK_MS,
  });
  return counterexample?.[0] ?? null;
}

async function runAll(samples: Generated[], runner: Runner): Promise<FlowResult[][]> {
  const scenarios = samples.map((sample, index) => load(`generated-${index + 1}`, sample));
  const selection = { variants: [], flows: [] };
  const results = await run(scenarios, { ...runner, selection, onEvent: () => undefined });
  return results.scenarios.map(({ variants }) => variants.flatMap(({ flows }) => flows));
}

function parting({ disagreement }: FlowResult): string | null {
  if (disagreement === null) return null;
  return disagreement.hop === null ? disagreement.detail : `${disagreement.detail} (${disagreement.hop})`;
}
