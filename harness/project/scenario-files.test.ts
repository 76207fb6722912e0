import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { findScenarios, scenarioName } from './scenario-files.ts';

const ROOT = process.cwd();
const named = (word: string): string[] => findScenarios(ROOT, [word]).map((file) => scenarioName(ROOT, file));

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
    const name = scenarioName(ROOT, file);
    expect(findScenarios(ROOT, [name])).toEqual([file]);
    expect(name).toBe(relative(ROOT, file).replace('.yaml', ''));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a name with a slip is refused with what was meant', () => {
  expect(() => named('proxy-and-dsr/drs')).toThrow(
    /^proxy-and-dsr\/drs:1:1: .*\(did you mean `proxy-and-dsr\/dsr`\?\); scenarios are /,
  );
});
