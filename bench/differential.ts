import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { labImage, version } from '../harness/cli/project.ts';
import { differential, shrink } from '../harness/differential/differential.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';

/** Labs that are shrunk at most: each takes up to a minute. */
const SHRUNK = 3;

/** Holds prediction against reality on generated labs: `npm run differential -- --labs 300 --seed 1`. */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      labs: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      shrink: { type: 'boolean', default: false },
    },
  });
  const [labs, seed] = [Number(values.labs), Number(values.seed)];
  if (!Number.isInteger(labs) || labs < 1 || !Number.isInteger(seed)) {
    throw new L4labError('invalid-input', '--labs wants a number of labs, --seed a whole number');
  }
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const runner = {
    engine,
    image: labImage(),
    version: version(),
    labels: await reaperLabels(engine.docker),
    concurrency: Math.min(2, engine.cpus),
    signal,
  };
  console.log(`seed ${seed}`);
  const began = performance.now();
  const tally = await differential(labs, seed, runner, ({ labs: done, flows, disagreements }) =>
    console.error(`${done} of ${labs} labs, ${flows} flows, ${disagreements.length} disagreements`),
  );
  for (const line of tally.notRun) console.log(`not run: ${line}`);
  for (const { lab, flow, detail } of tally.disagreements) console.log(`lab ${lab}, ${flow}: ${detail}`);
  const guilty = [...new Set(tally.disagreements.map(({ lab }) => lab))];
  for (const lab of guilty.slice(0, values.shrink ? SHRUNK : 0)) {
    const smallest = await shrink(lab, seed, runner);
    if (smallest === null) console.log(`lab ${lab} agreed when it was run again`);
    else console.log(`lab ${lab} shrunk:\n${stringify(smallest.lab)}---\n${stringify(smallest.scenario)}`);
  }
  console.log(`took ${((performance.now() - began) / 1000).toFixed(0)} s`);
  console.log(`labs ${tally.labs} flows ${tally.flows} disagreements ${tally.disagreements.length}`);
  if (tally.notRun.length > 0) return EXIT.unavailable;
  return tally.disagreements.length > 0 ? EXIT.failed : EXIT.ok;
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
try {
  process.exitCode = await main(stop.signal);
} catch (error) {
  if (!(error instanceof L4labError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
