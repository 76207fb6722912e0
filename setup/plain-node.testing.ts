import { execa } from 'execa';

/**
 * Runs code in a Node of its own, in this folder, without any package: the first steps of the set-up have none.
 * @param code an ES module's text; what it prints is the answer
 * @param args what it finds as process.argv[1] and following
 */
export function plainNode(code: string, ...args: string[]) {
  return execa(process.execPath, ['--input-type=module', '-e', code, ...args], { cwd: import.meta.dirname });
}
