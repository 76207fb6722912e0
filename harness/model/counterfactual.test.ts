import type { Fix } from '../terms/fix.ts';
import { mergePatch } from '../scenario/merge-patch.ts';
import { resolvePlan } from '../scenario/resolve.ts';
import { labSchema, scenarioSchema } from '../scenario/schema.ts';
import type { ScenarioFile } from '../scenario/schema.ts';
import type { Plan } from '../terms/plan.ts';
import { candidates } from './candidates.ts';
import { counterfactuals } from './counterfactual.ts';
import { predict } from './predict.ts';

const lab = labSchema.parse({
  title: 'one-arm',
  nodes: {
    client: { role: 'client', gateway: 'l3' },
    l3: { role: 'l3' },
    l2: { role: 'l2' },
    l4: { role: 'l4', gateway: 'l3' },
    s1: { role: 'server' },
    s2: { role: 'server' },
  },
  links: [
    { client: '198.51.100.10/24', l3: '198.51.100.1/24' },
    { l3: '203.0.113.1/24', l2: null },
    { l4: '203.0.113.2/24', l2: null },
    { s1: '203.0.113.11/24', l2: null },
    { s2: '203.0.113.12/24', l2: null },
  ],
});

function planOf(scenario: ScenarioFile): Plan {
  const at = { file: 'test.yaml', line: 1, col: 1 };
  return resolvePlan(
    { name: 'test', labName: 'one-arm', lab, file: scenario, variants: [] },
    { name: 'base', title: 'base', change: {}, scenario, locate: () => at },
  );
}

/** What would make the flow `f` of a scenario work, in words. */
function fixes(settings: Record<string, unknown>): Fix[][] {
  const scenario = scenarioSchema.parse({
    title: 'test',
    lab: 'one-arm',
    flows: { f: { from: 'client', to: 'web', expect: 'works' } },
    ...settings,
  });
  const plan = planOf(scenario);
  const flow = plan.flows[0]!;
  const failed = predict(plan, flow).find(({ outcome }) => outcome === 'fails');
  expect(failed).toBeDefined();
  const predictWith = (change: Record<string, unknown>) => {
    const changed = planOf(scenarioSchema.parse(mergePatch(scenario, change)));
    return predict(changed, changed.flows[0]!);
  };
  const merge = (one: object, other: object) => mergePatch(one, other) as Record<string, unknown>;
  const found = counterfactuals(candidates({ scenario, plan, flow, cause: failed!.cause! }), predictWith, merge);
  for (const { change } of found) expect(predictWith(change).every(({ outcome }) => outcome === 'works')).toBe(true);
  return found.map(({ fixes }) => fixes);
}

const web = { vip: '203.0.113.80', port: 80, pool: ['s1', 's2'] };

test('dnat past the L4: gateway l4, a proxy IP, or DSR', () => {
  expect(fixes({ servers: { gateway: 'l3' }, services: { web: { ...web, mode: 'dnat' } } })).toEqual([
    [{ code: 'servers-gateway', params: { gateway: 'l4' } }],
    [{ code: 'use-proxy', params: { service: 'web' } }],
    [{ code: 'use-dsr', params: { service: 'web' } }],
  ]);
});

test('dsr without the VIP on the servers: put it there, or take proxy mode', () => {
  expect(fixes({ servers: { gateway: 'l3' }, services: { web: { ...web, mode: 'dsr' } } })).toEqual([
    [{ code: 'vip-on-loopback', params: { service: 'web' } }],
    [{ code: 'use-proxy', params: { service: 'web' } }],
  ]);
});

test('dsr with gateway l4: another gateway, or an L4 that does not own the VIP', () => {
  const servers = { gateway: 'l4', loopback: ['web'], arpIgnore: 1, arpAnnounce: 2 };
  expect(fixes({ servers, services: { web: { ...web, mode: 'dsr' } } })).toEqual([
    [{ code: 'disown-vip', params: { node: 'l4' } }],
    [{ code: 'servers-gateway', params: { gateway: 'l3' } }],
    [{ code: 'use-proxy', params: { service: 'web' } }],
  ]);
});

test('a listener that is off', () => {
  const settings = { servers: { gateway: 'l4' }, nodes: { s2: { listeners: [] } } };
  expect(fixes({ ...settings, services: { web: { ...web, mode: 'dnat' } } })).toEqual([
    [{ code: 'listen', params: { nodes: ['s2'], port: 80, protocol: 'tcp' } }],
  ]);
});

test('two things wrong at once are fixed together', () => {
  const settings = { servers: { gateway: 'l3' }, nodes: { s2: { listeners: [] } } };
  expect(fixes({ ...settings, services: { web: { ...web, mode: 'dnat' } } })).toContainEqual([
    { code: 'listen', params: { nodes: ['s2'], port: 80, protocol: 'tcp' } },
    { code: 'use-proxy', params: { service: 'web' } },
  ]);
});
