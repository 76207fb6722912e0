import { findEngine } from '../../harness/fabric/engine.ts';
import { builtImage } from '../../harness/fabric/testing/built-image.ts';
import { differential, labsOf } from './differential.ts';

test('an invalid generated lab is reported as not run, and the others continue', async () => {
  const [valid] = labsOf(1, 1);
  const { lab, scenario } = valid!.sample;
  const sample = { lab, scenario: { ...scenario, services: {} } };
  const runner = { engine: await findEngine(), image: builtImage(), concurrency: 1 };
  const tally = await differential([{ lab: 1, sample }], runner, () => undefined);
  expect(tally.notRun).toEqual([expect.stringMatching(/^lab 1: .*generated-1\.yaml/)]);
});

const LABS = 6;
const SEED = 6;

test('observations on generated labs equal the predictions', async () => {
  const runner = { engine: await findEngine(), image: builtImage(), concurrency: 2 };
  const tally = await differential(labsOf(SEED, LABS), runner, () => undefined);
  expect(tally.notRun).toEqual([]);
  expect(tally.disagreements.map(({ lab, flow, detail }) => `lab ${lab}, ${flow}: ${detail}`)).toEqual([]);
  expect(tally.labs).toBe(LABS);
}, 240_000);
