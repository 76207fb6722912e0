import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { causesDoc } from './causes-doc.ts';
import { contractSources } from './contract-sources.ts';
import { resultsDoc } from './results-doc.ts';
import { resultsSchema } from './results-schema.ts';
import { sampleResults } from '../samples/sample-results.ts';
import { timelineResults } from '../samples/timeline-results.ts';

const doc = await resultsDoc(contractSources());
const schemaText = resultsSchema();

test('docs/results.md and the schema match the types (update: npm run docs:results)', () => {
  expect(readFileSync('docs/results.md', 'utf8')).toBe(doc);
  expect(readFileSync('schema/results.schema.json', 'utf8')).toBe(schemaText);
});

test('docs/causes.md matches the messages (update: npm run docs:results)', () => {
  expect(readFileSync('docs/causes.md', 'utf8')).toBe(causesDoc());
});

test('the schema accepts real results, and rejects missing, misspelt and unknown fields', () => {
  const schema = z.fromJSONSchema(JSON.parse(schemaText) as Parameters<typeof z.fromJSONSchema>[0]);
  const takes = (results: unknown): boolean => schema.safeParse(results).success;
  expect(takes(sampleResults())).toBe(true);
  expect(takes(timelineResults())).toBe(true);
  for (const spoil of [
    { version: 1 },
    { startedAt: undefined },
    { scenarios: [{ ...sampleResults().scenarios[0]!, variants: null }] },
    { environmnt: {} },
  ])
    expect(takes({ ...sampleResults(), ...spoil })).toBe(false);
});

test('every field that results have is documented', () => {
  const named = new Set([...doc.matchAll(/^\| `(\w+)\??`/gm)].map(([, name]) => name));
  const { scenarios, environment, ...rest } = sampleResults();
  const variant = scenarios[0]!.variants[0]!;
  const flow = variant.flows[0]!;
  const attempt = flow.attempts[0]!;
  const objects: object[] = [
    rest,
    environment,
    scenarios[0]!,
    variant,
    flow,
    attempt,
    attempt.packets[0]!,
    attempt.observed.request[0]!,
  ];
  const timed = timelineResults().scenarios[0]!.variants[0]!;
  const { timeline } = timed;
  const cell = timed.flows[3]!.stream!;
  objects.push(
    ...[timeline!, timeline!.steps[0]!, timeline!.streams[0]!, timeline!.bands[0]!],
    ...[timeline!.streams[1]!.calls[0]!, cell, cell.summary, cell.summary.connections!, cell.predicted],
  );
  for (const field of objects.flatMap((object) => Object.keys(object))) expect(named).toContain(field);
});
