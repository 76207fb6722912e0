import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Text of existing scenario files by path as in results. @param root the project's folder */
export function sourcesOf(root: string, files: string[]): Record<string, string> {
  const there = files.filter((file) => existsSync(resolve(root, file)));
  return Object.fromEntries(there.map((file) => [file, readFileSync(resolve(root, file), 'utf8')]));
}
