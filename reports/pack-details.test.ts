import { packScenario } from './pack-details.ts';
import { unpackVariant } from './content/page-details.ts';
import { sampleResults } from './samples/sample-results.ts';
import { timelineResults } from './samples/timeline-results.ts';

const { scenarios } = sampleResults();

test('packing preserves plans, logs, and the walks of all attempts and predictions', () => {
  for (const scenario of scenarios) {
    const packed = packScenario(scenario, {});
    scenario.variants.forEach((variant, v) => {
      const read = unpackVariant(packed, v);
      expect(read).toMatchObject({
        name: variant.name,
        plan: variant.plan,
        balancers: variant.balancers,
        logs: variant.logs,
      });
      expect(read.flows.map((f) => f.attempts.map((a) => a.observed))).toEqual(
        variant.flows.map((f) => f.attempts.map((a) => a.observed)),
      );
      expect(read.flows.map((f) => f.predicted)).toEqual(variant.flows.map((f) => f.predicted));
    });
  }
});

test('the first attempt of each course keeps its packets to the microsecond; a repetition refers to it', () => {
  const flow = scenarios[0]!.variants[0]!.flows[0]!;
  const [first, second] = unpackVariant(packScenario(scenarios[0]!, {}), 0).flows[0]!.attempts;
  const rounded = flow.attempts[0]!.packets.map((packet) => ({
    ...packet,
    time: Math.round(packet.time / 1000) * 1000,
  }));
  expect(first!.packets).toEqual(rounded);
  expect(first!.sameAs).toBeNull();
  expect(second!.packets).toEqual([]);
  expect(second!.sameAs).toBe(0);
});

test('bytes of frames are only in the capture file', () => {
  const scenario = structuredClone(scenarios[0]!);
  const flow = scenario.variants[1]!.flows[2]!;
  flow.attempts[0]!.packets[0]!.raw = 'AAAA';
  const packed = packScenario(scenario, {});
  expect(JSON.stringify(packed)).not.toContain('AAAA');
  expect(unpackVariant(packed, 1).flows[2]!.capture).toBe(
    'captures/one-arm-modes--dnat-gateway-l3--web-calls-shop.pcapng',
  );
});

test('an attempt with another outcome keeps its own packets', () => {
  const scenario = structuredClone(scenarios[0]!);
  scenario.variants[0]!.flows[0]!.attempts[1]!.client = 'ECONNREFUSED';
  const [, second] = unpackVariant(packScenario(scenario, {}), 0).flows[0]!.attempts;
  expect(second!.sameAs).toBeNull();
  expect(second!.packets).toHaveLength(scenario.variants[0]!.flows[0]!.attempts[1]!.packets.length);
});

test('packing preserves a timeline: steps, bands and every call, to a hundredth of a millisecond', () => {
  const [scenario] = timelineResults().scenarios;
  const packed = packScenario(scenario!, {});
  scenario!.variants.forEach(({ timeline }, v) => {
    const read = unpackVariant(packed, v).timeline!;
    expect({ ...read, streams: [] }).toEqual({ ...timeline!, streams: [] });
    read.streams.forEach(({ calls, examples, ...stream }, s) => {
      const original = timeline!.streams[s]!;
      expect(original).toMatchObject(stream);
      const round = (ms: number) => Math.round(ms * 100) / 100;
      expect(calls).toEqual(
        original.calls.map((call) => ({ ...call, beginMs: round(call.beginMs), endMs: round(call.endMs) })),
      );
      expect(examples.map(({ token, observed }) => ({ token, observed }))).toEqual(
        original.examples.map(({ token, observed }) => ({ token, observed })),
      );
      expect(examples.every(({ packets, sameAs }) => packets.length > 0 && sameAs === null)).toBe(true);
    });
  });
});

test('attempts of a stream in a step are the examples of its calls, and are packed once', () => {
  const [scenario] = timelineResults().scenarios;
  const packed = packScenario(scenario!, {});
  const dies = unpackVariant(packed, 0).flows.find(({ name }) => name === 'l4a-dies.calls')!;
  expect(dies.attempts.map(({ outcome, l4, servedBy }) => `${outcome} ${l4} ${servedBy}`)).toEqual([
    'works l4a s1',
    'works l4a s2',
    'fails null null',
    'works l4b s2',
    'works l4b s3',
    'works l4b s1',
  ]);
  expect(packed.variants[0]!.flows.flatMap(({ attempts }) => attempts)).toEqual([]);
  expect(packed.variants[0]!.flows.flatMap(({ stream }) => stream!.predicted.settled![0]!.request)).toEqual([]);
  expect(dies.predicted[0]!.request.length).toBeGreaterThan(0);
});

test('times of a timeline are relative to its first step', () => {
  const [early, late] = [timelineResults(), timelineResults()].map(({ scenarios }) => scenarios[0]!);
  const { timeline, flows } = late!.variants[0]!;
  const later = (part: { beginMs: number; endMs: number }) => {
    part.beginMs += 250;
    part.endMs += 250;
  };
  timeline!.steps.forEach((step) => [step, ...step.actions].forEach(later));
  timeline!.streams.forEach(({ calls }) => calls.forEach(later));
  timeline!.bands.forEach(({ spans }) => spans.forEach((span) => (span.fromMs += 250)));
  for (const { stream } of flows) {
    const outage = stream!.summary.outage;
    if (outage) Object.assign(outage, { fromMs: outage.fromMs + 250, toMs: outage.toMs! + 250 });
  }
  const rounded = (variant: object) =>
    JSON.parse(JSON.stringify(variant), (_, value: unknown) =>
      typeof value === 'number' ? Math.round(value * 100) / 100 : value,
    ) as unknown;
  expect(rounded(unpackVariant(packScenario(late!, {}), 0))).toEqual(
    rounded(unpackVariant(packScenario(early!, {}), 0)),
  );
});
