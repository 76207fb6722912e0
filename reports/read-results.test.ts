import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readResults } from './read-results.ts';
import { sampleResults } from './samples/sample-results.ts';
import { writeReports } from './write-reports.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-results-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('reads results of a run, given the report directory or the file', async () => {
  await writeReports(sampleResults(), dir, { js: '', css: '' });
  const results = sampleResults();
  expect(await readResults(dir)).toEqual(results);
  expect(await readResults(path.join(dir, 'results.json'))).toEqual(results);
});

test.each([
  ['{"version":1,"scenarios":[]}', 'it was written by an older version. Run again'],
  ['{"version":2,"scenarios":[]}', 'it was written by an older version. Run again'],
  ['{"version":3,"scenarios":[]}', 'it was written by an older version. Run again'],
  ['{"version":5,"scenarios":[]}', 'it has version 5, but this l4lab reads version 4'],
  ['[]', 'it is not an l4lab results file'],
  ['{', 'it is not JSON'],
])('refuses %s with the reason', async (text, why) => {
  const file = path.join(dir, 'results.json');
  await writeFile(file, text);
  await expect(readResults(file)).rejects.toMatchObject({ code: 'invalid-input', message: `${file}: ${why}.` });
});

test('names the missing file', async () => {
  await expect(readResults(path.join(dir, 'none.json'))).rejects.toThrow(/none\.json: it cannot be read/);
});
