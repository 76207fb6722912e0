import { readFileSync } from 'node:fs';

/** Name of the lab image that was built last; tests run in the project's folder. */
export function builtImage(): string {
  return (JSON.parse(readFileSync('dist/image.json', 'utf8')) as { tag: string }).tag;
}
