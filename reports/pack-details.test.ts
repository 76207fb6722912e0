import { packScenario } from './pack-details.ts';
import { unpackVariant } from './content/page-details.ts';
import { sampleResults } from './samples/sample-results.ts';

const { scenarios } = sampleResults();

test('plans, logs, and the walks of every attempt and every prediction survive the packing', () => {
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

test('the first attempt of each story keeps its packets to the microsecond; a repetition names it', () => {
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

test('bytes of frames are left to the capture file', () => {
  const scenario = structuredClone(scenarios[0]!);
  const flow = scenario.variants[1]!.flows[2]!;
  flow.attempts[0]!.packets[0]!.raw = 'AAAA';
  const packed = packScenario(scenario, {});
  expect(JSON.stringify(packed)).not.toContain('AAAA');
  expect(unpackVariant(packed, 1).flows[2]!.capture).toBe(
    'captures/one-arm-modes--dnat-gateway-l3--web-calls-shop.pcapng',
  );
});

test('an attempt with another outcome keeps packets of its own', () => {
  const scenario = structuredClone(scenarios[0]!);
  scenario.variants[0]!.flows[0]!.attempts[1]!.client = 'ECONNREFUSED';
  const [, second] = unpackVariant(packScenario(scenario, {}), 0).flows[0]!.attempts;
  expect(second!.sameAs).toBeNull();
  expect(second!.packets).toHaveLength(scenario.variants[0]!.flows[0]!.attempts[1]!.packets.length);
});
