import { Linter } from 'eslint';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript-eslint';
import importsFromBelow from './imports-from-below.mjs';
import noCircles from './no-circles.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'l4lab-lint-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes files, and lints one of them. */
function lint(files: Record<string, string>, linted: string): string[] {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const rules = { 'imports-from-below': importsFromBelow, 'no-circles': noCircles };
  const config: Linter.Config = {
    files: ['**/*.ts'],
    languageOptions: { parser: ts.parser },
    plugins: { l4lab: { rules } },
    rules: { 'l4lab/imports-from-below': 'error', 'l4lab/no-circles': 'error' },
  };
  const linter = new Linter({ cwd: root });
  return linter.verify(files[linted]!, [config], { filename: join(root, linted) }).map(({ message }) => message);
}

describe('what a folder may import', () => {
  it('is what its list names: other folders, packages and node', () => {
    const lists = { 'a/DEPS.list': 'b # why\n@some/package\nnode:*\n', 'b/DEPS.list': '' };
    const names = ['../b/y.ts', '@some/package/part', 'node:fs', './near.ts'];
    expect(lint({ ...lists, 'a/x.ts': names.map((name) => `import '${name}';`).join('\n') }, 'a/x.ts')).toEqual([]);
  });

  it('is nothing else', () => {
    const files = { 'a/DEPS.list': '', 'b/DEPS.list': '', 'a/x.ts': "import type { Y } from '../b/y.ts';" };
    expect(lint(files, 'a/x.ts')).toEqual([expect.stringContaining('a must not import b')]);
  });

  it('is named by a list of its own, also for a folder inside another', () => {
    const files = { 'a/DEPS.list': 'b', 'a/inside/x.ts': "import '../../b/y.ts';" };
    expect(lint(files, 'a/inside/x.ts')).toEqual([expect.stringContaining('a/inside has no DEPS.list')]);
  });

  it('is no folder that imports it in turn, the one around it included', () => {
    const lists = { 'a/DEPS.list': 'a/inside\n', 'a/inside/DEPS.list': 'b\n', 'b/DEPS.list': 'a\n' };
    const files = { ...lists, 'a/x.ts': "import './inside/y.ts';", 'b/x.ts': "import '../a/x.ts';" };
    expect(lint(files, 'b/x.ts')).toEqual([expect.stringContaining('b must not import a, which depends on b')]);
  });
});

describe('circles of files', () => {
  it('are refused where types close them, and named file by file', () => {
    const files = {
      'a/DEPS.list': '',
      'a/x.ts': "import type { Y } from './y.ts'; export type X = Y;",
      'a/y.ts': "import { z } from './z.ts'; export type Y = typeof z;",
      'a/z.ts': "import type { X } from './x.ts'; export const z: X = 1;",
    };
    expect(lint(files, 'a/x.ts')).toEqual(['Circle of imports: a/x.ts → a/y.ts → a/z.ts → a/x.ts.']);
  });

  it('are none where a file only leads to one', () => {
    const files = {
      'a/DEPS.list': '',
      'a/x.ts': "import './y.ts';",
      'a/y.ts': "import './z.ts';",
      'a/z.ts': "import './y.ts';",
    };
    expect(lint(files, 'a/x.ts')).toEqual([]);
  });
});
