import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { until } from '../../harness/fabric/testing/remnants.ts';
import { temporaryProject, twoByTwo, TWO_NODES, type TemporaryProject } from '../testing/temporary-project.ts';
import { Sources } from './sources.ts';
import { FolderWatch } from './watch-folders.ts';

let temporary: TemporaryProject;
beforeEach(async () => {
  temporary = await temporaryProject();
  temporary.write('scenarios/a.yaml', twoByTwo());
  temporary.write('scenarios/sub/b.yaml', twoByTwo('../../elsewhere/lab.yaml'));
  temporary.write('elsewhere/lab.yaml', TWO_NODES);
});
afterEach(() => temporary[Symbol.dispose]());

const at = (name: string): string => join(temporary.folder, name);
const named = (files: string[]): string[] => files.map((file) => relative(temporary.folder, file));

describe('sources', () => {
  const changed = (sources: Sources): string[] => named(sources.read().changed);

  test('are all new at first, and then when their text or that of their lab changes', () => {
    const sources = new Sources(temporary.project, []);
    expect(changed(sources)).toEqual(['scenarios/a.yaml', 'scenarios/sub/b.yaml']);
    temporary.write('scenarios/a.yaml', twoByTwo());
    expect(changed(sources)).toEqual([]);
    temporary.write('elsewhere/lab.yaml', `${TWO_NODES}# changed\n`);
    expect(changed(sources)).toEqual(['scenarios/sub/b.yaml']);
    temporary.write('labs/two-nodes.yaml', `${TWO_NODES}# changed\n`);
    expect(changed(sources)).toEqual(['scenarios/a.yaml']);
  });

  test('can be added and removed; a lab of the project replaces the shipped one with its name', () => {
    rmSync(at('labs/two-nodes.yaml'));
    temporary.write('shipped/two-nodes.yaml', TWO_NODES);
    const sources = new Sources(temporary.project, []);
    sources.read();
    temporary.write('scenarios/c.yaml', twoByTwo());
    expect(changed(sources)).toEqual(['scenarios/c.yaml']);
    temporary.write('labs/two-nodes.yaml', `${TWO_NODES}# own\n`);
    expect(changed(sources)).toEqual(['scenarios/a.yaml', 'scenarios/c.yaml']);
    rmSync(at('scenarios/a.yaml'));
    expect(named(sources.read().files)).toEqual(['scenarios/c.yaml', 'scenarios/sub/b.yaml']);
  });

  test('that disappear for a moment are no mistake; unknown names are one at the start', () => {
    const sources = new Sources(temporary.project, [at('scenarios/a.yaml')]);
    sources.read();
    renameSync(at('scenarios/a.yaml'), at('scenarios/a.bak'));
    expect(sources.read().files).toEqual([]);
    renameSync(at('scenarios/a.bak'), at('scenarios/a.yaml'));
    expect(changed(sources)).toEqual(['scenarios/a.yaml']);
    expect(() => new Sources(temporary.project, ['no-such']).read()).toThrow(/unknown scenario `no-such`/);
  });

  test('are in folders that are all watched', () => {
    const { folders } = new Sources(temporary.project, []).read();
    expect(named(folders).sort()).toEqual(['', 'elsewhere', 'labs', 'scenarios', 'scenarios/sub']);
  });
});

describe('folders that are watched', () => {
  test('report every kind of write, also in new or recreated folders', async () => {
    const sources = new Sources(temporary.project, []);
    const seen: string[] = [];
    using folders = new FolderWatch(() => {
      const reading = sources.read();
      folders.watch(reading.folders);
      seen.push(...named(reading.changed));
    });
    folders.watch(sources.read().folders);
    const reported = async (name: string, doing: () => void): Promise<void> => {
      seen.length = 0;
      doing();
      await until(`${name} to be reported of`, () => Promise.resolve(seen.includes(name)));
    };
    await reported('scenarios/a.yaml', () => temporary.write('scenarios/a.yaml', `${twoByTwo()}# in place\n`));
    await reported('scenarios/a.yaml', () => {
      temporary.write('scenarios/.a.swp', `${twoByTwo()}# by another file's name\n`);
      renameSync(at('scenarios/.a.swp'), at('scenarios/a.yaml'));
    });
    await reported('scenarios/new/folder/c.yaml', () => temporary.write('scenarios/new/folder/c.yaml', twoByTwo()));
    await reported('scenarios/new/folder/c.yaml', () =>
      temporary.write('scenarios/new/folder/c.yaml', `${twoByTwo()}#\n`),
    );
    await reported('scenarios/sub/b.yaml', () => {
      rmSync(at('scenarios/sub'), { recursive: true });
      mkdirSync(at('scenarios/sub'));
      temporary.write('scenarios/sub/b.yaml', `${twoByTwo()}# back\n`);
    });
    await reported('scenarios/sub/b.yaml', () => temporary.write('scenarios/sub/b.yaml', `${twoByTwo()}# again\n`));
  });
});
