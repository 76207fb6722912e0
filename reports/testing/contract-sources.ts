import { readFileSync } from 'node:fs';

/** The files whose types results.json is made of, from the project's root. */
const FILES = [
  'harness/judge/results.ts',
  'harness/model/walk.ts',
  'harness/observe/sighting.ts',
  'harness/scenario/plan.ts',
];

/** Names and text of the files whose types results.json is made of. */
export function contractSources(): { file: string; text: string }[] {
  return FILES.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}
