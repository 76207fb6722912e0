import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Where editors and Node find the package, from a folder upward. */
function installedAbove(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules/l4lab'))) return join(at, 'node_modules/l4lab');
    if (at === dirname(at)) return null;
  }
}

/**
 * Path from a file to the JSON Schema of labs or scenarios, for the editor comment.
 * @param root the project, whose node_modules will contain l4lab if it is not installed yet
 * @param own the running package, since l4lab's own checkout is not installed
 */
export function schemaPath(
  file: string,
  what: 'lab' | 'scenario',
  { root, own }: { root: string; own: string },
): string {
  const home = root === own ? own : (installedAbove(root) ?? join(root, 'node_modules/l4lab'));
  return relative(dirname(file), join(home, 'schema', `${what}.schema.json`))
    .split(sep)
    .join('/');
}
