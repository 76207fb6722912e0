import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageBundle } from '../reports/page-html.ts';

/** The project's folder; bundles are in its `dist/`. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Name of the lab image that belongs to the bundles. */
export function labImage(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'dist/image.json'), 'utf8')) as { tag: string }).tag;
}

export function version(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Client code of the report's page. */
export function pageBundle(): PageBundle {
  return {
    js: readFileSync(join(ROOT, 'dist/report.js'), 'utf8'),
    css: readFileSync(join(ROOT, 'dist/report.css'), 'utf8'),
  };
}

/** Text of scenario files by path, as results name them; of those that are still there. */
export function sourcesOf(files: string[]): Record<string, string> {
  const there = files.filter((file) => existsSync(join(ROOT, file)));
  return Object.fromEntries(there.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
}
