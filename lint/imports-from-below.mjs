import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const LIST = 'DEPS.list';
const ROOT = resolve(import.meta.dirname, '..');

/**
 * A folder imports only what the `DEPS.list` in it names: other folders from the root, packages, and `node:*`.
 * A folder without a list belongs to the nearest one above that has one. Tests and their helpers may import anything.
 * No two folders may depend on each other, directly or through others.
 * @type {import('eslint').Rule.RuleModule}
 */
export default {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const from = folderOf(context.filename);
    if (from === undefined) return {};
    const allowed = new Set(readList(from));
    const check = (/** @type {{ source?: { value?: unknown } | null }} */ node) => {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      const to = targetOf(source, context.filename);
      if (to === from) return;
      const message =
        to === undefined
          ? `${source} belongs to no folder with a ${LIST}, so nobody can say who may import it.`
          : !allowed.has(to)
            ? `${from} must not import ${to}: it is not in ${from}/${LIST} (directions: see ARCHITECTURE.md).`
            : dependsOn(to, from)
              ? `${from} must not import ${to}, which depends on ${from}: see ${LIST} in both.`
              : null;
      if (message !== null) context.report({ node: /** @type {never} */ (node), message });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

/** What an import names, as it stands in a list; undefined for a file that belongs to no list. */
function targetOf(/** @type {string} */ source, /** @type {string} */ filename) {
  if (source.startsWith('node:')) return 'node:*';
  if (source.startsWith('.')) return folderOf(resolve(dirname(filename), source));
  return source
    .split('/')
    .slice(0, source.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The nearest folder above a file that has a list, from the root, with slashes. */
function folderOf(/** @type {string} */ filename) {
  for (let folder = dirname(filename); folder.startsWith(ROOT + sep); folder = dirname(folder)) {
    if (existsSync(join(folder, LIST))) return relative(ROOT, folder).split(sep).join('/');
  }
  return undefined;
}

/** Whether a folder's list leads to another folder. */
function dependsOn(/** @type {string} */ folder, /** @type {string} */ other, seen = new Set()) {
  if (folder === other) return true;
  if (seen.has(folder) || !existsSync(join(ROOT, folder, LIST))) return false;
  seen.add(folder);
  return readList(folder).some((next) => dependsOn(next, other, seen));
}

function readList(/** @type {string} */ folder) {
  return readFileSync(join(ROOT, folder, LIST), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}
