import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..');
const IGNORED = /^(\.git|node_modules|dist|coverage|testing)$|^reports\/latest$/;

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (IGNORED.test(entry.name) || IGNORED.test(path)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const files = filesBelow('');

/** The folders that a folder's files import, tests aside. */
function foldersImportedBy(folder: string): Set<string> {
  const sources = files.filter(
    (file) => dirname(file) === folder && /\.(tsx?|[cm]js)$/.test(file) && !/\.test\./.test(file),
  );
  return new Set(
    sources
      .flatMap((file) => ts.preProcessFile(readFileSync(join(ROOT, file), 'utf8'), true, true).importedFiles)
      .map(({ fileName }) => fileName)
      .filter((name) => name.startsWith('.'))
      .map((name) => dirname(normalize(join(folder, name)))),
  );
}

it.each(files.filter((file) => basename(file) === 'DEPS.list'))('%s names no folder that is not imported', (list) => {
  const entries = readFileSync(join(ROOT, list), 'utf8').split('\n');
  const folders = entries.filter((entry) => files.some((file) => file.startsWith(`${entry}/`)));
  const imported = foldersImportedBy(dirname(list));
  expect(folders.filter((folder) => !imported.has(folder))).toEqual([]);
});

/** The entries of a folder's list. */
function entriesOf(folder: string): string[] {
  return readFileSync(join(ROOT, folder, 'DEPS.list'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim());
}

it('no folder below core may import a node: module, so that core runs in a browser', () => {
  const reached = new Set(['core']);
  for (const folder of reached)
    for (const entry of entriesOf(folder)) if (files.includes(join(entry, 'DEPS.list'))) reached.add(entry);
  expect([...reached]).toContain('harness/model');
  expect([...reached].filter((folder) => entriesOf(folder).includes('node:*'))).toEqual([]);
});

it('ARCHITECTURE.md has every folder, and none above a folder that it imports', () => {
  const cells = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').matchAll(/^\| (`[^|]*\/`) *\|/gm);
  const rows = [...cells].map(([, cell]) => [...cell!.matchAll(/`([^`]+)\/`/g)].map(([, folder]) => folder!));
  /** Its row; a folder without one belongs to the folder around it. */
  const rowOf = (folder: string): number => {
    const index = rows.findIndex((folders) => folders.includes(folder));
    return index >= 0 || !folder.includes('/') ? index : rowOf(dirname(folder));
  };
  const listed = files.filter((file) => basename(file) === 'DEPS.list').map((file) => dirname(file));
  expect(rows.flat().filter((folder) => !files.some((file) => file.startsWith(`${folder}/`)))).toEqual([]);
  expect(listed.filter((folder) => rowOf(folder) < 0)).toEqual([]);
  const upward = listed.flatMap((folder) =>
    entriesOf(folder)
      .filter((entry) => listed.includes(entry) && rowOf(entry) > rowOf(folder))
      .map((entry) => `${folder} imports ${entry}`),
  );
  expect(upward).toEqual([]);
});
