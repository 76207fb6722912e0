import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

/** What each file imports, by path: read once, since every file's check follows the imports of many others. */
const read = /** @type {Map<string, string[]>} */ (new Map());

/**
 * No file imports itself through others, types included: of two files in a circle, none can be read first.
 * @type {import('eslint').Rule.RuleModule}
 */
export default {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const check = (/** @type {{ source?: { value?: unknown } | null }} */ node) => {
      const source = node.source?.value;
      if (typeof source !== 'string' || !source.startsWith('.')) return;
      const back = pathBetween(resolve(dirname(context.filename), source), context.filename);
      if (back === null) return;
      const circle = [context.filename, ...back].map((file) => relative(context.cwd, file).split(sep).join('/'));
      context.report({ node: /** @type {never} */ (node), message: `Circle of imports: ${circle.join(' → ')}.` });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

/** The shortest path along imports from one file to another, both included; null when there is none. */
function pathBetween(/** @type {string} */ from, /** @type {string} */ to) {
  const before = /** @type {Map<string, string | null>} */ (new Map([[from, null]]));
  for (const file of before.keys()) {
    if (file === to) {
      const path = [];
      for (let at = /** @type {string | null} */ (file); at !== null; at = before.get(at) ?? null) path.unshift(at);
      return path;
    }
    for (const next of importsOf(file)) if (!before.has(next)) before.set(next, file);
  }
  return null;
}

/** The files that a file imports by path. */
function importsOf(/** @type {string} */ file) {
  let imports = read.get(file);
  if (imports === undefined) {
    const names = existsSync(file) ? ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles : [];
    imports = names.flatMap(({ fileName }) => (fileName.startsWith('.') ? [resolve(dirname(file), fileName)] : []));
    read.set(file, imports);
  }
  return imports;
}
