import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDurations, rememberDurations } from './durations.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'l4lab-durations-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('durations are stored beside earlier ones', async () => {
  const cache = join(folder, 'made/when/needed');
  await rememberDurations(cache, new Map([['a x', 10.4], ['b y', 20]])); // prettier-ignore
  await rememberDurations(cache, new Map([['a x', 30]]));
  expect(await readDurations(cache)).toEqual(new Map([['b y', 20], ['a x', 30]])); // prettier-ignore
  expect(readdirSync(cache)).toEqual(['durations.json']);
});

test.each([
  ['no JSON', '{"version":1,"ms":{"a":'],
  ['another version', '{"version":2,"ms":{"a":1}}'],
  ['no durations', '{"version":1,"ms":{"a":"long"}}'],
  ['nothing', 'null'],
])('a file with %s is ignored and replaced', async (_, text) => {
  writeFileSync(join(folder, 'durations.json'), text);
  expect(await readDurations(folder)).toEqual(new Map());
  await rememberDurations(folder, new Map([['a', 1]]));
  expect(await readDurations(folder)).toEqual(new Map([['a', 1]]));
});

test('the number of entries is limited: the oldest are removed first', async () => {
  await rememberDurations(folder, new Map([['old', 1]]));
  await rememberDurations(folder, new Map(Array.from({ length: 5000 }, (_, i) => [`s${i}`, i])));
  const known = await readDurations(folder);
  expect([known.size, known.has('old'), known.has('s4999')]).toEqual([5000, false, true]);
});

test('without write permission nothing is stored and nothing is reported', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  await rememberDurations(file, new Map([['a', 1]]));
  expect(await readDurations(file)).toEqual(new Map());
});
