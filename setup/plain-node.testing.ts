import { execa } from 'execa';

/**
 * Runs code in a separate Node, in this folder, without packages: the first steps of setup have none.
 * @param code an ES module's text; its output is the result
 * @param args available as process.argv[1] and following
 */
export function plainNode(code: string, ...args: string[]) {
  return execa(process.execPath, ['--input-type=module', '-e', code, ...args], { cwd: import.meta.dirname });
}
