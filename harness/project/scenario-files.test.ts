import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { here } from './testing/here.ts';
import { findLabs, findScenarios, loadLab, scenarioName } from './scenario-files.ts';

const named = (word: string): string[] => findScenarios(here, [word]).map((file) => scenarioName(here, file));

test.each(['proxy-and-dsr/dsr', 'dsr', 'scenarios/proxy-and-dsr/dsr', 'scenarios/proxy-and-dsr/dsr.yaml'])(
  '%s names a scenario',
  (word) => {
    expect(named(word)).toEqual(['proxy-and-dsr/dsr']);
  },
);

test.each(['proxy-ip', 'scenarios/proxy-ip', 'scenarios/proxy-ip/'])('%s names all in the folder', (word) => {
  expect(named(word).length).toBeGreaterThan(1);
  expect(named(word).every((name) => name.startsWith('proxy-ip/'))).toBe(true);
});

test('a scenario elsewhere is found again by the name that it has in results', () => {
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-files-'));
  try {
    const file = join(folder, 'mine.yaml');
    writeFileSync(file, '');
    const name = scenarioName(here, file);
    expect(findScenarios(here, [name])).toEqual([file]);
    expect(name).toBe(relative(here.root, file).replace('.yaml', ''));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['proxy-and-dsr/ds', 'scenarios/proxy-and-dsr/ds', 'ds'])('%s is the beginning of a name', (word) => {
  expect(named(word)).toEqual(['proxy-and-dsr/dsr']);
});

test('labs are found by name, file and folder, and are no scenarios', () => {
  const labs = (...words: string[]) => findLabs(here, words).map((file) => loadLab(here, file).name);
  for (const word of ['one-arm', 'labs/one-arm', 'labs/one-arm.yaml']) expect(labs(word)).toEqual(['one-arm']);
  expect(labs('labs')).toEqual(labs());
  expect(labs('scenarios/ipv6', 'proxy-and-dsr/dsr')).toEqual([]);
  expect(findScenarios(here, ['scenarios']).length).toBe(findScenarios(here, []).length);
  expect(() => named('labs/cross-subnet.yaml')).toThrow(/^`labs\/cross-subnet.yaml` is a lab; scenarios on it are /);
});

test('names with slips are refused with what was meant, a lab as well', () => {
  expect(() => findScenarios(here, ['proxy-and-dsr/drs', 'dsr', 'one-ram', 'nothing-like-it'])).toThrow(
    /^`proxy-and-dsr\/drs` is .*\(did you mean `proxy-and-dsr\/dsr`\?\).*\n`one-ram` is .*\(did you mean `one-arm`\?\).*\n`nothing-like-it` is neither a file nor the name of a scenario; `npx l4lab list` lists them$/,
  );
});
