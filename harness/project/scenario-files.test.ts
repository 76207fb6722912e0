import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { findProject } from './project.ts';
import { here } from './testing/here.ts';
import { findLabs, findScenarios, loadLab, loadScenario, scenarioName } from './scenario-files.ts';

const named = (word: string): string[] => findScenarios(here, [word]).map((file) => scenarioName(here, file));

test.each(['proxy-and-dsr/dsr', 'dsr', 'scenarios/proxy-and-dsr/dsr', 'scenarios/proxy-and-dsr/dsr.yaml'])(
  '%s names a scenario',
  (word) => {
    expect(named(word)).toEqual(['proxy-and-dsr/dsr']);
  },
);

test.each(['proxy-ip', 'scenarios/proxy-ip', 'scenarios/proxy-ip/'])('%s names all scenarios in the folder', (word) => {
  expect(named(word).length).toBeGreaterThan(1);
  expect(named(word).every((name) => name.startsWith('proxy-ip/'))).toBe(true);
});

test('a scenario elsewhere is found by its name in results', () => {
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

test('labs are found by name, file and folder, and are not scenarios', () => {
  const labs = (...words: string[]) => findLabs(here, words).map((file) => loadLab(here, file).name);
  for (const word of ['one-arm', 'labs/one-arm', 'labs/one-arm.yaml']) expect(labs(word)).toEqual(['one-arm']);
  expect(labs('labs')).toEqual(labs());
  expect(labs('scenarios/ipv6', 'proxy-and-dsr/dsr')).toEqual([]);
  expect(findScenarios(here, ['scenarios']).length).toBe(findScenarios(here, []).length);
  expect(() => named('labs/cross-subnet.yaml')).toThrow(/^`labs\/cross-subnet.yaml` is a lab; scenarios on it are /);
});

test('misspelt names are refused with a suggestion, of labs too', () => {
  expect(() => findScenarios(here, ['proxy-and-dsr/drs', 'dsr', 'one-ram', 'nothing-like-it'])).toThrow(
    /^unknown scenario `proxy-and-dsr\/drs` \(did you mean `proxy-and-dsr\/dsr`\?\).*\nunknown scenario `one-ram` \(did you mean `one-arm`\?\).*\nunknown scenario `nothing-like-it`; `npx l4lab list` shows all scenarios$/,
  );
});

test('an example runs by its full name on its shipped lab, unless the project has a scenario of that name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-files-'));
  try {
    for (const name of ['scenarios', 'labs']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'labs/one-arm.yaml'), 'title: Something else');
    const project = await findProject({
      from: folder,
      shipped: join(process.cwd(), 'labs'),
      examples: join(process.cwd(), 'scenarios'),
    });
    const [file] = findScenarios(project, ['proxy-and-dsr/dsr']);
    expect(scenarioName(project, file!)).toBe('proxy-and-dsr/dsr');
    expect(Object.keys(loadScenario(project, file!).scenario.lab.nodes)).toContain('s1');
    expect(findScenarios(project, ['proxy-ip']).length).toBeGreaterThan(1);
    expect(() => findScenarios(project, ['dsr'])).toThrow('unknown scenario `dsr`');
    expect(() => findScenarios(project, ['proxy-and-dsr/drs'])).toThrow('(did you mean `proxy-and-dsr/dsr`?)');
    mkdirSync(join(folder, 'scenarios/proxy-and-dsr'));
    const own = join(folder, 'scenarios/proxy-and-dsr/dsr.yaml');
    writeFileSync(own, '');
    expect(findScenarios(project, ['proxy-and-dsr/dsr'])).toEqual([own]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
