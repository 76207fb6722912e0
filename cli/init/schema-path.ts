import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Where the package is found from a folder upward, as editors and Node look for it. */
function installedAbove(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules/l4lab'))) return join(at, 'node_modules/l4lab');
    if (at === dirname(at)) return null;
  }
}

/**
 * Path from a file to the JSON Schema of labs or of scenarios, for the line that tells editors.
 * @param root the project, whose node_modules will hold l4lab where nothing holds it yet
 * @param own the package that runs: l4lab's own checkout is installed nowhere
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
