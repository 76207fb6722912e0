import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EXIT, InputError, L4labError } from '../harness/errors.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { labsOf } from './differential/differential.ts';
import { rehearse } from './rehearsal/rehearsal.ts';

/**
 * Judges the model's own packets on generated labs: `npm run rehearse -- --labs 4000 --seed 7`; `--lab N` judges only the
 * Nth lab of a seed. Finds where model and judge name the same event differently, a thousand times faster than labs do.
 */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      labs: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      lab: { type: 'string' },
    },
  });
  const [labs, seed] = [Number(values.lab ?? values.labs), Number(values.seed)];
  if (!Number.isInteger(labs) || labs < 1 || !Number.isInteger(seed))
    throw new L4labError('invalid-input', '--labs and --lab must be a number from 1, --seed a whole number');
  console.log(`seed ${seed}`);
  const chosen = labsOf(seed, labs).filter(({ lab }) => values.lab === undefined || lab === labs);
  const total = { flows: 0, judged: 0, attempts: 0, different: 0, invalid: 0 };
  for (const { lab, sample } of chosen) {
    // Lets an interrupt through.
    await setImmediate();
    signal.throwIfAborted();
    const ran = await rehearse(`generated-${lab}`, sample).catch((error: unknown) => {
      if (error instanceof InputError) return error;
      throw error;
    });
    if (ran instanceof InputError) {
      total.invalid += 1;
      console.log(`not run: lab ${lab}: ${ran.message}`);
      continue;
    }
    total.flows += ran.flows;
    total.judged += ran.judged;
    total.attempts += ran.attempts;
    if (ran.disagreements.length > 0) total.different += 1;
    for (const line of ran.disagreements) console.log(`lab ${lab}, ${line}`);
  }
  console.log(
    `labs ${chosen.length}, not run ${total.invalid}; flows ${total.flows}, judged ${total.judged} in ${total.attempts} attempts`,
  );
  console.log(`labs with disagreements ${total.different}`);
  if (total.invalid > 0) return EXIT.unavailable;
  return total.different > 0 ? EXIT.failed : EXIT.ok;
}

await untilInterrupted(main);
