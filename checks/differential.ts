import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { labImage } from '../api/package.ts';
import { differential, labsOf, shrink } from './differential/differential.ts';
import type { Generated } from './differential/generated.ts';
import { record, refusePart } from './fidelity/record.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { labsAtOnce } from '../harness/run/labs-at-once.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';

/** Maximum number of labs to shrink: each takes up to a minute. */
const SHRUNK = 3;
/** Number of labs per line of progress. */
const TOLD_EVERY = 20;

/**
 * Compares prediction and reality on generated labs: `npm run differential -- --labs 300 --seed 1`. `--lab N` runs only
 * the Nth lab of a seed and prints its files; `--mode l3dsr` excludes labs without such a service, `--vlans` those
 * without VLANs, `--nat` those without NAT, `--links` those without parallel links, `--profiles` those without a
 * service with a profile, `--l4-serves` those without an L4 in a pool; `--record` writes the figures into
 * docs/fidelity.md.
 */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      labs: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      lab: { type: 'string' },
      mode: { type: 'string' },
      vlans: { type: 'boolean', default: false },
      nat: { type: 'boolean', default: false },
      links: { type: 'boolean', default: false },
      profiles: { type: 'boolean', default: false },
      'l4-serves': { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
    },
  });
  refusePart(values.record, {
    lab: values.lab !== undefined,
    mode: values.mode !== undefined,
    vlans: values.vlans,
    nat: values.nat,
    links: values.links,
    profiles: values.profiles,
    'l4-serves': values['l4-serves'],
  });
  const [labs, seed] = [Number(values.lab ?? values.labs), Number(values.seed)];
  if (!Number.isInteger(labs) || labs < 1 || !Number.isInteger(seed)) {
    throw new L4labError('invalid-input', '--labs and --lab must be a number from 1, --seed a whole number');
  }
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const runner = {
    engine,
    image: labImage(),
    labels: await reaperLabels(engine.docker),
    concurrency: labsAtOnce(engine.cpus),
    signal,
  };
  console.log(`seed ${seed}`);
  const chosen = labsOf(seed, labs).filter(
    ({ lab, sample }) =>
      (values.lab === undefined || lab === labs) &&
      (values.mode === undefined || hasMode(sample, values.mode)) &&
      (!values.vlans || hasVlans(sample)) &&
      (!values.nat || hasNat(sample)) &&
      (!values.links || hasSeveralLinks(sample)) &&
      (!values.profiles || hasProfile(sample)) &&
      (!values['l4-serves'] || hasServingL4(sample)),
  );
  if (values.lab !== undefined) for (const { lab, sample } of chosen) console.log(asFiles(lab, sample));
  const began = performance.now();
  const tally = await differential(chosen, runner, ({ labs: done, flows, disagreements }, differences) => {
    for (const { lab, flow, detail, limit } of differences)
      console.log(`${limit === null ? '' : `limit ${limit}: `}lab ${lab}, ${flow}: ${detail}`);
    if (done % TOLD_EVERY === 0)
      console.error(`${done} of ${chosen.length} labs, ${flows} flows, ${disagreements.length} disagreements`);
  });
  for (const line of tally.notRun) console.log(`not run: ${line}`);
  const guilty = new Map(tally.disagreements.map(({ lab, flow }) => [lab, flow]));
  for (const [lab, flow] of [...guilty].slice(0, values.shrink ? SHRUNK : 0)) {
    const smallest = await shrink(
      chosen.find((numbered) => numbered.lab === lab)!,
      flow,
      runner,
    );
    console.log(smallest === null ? `lab ${lab}, ${flow}: agreed when it was run alone` : asFiles(lab, smallest));
  }
  console.log(`took ${((performance.now() - began) / 1000).toFixed(0)} s`);
  console.log(`${tally.limits.length} flows met a limit of the model`);
  console.log(`labs ${tally.labs} flows ${tally.flows} disagreements ${tally.disagreements.length}`);
  if (values.record) {
    const { labs: count, flows, disagreements } = tally;
    record(engine, {
      check: 'generated labs',
      command: `npm run differential -- --labs ${labs} --seed ${seed}`,
      figures: { labs: count, flows, disagreements: disagreements.length, 'not run': tally.notRun.length },
    });
  }
  if (tally.notRun.length > 0) return EXIT.unavailable;
  return tally.disagreements.length > 0 ? EXIT.failed : EXIT.ok;
}

function hasMode({ scenario }: Generated, wanted: string): boolean {
  return Object.values(scenario.services).some(({ mode }) => mode === wanted);
}

function hasVlans({ lab }: Generated): boolean {
  return Object.values(lab['nodes'] as Record<string, object>).some((node) => 'ports' in node);
}

function hasNat({ scenario }: Generated): boolean {
  return Object.values(scenario['nodes'] as Record<string, object>).some((node) => 'nat' in node);
}

function hasSeveralLinks({ lab }: Generated): boolean {
  const pairs = (lab['links'] as object[]).map((link) => Object.keys(link).sort().join(' '));
  return new Set(pairs).size < pairs.length;
}

function hasProfile({ scenario }: Generated): boolean {
  return Object.values(scenario.services).some(({ like }) => like !== undefined);
}

function hasServingL4({ scenario }: Generated): boolean {
  const isL4 = (server: unknown): boolean => server === 'l4' || (server as { node?: string }).node === 'l4';
  return Object.values(scenario.services).some(({ pool = [] }) => (pool as unknown[]).some(isL4));
}

/** Both files of a lab, to be saved in one folder and run: the scenario names the lab by its path. */
function asFiles(number: number, { lab, scenario }: Generated): string {
  const file = `./lab-${number}.yaml`;
  return `# ${file}\n${stringify(lab)}---\n# ./scenario-${number}.yaml\n${stringify({ ...scenario, lab: file })}`;
}

await untilInterrupted(main);
