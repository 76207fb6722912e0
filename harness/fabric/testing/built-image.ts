import { readFileSync } from 'node:fs';

/** Name of the latest lab image; tests run in the project's directory. */
export function builtImage(): string {
  return (JSON.parse(readFileSync('dist/image.json', 'utf8')) as { tag: string }).tag;
}
