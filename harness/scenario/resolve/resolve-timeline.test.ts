import { readFileSync } from 'node:fs';
import type { Plan } from '../../terms/plan.ts';
import { cellNames, plansOf } from './plans.ts';
import { planAt } from '../plan-at.ts';
import { readLab, readScenario } from '../read/read.ts';
import { parseYaml } from '../yaml-file.ts';

const SCENARIO = `
title: Time
lab: pair
servers: { loopback: [web] }
services:
  web: { vip: 203.0.113.80, port: 80, mode: proxy, proxyIp: [203.0.113.90], l4: [l4a, l4b], pool: [s1, s2] }
pairs:
  edge: { nodes: [l4a, l4b], advertMs: 100 }
streams:
  calls: { from: client, to: web, every: 20ms }
  kept: { from: s3, to: s1, port: 80, protocol: tcp, connection: kept, connections: 4, every: 0.1s, timeout: 2m }
steps:
  calm: { for: 1s, expect: { calls: works, kept: survives } }
  drains:
    do: [{ drain: s1 }, { flap: { link: [l2, s2], down: 10ms, up: 1s } }]
    until: { master: l4a, within: 3s }
    for: 500ms
    expect:
      calls: { outage: { atMost: 1s, cause: no-neighbour }, then: { outcome: works, servedBy: s2, sourceSeen: l4a } }
      kept: { connections: { survive: 3, reset: { atMost: 1 } }, stallTime: { atMost: 1s } }
  back: { do: { undrain: { server: s1 } }, for: 1s, expect: { calls: works } }
  rewired: { do: [{ change: { servers: { gateway: none } } }, { addServer: s3 }], for: 1s, expect: { calls: works } }
variants:
  as-written: {}
  fails:
    change: { pairs: { edge: { preempt: false } }, steps: { back: null } }
    expect: { calm.calls: { outcome: fails, cause: refused } }
`;

function plans(only: string[] = []): Plan[] {
  const yaml = parseYaml('time.yaml', SCENARIO);
  const lab = readLab(parseYaml('pair.yaml', readFileSync('labs/pair.yaml', 'utf8')));
  const scenario = readScenario('time', 'pair', lab, yaml);
  return plansOf({ scenario, yaml }, { variants: [], flows: only }).map(({ plan }) => plan);
}

const [plan, fails] = plans() as [Plan, Plan];
const step = (of: Plan, name: string) => of.timeline!.steps.find((one) => one.name === name)!;

test('streams and steps are plain data with all times in ms', () => {
  expect(plan.timeline!.streams).toMatchObject([
    {
      name: 'calls',
      address: '203.0.113.80',
      port: 80,
      everyMs: 20,
      timeoutMs: 900,
      connection: 'new',
      connections: 1,
    },
    { name: 'kept', address: '203.0.113.11', everyMs: 100, timeoutMs: 120_000, connection: 'kept', connections: 4 },
  ]);
  expect(step(plan, 'drains')).toMatchObject({
    actions: [
      { do: 'drain', server: 's1' },
      { do: 'flap', link: ['l2', 's2'], downMs: 10, upMs: 1000 },
    ],
    until: { master: 'l4a', withinMs: 3000 },
    forMs: 500,
    expect: [
      {
        stream: 'calls',
        expect: {
          outcome: 'interrupted',
          outage: { atMostMs: 1000, causes: ['no-neighbour'] },
          then: { outcome: 'works', servedBy: { one: 's2' }, sourceSeen: '203.0.113.2' },
        },
      },
      {
        stream: 'kept',
        expect: {
          outcome: 'connections',
          survive: { atLeast: 3, atMost: 3 },
          reset: { atMost: 1 },
          stallMs: { atMost: 1000 },
        },
      },
    ],
  });
  expect(step(plan, 'calm').expect[1]!.expect).toEqual({ outcome: 'connections' });
});

test('a step contains only its changes', () => {
  const changed = (name: string) => step(plan, name).nodes.map((node) => node.name);
  expect(['calm', 'drains', 'back', 'rewired'].map(changed)).toEqual([
    [],
    ['l4a', 'l4b'],
    ['l4a', 'l4b'],
    ['l4a', 'l4b', 's1', 's2', 's3'],
  ]);
  const drained = (index: number) =>
    planAt(plan, index).nodes.find(({ name }) => name === 'l4b')!.balancer!.config.services[0]!.servers[0]!.drain;
  expect([0, 1, 2].map(drained)).toEqual([undefined, true, false]);
});

test("an L4 of a pair does not own the pair's addresses", () => {
  const owners = plan.nodes.flatMap(({ balancer }) => (balancer === null ? [] : [balancer.config.vipOwner]));
  expect(owners).toEqual(['external', 'external']);
});

test('a server listens and holds the DSR addresses before it joins a pool and after it has left it', () => {
  const at = (index: number) => planAt(plan, index).nodes.find(({ name }) => name === 's3')!;
  expect(at(-1).listeners).toEqual([{ protocol: 'tcp', port: 80 }]);
  expect(at(3)).toMatchObject({ listeners: at(-1).listeners, loopback: ['203.0.113.80/32'] });
  expect(planAt(plan, -1).services[0]!.pool.map(({ node }) => node)).toEqual(['s1', 's2']);
});

test('a pair holds VIPs and proxy IPs, each member at the interface of their subnet', () => {
  expect(plan.pairs).toEqual([
    {
      name: 'edge',
      protocol: 'vrrp',
      id: 1,
      members: [
        { node: 'l4a', iface: 'l2', priority: 150 },
        { node: 'l4b', iface: 'l2', priority: 100 },
      ],
      advertMs: 100,
      preempt: true,
      gratuitousArp: true,
      addresses: ['203.0.113.80', '203.0.113.90'].map((address) => ({ address, ifaces: { l4a: 'l2', l4b: 'l2' } })),
      sync: 'none',
    },
  ]);
});

test('a variant changes steps, pairs, and what a stream is expected to do in one step', () => {
  expect(fails.timeline!.steps.map(({ name }) => name)).toEqual(['calm', 'drains', 'rewired']);
  expect(fails.pairs![0]!.preempt).toBe(false);
  const [calls, kept] = step(fails, 'calm').expect;
  expect(calls!.expect).toEqual({ outcome: 'fails', cause: 'refused' });
  expect(calls!.at.line).toBe(SCENARIO.split('\n').findIndex((line) => line.includes('calm.calls')) + 1);
  expect(kept!.expect).toEqual({ outcome: 'connections' });
});

test('one selected cell runs all steps; without any there is no timeline', () => {
  expect(cellNames(fails)).toEqual(['calm.calls', 'calm.kept', 'drains.calls', 'drains.kept', 'rewired.calls']);
  expect(plans(['back.calls']).map(({ variant, timeline }) => [variant, timeline?.steps.length])).toEqual([
    ['as-written', 4],
  ]);
  expect(plans(['nothing'])).toEqual([]);
});

test('of several links between two nodes, either end may name one', () => {
  const yaml = parseYaml(
    'legs.yaml',
    `
title: Legs
lab: two-links
services: { web: { vip: 203.0.113.80, port: 80, mode: dnat, pool: [s1] } }
streams: { calls: { from: client, to: web, every: 50ms } }
steps:
  first: { do: { linkDown: [l3, l4] }, for: 1s, expect: { calls: { outcome: fails, cause: no-neighbour, at: l4.l3 } } }
  second: { do: [{ linkUp: [l3, l4] }, { linkDown: [l4-2, l3] }], for: 1s, expect: { calls: { outcome: fails, cause: no-neighbour } } }
  fixed: { do: { linkUp: [l4, l3-2] }, for: 1s, expect: { calls: works } }
`,
  );
  const lab = readLab(parseYaml('two-links.yaml', readFileSync('labs/two-links.yaml', 'utf8')));
  const scenario = readScenario('legs', 'two-links', lab, yaml);
  const legs = plansOf({ scenario, yaml }, { variants: [], flows: [] })[0]!.plan;
  const down = (index: number): string[] =>
    planAt(legs, index).nodes.flatMap(({ name, interfaces }) =>
      interfaces.flatMap((iface) => (iface.up === false ? [`${name} ${iface.name}`] : [])),
    );
  expect([0, 1, 2].map(down)).toEqual([['l3 l4', 'l4 l3'], ['l3 l4-2', 'l4 l3-2'], []]);
});
