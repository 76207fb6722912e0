import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tryReportFolder } from './report-folder.ts';
import { saveReports } from './save-reports.ts';
import { sampleResults } from './samples/sample-results.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'l4lab-save-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const save = () => saveReports(sampleResults(), folder, { js: '', css: '' }, {});

test('a report replaces an older one completely, including captures', async () => {
  mkdirSync(path.join(folder, 'captures'));
  writeFileSync(path.join(folder, 'captures/old.pcapng'), '');
  writeFileSync(path.join(folder, 'results.json'), 'old');
  expect(await save()).toEqual({ dir: folder, problem: null });
  expect(readdirSync(folder).sort()).toEqual(['captures', 'index.html', 'junit.xml', 'results.json', 'summary.md']);
  expect(JSON.parse(readFileSync(path.join(folder, 'results.json'), 'utf8'))).toEqual(sampleResults());
  expect(readdirSync(path.join(folder, 'captures'))).not.toContain('old.pcapng');
});

test('results that cannot be written to their folder are saved elsewhere, and the older report stays intact', async () => {
  mkdirSync(path.join(folder, 'results.json'));
  writeFileSync(path.join(folder, 'index.html'), 'old');
  const { dir, problem } = await save();
  try {
    expect(problem).toMatchObject({ exitCode: 3, message: expect.stringContaining(`; it is in ${dir}`) as unknown });
    expect(JSON.parse(readFileSync(path.join(dir, 'results.json'), 'utf8'))).toEqual(sampleResults());
    expect(readdirSync(folder).sort()).toEqual(['index.html', 'results.json']);
    expect(readFileSync(path.join(folder, 'index.html'), 'utf8')).toBe('old');
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a report folder is created and tested, and left empty', async () => {
  const made = path.join(folder, 'a/b');
  await tryReportFolder(made);
  expect(readdirSync(made)).toEqual([]);
});

test('a parent that accepts no folder does not cause endless recursion', async () => {
  await expect(tryReportFolder('/proc/l4lab-report')).rejects.toMatchObject({
    code: 'report-unwritable',
    message: 'no report can be written to /proc/l4lab-report: no folder can be created there',
  });
});

test.each([
  ['file', 'it is a file; name a folder'],
  ['file/below', 'a part of the path is a file; name a folder'],
])('%s cannot be a report folder', async (name, why) => {
  writeFileSync(path.join(folder, 'file'), '');
  const dir = path.join(folder, name);
  await expect(tryReportFolder(dir)).rejects.toMatchObject({
    code: 'report-unwritable',
    message: `no report can be written to ${dir}: ${why}`,
  });
});
