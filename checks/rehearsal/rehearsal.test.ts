import { labsOf } from '../differential/differential.ts';
import { rehearse } from './rehearsal.ts';

/** Labs of a seed on which model and judge once differed, by their numbers. The generator determines them, as long as it draws alike. */
const ONCE_DIFFERENT: Record<number, number[]> = {
  1: [43, 145, 202, 491],
  7: [33, 122, 348, 463, 553, 1238, 1817, 1903, 2207, 2672, 2822, 2968, 3119, 3390, 3393, 3415, 3437, 3684, 3980],
  11: [563, 680, 1443, 2272, 2290, 6307, 7844],
  12: [288, 702, 1451, 2393, 3127, 3195, 4245, 4283, 4726, 4729, 5351, 5512],
  31: [1924],
  41: [301, 351, 428, 1349],
  42: [18, 25, 94, 206, 862, 1653, 2361],
  43: [1554, 1634, 2219, 3742],
  77: [1113],
};

async function rehearsed(seed: number, numbers: number[]): Promise<{ judged: number; disagreements: string[] }> {
  const wanted = new Set(numbers);
  const total = { judged: 0, disagreements: [] as string[] };
  for (const { lab, sample } of labsOf(seed, Math.max(...numbers))) {
    if (!wanted.has(lab)) continue;
    const { judged, disagreements } = await rehearse(`generated-${lab}`, sample);
    total.judged += judged;
    total.disagreements.push(...disagreements.map((line) => `lab ${lab}, ${line}`));
  }
  return total;
}

test.each(Object.entries(ONCE_DIFFERENT))(
  'model and judge agree where they once differed: seed %s',
  async (seed, numbers) => {
    const { judged, disagreements } = await rehearsed(Number(seed), numbers);
    expect(disagreements).toEqual([]);
    expect(judged).toBeGreaterThanOrEqual(numbers.length);
  },
);

test('model and judge agree on new labs', async () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
  const { judged, disagreements } = await rehearsed(2026, numbers);
  expect(disagreements).toEqual([]);
  expect(judged).toBeGreaterThan(numbers.length);
});

test('a difference is found: two owners of a VIP over IPv6, one of which is in the pool of the other', async () => {
  const { disagreements } = await rehearsed(7, [1367]);
  expect(disagreements).toEqual([
    expect.stringMatching(/^lab 1367, s2-api: The packets took a different path/),
    expect.stringMatching(/^lab 1367, s2-api: The cause is unexplained at s2/),
  ]);
});
