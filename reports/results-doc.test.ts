import { readFileSync } from 'node:fs';
import { contractSources } from './testing/contract-sources.ts';
import { resultsDoc } from './testing/results-doc.ts';
import { sampleResults } from './testing/sample-results.ts';

const doc = await resultsDoc(contractSources());

test('docs/results.md is what the types say (node setup/run-ts.mjs reports/write-results-doc.ts writes it anew)', () => {
  expect(readFileSync('docs/results.md', 'utf8')).toBe(doc);
});

test('every field that results have is documented', () => {
  const named = new Set([...doc.matchAll(/^\| `(\w+)\??`/gm)].map(([, name]) => name));
  const { scenarios, environment, ...rest } = sampleResults();
  const variant = scenarios[0]!.variants[0]!;
  const flow = variant.flows[0]!;
  const attempt = flow.attempts[0]!;
  const objects = [
    rest,
    environment,
    scenarios[0]!,
    variant,
    flow,
    attempt,
    attempt.packets[0]!,
    attempt.observed.request[0]!,
  ];
  for (const field of objects.flatMap((object) => Object.keys(object))) expect(named).toContain(field);
});
