import { findEngine } from '../../harness/fabric/engine.ts';
import { builtImage } from '../../harness/fabric/testing/built-image.ts';
import { differential, labsOf } from './differential.ts';

const LABS = 6;
const SEED = 6;

test('what packets do on generated labs is what was predicted', async () => {
  const runner = { engine: await findEngine(), image: builtImage(), concurrency: 2 };
  const tally = await differential(labsOf(SEED, LABS), runner, () => undefined);
  expect(tally.notRun).toEqual([]);
  expect(tally.disagreements.map(({ lab, flow, detail }) => `lab ${lab}, ${flow}: ${detail}`)).toEqual([]);
  expect(tally.labs).toBe(LABS);
}, 240_000);
