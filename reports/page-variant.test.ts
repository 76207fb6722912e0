import { packVariant, unpackVariant } from './page-variant.ts';
import { sampleResults } from './testing/sample-results.ts';

const variants = sampleResults().scenarios.flatMap((s) => s.variants);

test('walks of every attempt and every prediction survive the packing', () => {
  for (const variant of variants) {
    const read = unpackVariant(packVariant(variant, {}));
    expect(read.flows.map((f) => f.attempts.map((a) => a.observed))).toEqual(
      variant.flows.map((f) => f.attempts.map((a) => a.observed)),
    );
    expect(read.flows.map((f) => f.predicted)).toEqual(variant.flows.map((f) => f.predicted));
  }
});

test('the first attempt of each story keeps its packets to the nanosecond; a repetition names it', () => {
  const [variant] = variants;
  const flow = variant!.flows[0]!;
  const [first, second] = unpackVariant(packVariant(variant!, {})).flows[0]!.attempts;
  expect(first!.packets).toEqual(flow.attempts[0]!.packets);
  expect(first!.sameAs).toBeNull();
  expect(second!.packets).toEqual([]);
  expect(second!.sameAs).toBe(0);
});

test('an attempt with another outcome keeps packets of its own', () => {
  const variant = structuredClone(variants[0]!);
  variant.flows[0]!.attempts[1]!.client = 'ECONNREFUSED';
  const [, second] = unpackVariant(packVariant(variant, {})).flows[0]!.attempts;
  expect(second!.sameAs).toBeNull();
  expect(second!.packets).toEqual(variant.flows[0]!.attempts[1]!.packets);
});
