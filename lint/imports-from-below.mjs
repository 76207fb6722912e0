import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const LIST = 'DEPS.list';

/**
 * A folder imports only what the `DEPS.list` in it names: other folders from the root, packages, and `node:*`.
 * Every folder has a list of its own, those inside another one too. No two folders may depend on each other, directly
 * or through others. Tests and their helpers may import anything.
 * @type {import('eslint').Rule.RuleModule}
 */
export default {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const root = context.cwd;
    const folderOf = (/** @type {string} */ filename) => relative(root, dirname(filename)).split(sep).join('/');
    const from = folderOf(context.filename);
    const allowed = listOf(root, from);
    if (allowed === null) {
      const message = `${from} has no ${LIST}: make one that names what it may import.`;
      return { Program: (node) => context.report({ node, message }) };
    }
    const check = (/** @type {{ source?: { value?: unknown } | null }} */ node) => {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      const to = source.startsWith('.') ? folderOf(resolve(dirname(context.filename), source)) : packageOf(source);
      if (to === from) return;
      const message = !allowed.includes(to)
        ? `${from} must not import ${to}: it is not in ${from}/${LIST} (directions: see ARCHITECTURE.md).`
        : dependsOn(root, { folder: to, other: from })
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

/** What stands in a list for an import that is no path. */
function packageOf(/** @type {string} */ source) {
  if (source.startsWith('node:')) return 'node:*';
  return source
    .split('/')
    .slice(0, source.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * Whether a folder's list leads to another folder.
 * @param {string} root
 * @param {{ folder: string, other: string }} ends
 */
function dependsOn(root, { folder, other }, seen = new Set()) {
  if (folder === other) return true;
  if (seen.has(folder)) return false;
  seen.add(folder);
  return (listOf(root, folder) ?? []).some((next) => dependsOn(root, { folder: next, other }, seen));
}

/** The entries of a folder's list; null when it has none. */
function listOf(/** @type {string} */ root, /** @type {string} */ folder) {
  const path = join(root, folder, LIST);
  if (!existsSync(path)) return null;
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}
