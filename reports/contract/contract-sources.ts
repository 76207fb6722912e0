import { readFileSync } from 'node:fs';

/** The files whose types results.json is made of, from the project's root. */
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

/** Names and text of the files whose types results.json is made of. */
export function contractSources(): { file: string; text: string }[] {
  return FILES.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}
