import { parseArgs } from 'node:util';
import { EXIT, InputError, L4labError } from '../harness/errors.ts';
import { labsOf } from './differential/differential.ts';
import { rehearse } from './rehearsal/rehearsal.ts';

/**
 * Judges the model's own packets on generated labs: `npm run rehearse -- --labs 4000 --seed 7`; `--lab N` judges only the
 * Nth lab of a seed. Finds where model and judge name the same event differently, a thousand times faster than labs do.
 */
function main(): number {
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
  let different = 0;
  const chosen = labsOf(seed, labs).filter(({ lab }) => values.lab === undefined || lab === labs);
  for (const { lab, sample } of chosen) {
    const found = rehearsed(`generated-${lab}`, sample);
    if (found.length > 0) different += 1;
    for (const line of found) console.log(`lab ${lab}, ${line}`);
  }
  console.log(`labs ${chosen.length} with disagreements ${different}`);
  return different > 0 ? EXIT.failed : EXIT.ok;
}

/** The disagreements of a lab; none if the generator made an invalid one. */
function rehearsed(...lab: Parameters<typeof rehearse>): string[] {
  try {
    return rehearse(...lab);
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

process.exitCode = main();
