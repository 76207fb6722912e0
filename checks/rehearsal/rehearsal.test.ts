import { labsOf } from '../differential/differential.ts';
import { rehearse } from './rehearsal.ts';

/** Labs of a seed on which model and judge once differed, by their numbers. */
const ONCE_DIFFERENT: Record<number, number[]> = {
  1: [43, 145, 202, 491],
  7: [33, 122, 348, 463, 553, 1238, 1817, 1903, 2207, 2672, 2822, 2968, 3119, 3390, 3393, 3415, 3437, 3684, 3980],
  11: [563, 680, 1443, 2272, 6307, 7844],
  12: [288, 702, 1451, 2393, 3127, 3195, 4245, 4283, 4726, 4729, 5351, 5512],
};

function differences(seed: number, numbers: number[]): string[] {
  const wanted = new Set(numbers);
  return labsOf(seed, Math.max(...numbers))
    .filter(({ lab }) => wanted.has(lab))
    .flatMap(({ lab, sample }) => rehearse(`generated-${lab}`, sample).map((line) => `lab ${lab}, ${line}`));
}

test.each(Object.entries(ONCE_DIFFERENT))(
  'model and judge agree where they once differed: seed %s',
  (seed, numbers) => {
    expect(differences(Number(seed), numbers)).toEqual([]);
  },
);

test('model and judge agree on new labs', () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
  expect(differences(2026, numbers)).toEqual([]);
});

test('a difference is found: two owners of a VIP over IPv6, one of which is in the pool of the other', () => {
  expect(differences(7, [1367])).toEqual([
    expect.stringMatching(/^lab 1367, s2-api: The packets took a different path/),
    expect.stringMatching(/^lab 1367, s2-api: The cause is unexplained at s2/),
  ]);
});
