import fc from 'fast-check';
import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';
import { InputError } from '../../harness/errors.ts';
import type { BootOptions } from '../../harness/fabric/boot-lab.ts';
import type { FlowResult } from '../../harness/terms/results.ts';
import { LabPool } from '../../harness/run/lab-pool.ts';
import { runScenario } from '../../harness/run/scenario.ts';
import { sideBySide } from '../../harness/run/side-by-side.ts';
import { sequenceTo } from '../../harness/scenario/after.ts';
import { generated } from './generated.ts';
import type { Generated } from './generated.ts';
import { limitOf, type Limit } from './limits.ts';
import { load } from './load.ts';
import { smallest } from './smallest.ts';

/** Maximum time to shrink a disagreement. */
const SHRINK_MS = 60_000;

export interface Runner extends BootOptions {
  /** Number of labs in use at the same time. */
  concurrency: number;
}

/** A flow of a generated lab that differs from its prediction. */
interface Difference {
  /** Counts from 1. */
  lab: number;
  flow: string;
  detail: string;
  /** The known limit of the model that explains it, or null. */
  limit: Limit | null;
}

export interface Tally {
  labs: number;
  flows: number;
  /** Flows that could not be run, with the reason. */
  notRun: string[];
  /** Differences that no limit of the model explains. */
  disagreements: Difference[];
  /** Differences explained by one. */
  limits: Difference[];
}

/** A generated lab with its number in the seed's sequence, from 1. */
export interface Numbered {
  lab: number;
  sample: Generated;
}

/** The first labs of a seed, which determines them. */
export function labsOf(seed: number, labs: number): Numbered[] {
  return fc.sample(generated, { seed, numRuns: labs }).map((sample, index) => ({ lab: index + 1, sample }));
}

/** Runs generated labs and compares every flow with its prediction. Invalid labs are not run, but reported. */
export async function differential(
  labs: Numbered[],
  runner: Runner,
  onLab: (tally: Tally, differences: Difference[]) => void,
): Promise<Tally> {
  const waiting = labs
    // Sorted so that labs with the same wiring share a booted lab.
    .toSorted((a, b) => a.sample.scenario.lab.localeCompare(b.sample.scenario.lab));
  const tally: Tally = { labs: 0, flows: 0, notRun: [], disagreements: [], limits: [] };
  await using pool = new LabPool(runner);
  await sideBySide(labs.length, runner.concurrency, async () => {
    const { lab, sample } = waiting.shift()!;
    tally.labs += 1;
    const ran = await runSample(lab, sample, pool, runner.signal).catch((error: unknown) => {
      if (error instanceof InputError) return error;
      throw error;
    });
    if (ran instanceof InputError) {
      tally.notRun.push(`lab ${lab}: ${ran.message}`);
      return;
    }
    const { flows, differences } = ran;
    tally.flows += flows.length;
    for (const { verdict, name, reasons } of flows) {
      if (verdict === 'not-run')
        tally.notRun.push(`lab ${lab}, ${name}: ${reasons.map((reason) => say(en, reason)).join(' ')}`);
    }
    tally.disagreements.push(...differences.filter(({ limit }) => limit === null));
    tally.limits.push(...differences.filter(({ limit }) => limit !== null));
    onLab(tally, differences);
  });
  return tally;
}

/** The smallest lab found within a minute on which a flow still disagrees; null if it agreed when run alone. */
export async function shrink({ lab, sample }: Numbered, flow: string, runner: Runner): Promise<Generated | null> {
  await using pool = new LabPool(runner);
  const { scenario } = sample;
  const all = Object.entries(scenario.flows).map(([name, of]) => ({ name, after: of['after'] as string | undefined }));
  const needed = sequenceTo(
    all.find(({ name }) => name === flow)!,
    all,
  ).map(({ name }) => name);
  const flows = Object.fromEntries(needed.map((name) => [name, scenario.flows[name]!]));
  const alone = { ...sample, scenario: { ...scenario, flows } };
  const disagrees = async (smaller: Generated): Promise<boolean> => {
    const { differences } = await runSample(lab, smaller, pool, runner.signal);
    return differences.some(({ limit }) => limit === null);
  };
  if (!(await disagrees(alone))) return null;
  const deadline = performance.now() + SHRINK_MS;
  // Not interrupted from outside, which would leave a half-booted lab behind.
  return await smallest(alone, async (smaller) => performance.now() < deadline && disagrees(smaller));
}

async function runSample(
  lab: number,
  sample: Generated,
  pool: LabPool,
  signal: AbortSignal | undefined,
): Promise<{ flows: FlowResult[]; differences: Difference[] }> {
  const loaded = load(`generated-${lab}`, sample);
  const { variants } = await runScenario(
    loaded,
    pool,
    { variants: [], flows: [] },
    { onEvent: () => undefined, signal },
  );
  signal?.throwIfAborted();
  const { flows, plan } = variants[0]!;
  const differences = flows.flatMap((flow) => {
    const { name, disagreement } = flow;
    if (disagreement === null) return [];
    const more = flow.cause?.code === 'unexplained' ? [say(en, flow.cause.detail)] : [];
    return [{ lab, flow: name, detail: [say(en, disagreement), ...more].join(' '), limit: limitOf(flow, plan) }];
  });
  return { flows, differences };
}
