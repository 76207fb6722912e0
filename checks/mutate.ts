import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { loadProject } from '../api/load-project.ts';
import { labImage } from '../api/package.ts';
import { record, refusePart } from './fidelity/record.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import { textTable } from '../reports/content/text-table.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { runInPool } from '../harness/run/variant.ts';
import { changedVariant } from '../harness/model/fixes/what-if.ts';
import { loadScenario } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import type { Variant } from '../harness/scenario/read/read-variant.ts';
import { resolvePlan } from '../harness/scenario/resolve/resolve.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';

/** Result of one mutation: caught if a flow turned red, named if a reason names the change. */
interface Outcome {
  caught: boolean;
  named: boolean;
  seen: string;
}

type RunOne = (loaded: LoadedScenario, variant: Variant) => Promise<FlowResult[]>;

/** Breaks one thing at a time in passing scenarios and runs them: `npm run mutate [-- --only WORD] [--record]`. */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, record: { type: 'boolean', default: false } },
  });
  refusePart(values.record, { only: values.only !== '' });
  const mutations = MUTATIONS.filter((m) => `${m.scenario} ${m.variant} ${m.title}`.includes(values.only));
  if (mutations.length === 0) throw new L4labError('invalid-input', `unknown mutation \`${values.only}\``);
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  await using pool = new LabPool({ engine, image: labImage(), labels: await reaperLabels(engine.docker), signal });
  const runOne: RunOne = async (loaded, variant) => {
    signal.throwIfAborted();
    return runInPool(variant, resolvePlan(loaded.scenario, variant), pool);
  };
  const green = new Map<string, boolean>();
  const outcomes: Outcome[] = [];
  const rows: string[][] = [];
  for (const mutation of mutations) {
    const outcome = await mutate(mutation, runOne, green);
    outcomes.push(outcome);
    const { scenario, variant, title, named, at } = mutation;
    const row = [
      outcome.named ? 'named' : outcome.caught ? 'caught' : 'MISSED',
      `${scenario} [${variant}]`,
      title,
      at === undefined ? named : `${named} at ${at}`,
      outcome.seen,
    ];
    rows.push(row);
    console.error(`${rows.length} of ${mutations.length}: ${row.join(' | ')}`);
  }
  console.log(textTable([['', 'scenario', 'broken', 'must be named', 'seen'], ...rows]));
  const caught = outcomes.filter((outcome) => outcome.caught).length;
  const named = outcomes.filter((outcome) => outcome.named).length;
  console.log(`caught ${caught}/${outcomes.length} named ${named}/${outcomes.length}`);
  if (values.record)
    record(engine, {
      check: 'mutations',
      command: 'npm run mutate',
      figures: { mutations: outcomes.length, caught, named },
    });
  return caught === outcomes.length && named >= 0.95 * outcomes.length ? EXIT.ok : EXIT.failed;
}

/** A red flow proves nothing if the variant was already red, so that is run first, once for all its mutations. */
const project = await loadProject();

async function mutate(mutation: Mutation, runOne: RunOne, green: Map<string, boolean>): Promise<Outcome> {
  const loaded = loadScenario(project, join(project.folders.scenarios, `${mutation.scenario}.yaml`));
  const variant = loaded.scenario.variants.find(({ name }) => name === mutation.variant);
  if (!variant) throw new L4labError('invalid-input', `${mutation.scenario} has no variant ${mutation.variant}`);
  const key = `${mutation.scenario} ${mutation.variant}`;
  if (!green.has(key))
    green.set(
      key,
      (await runOne(loaded, variant)).every(({ verdict }) => verdict === 'pass'),
    );
  if (green.get(key) !== true) return { caught: false, named: false, seen: 'was red before' };
  const expect = loaded.scenario.file.variants[mutation.variant]?.expect ?? {};
  const changed = changedVariant(loaded, variant, mutation.change, expect);
  if (!changed) throw new L4labError('invalid-input', `${key}: "${mutation.title}" is not a valid change`);
  const flows = await runOne(loaded, changed);
  const notRun = flows.find(({ verdict }) => verdict === 'not-run');
  if (notRun)
    return {
      caught: false,
      named: false,
      seen: `not run: ${notRun.reasons.map((reason) => say(en, reason)).join(' ')}`,
    };
  const red = flows.filter(({ verdict }) => verdict === 'fail');
  return { caught: red.length > 0, named: red.some((flow) => isNamed(flow, mutation)), seen: summary(red) };
}

function isNamed({ attempts, reasons }: FlowResult, { named, at }: Mutation): boolean {
  if (reasons.some(({ code }) => code === named)) return true;
  return attempts.some(
    ({ cause, findings }) =>
      (cause?.code === named && (at === undefined || cause.node === at)) || findings.some(({ code }) => code === named),
  );
}

function summary(red: FlowResult[]): string {
  const texts = red.flatMap(({ name, attempts, reasons }) =>
    attempts.flatMap(({ cause, findings }) => [
      ...(cause ? [`${name}: ${cause.code} at ${cause.node}`] : []),
      ...findings.map(({ code }) => `${name}: ${code}`),
      ...(cause || findings.length > 0 ? [] : [`${name}: ${reasons[0]?.code ?? ''}`]),
    ]),
  );
  return [...new Set(texts)].join('; ') || 'all green';
}

await untilInterrupted(main);
