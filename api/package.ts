import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageBundle } from '../reports/page-html.ts';

/** Folder of this package, installed or checked out; bundles are in its `dist/`. */
export const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder of the labs shipped with l4lab. */
export const SHIPPED_LABS = join(PACKAGE, 'labs');

/** Folder of the scenarios shipped with l4lab. */
export const EXAMPLES = join(PACKAGE, 'scenarios');

/** Name of the lab image that belongs to the bundles. */
export function labImage(): string {
  return (JSON.parse(readFileSync(join(PACKAGE, 'dist/image.json'), 'utf8')) as { tag: string }).tag;
}

export function version(): string {
  return (JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Client code of the report's page. */
export function pageBundle(): PageBundle {
  return {
    js: readFileSync(join(PACKAGE, 'dist/report.js'), 'utf8'),
    css: readFileSync(join(PACKAGE, 'dist/report.css'), 'utf8'),
  };
}
