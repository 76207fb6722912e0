import { readFileSync } from 'node:fs';

/** Files with the types of results.json, relative to the project's root. */
const FILES = [
  'harness/terms/results.ts',
  'harness/terms/attempt.ts',
  'harness/terms/reason.ts',
  'harness/terms/cause.ts',
  'harness/terms/finding.ts',
  'harness/terms/fault.ts',
  'harness/terms/fix.ts',
  'harness/terms/message.ts',
  'harness/terms/walk.ts',
  'harness/terms/sighting.ts',
  'harness/terms/plan.ts',
  'harness/terms/node-plan.ts',
  'harness/terms/flow-plan.ts',
  'harness/terms/expectation.ts',
  'harness/terms/timeline-plan.ts',
  'harness/terms/stream-prediction.ts',
  'harness/terms/timeline-results.ts',
];

/** Names and text of the files with the types of results.json. */
export function contractSources(): { file: string; text: string }[] {
  return FILES.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}
