import { readFileSync } from 'node:fs';
import { readLab, readScenario } from '../scenario/read/read.ts';
import { resolvePlan } from '../scenario/resolve/resolve.ts';
import { parseYaml } from '../scenario/yaml-file.ts';
import type { Fix } from '../terms/fix.ts';
import { predict } from './predict.ts';
import { fixesFor } from './fixes/what-if.ts';

/** Two switches with a trunk between them; the servers' VLAN is 20. */
const LAB = `
title: Two switches
nodes:
  client: { role: client, gateway: l3 }
  l3: { role: l3 }
  a: { role: l2, ports: { client: { vlan: 10 }, l3: { trunk: [10, 20] }, b: { trunk: [10, 20], native: 10 } } }
  b: { role: l2, ports: { s1: { vlan: 20 }, s2: { vlan: 20 }, a: { trunk: [10, 20], native: 10 } } }
  s1: { role: server, gateway: l3, listeners: [80/tcp] }
  s2: { role: server, gateway: l3, listeners: [80/tcp] }
links:
  - { client: 198.51.100.10/24, a: ~ }
  - { l3: { vlans: { 10: 198.51.100.1/24, 20: 203.0.113.1/24 } }, a: ~ }
  - { a: ~, b: ~ }
  - { s1: 203.0.113.11/24, b: ~ }
  - { s2: 203.0.113.12/24, b: ~ }
`;

interface Outcome {
  cause: string[] | null;
  request: string[];
  reply: string[];
  fixes: Fix[];
}

/** What becomes of a call of s1 by the client, and what would help it. */
function outcome(
  ports: Record<string, string>,
  from = 'client',
  neighbours: Record<string, string> = {},
  { to = 's1', rpFilter = 0 } = {},
): Outcome {
  const nodes = [
    ...(rpFilter === 0 ? [] : [`l3: { rpFilter: ${rpFilter} }`]),
    ...Object.entries(ports).map(([name, settings]) => `${name}: { ports: { ${settings} } }`),
    ...Object.entries(neighbours).map(([name, entries]) => `${name}: { neighbours: ${entries} }`),
  ];
  const yaml = parseYaml(
    'scenario.yaml',
    `
title: test
lab: lab
nodes: { ${nodes.join(', ')} }
flows: { call: { from: ${from}, to: ${to}, port: 80, expect: works } }
`,
  );
  const scenario = readScenario('test', 'lab', readLab(parseYaml('lab.yaml', LAB)), yaml);
  const [variant] = scenario.variants;
  const plan = resolvePlan(scenario, variant!);
  const [flow] = plan.flows;
  const [{ cause, request, reply }] = predict(plan, flow!) as [ReturnType<typeof predict>[number]];
  const helps =
    cause === null ? [] : fixesFor({ loaded: { scenario, yaml }, variant: variant!, plan, flow: flow!, cause });
  return {
    cause: cause === null ? null : [cause.code, cause.node, cause.detail.code],
    request: request.map(({ direction, node, iface }) => `${direction} ${node} ${iface}`),
    reply: reply.map(({ direction, node, iface }) => `${direction} ${node} ${iface}`),
    fixes: helps.flatMap(({ fixes }) => fixes),
  };
}

test('a router on a trunk routes between VLANs, in each of which switches know its MAC at another port', () => {
  const { cause, request, reply } = outcome({});
  expect(cause).toBeNull();
  expect(request.filter((hop) => hop.startsWith('in '))).toEqual([
    'in a client',
    'in l3 a.10',
    'in a l3.20',
    'in b a.20',
    'in s1 b',
  ]);
  expect(reply.filter((hop) => hop.startsWith('in '))).toEqual([
    'in b s1',
    'in a b.20',
    'in l3 a.20',
    'in a l3.10',
    'in client a',
  ]);
});

test('servers in one VLAN reach each other without the router', () => {
  const { cause, request } = outcome({}, 's2');
  expect(cause).toBeNull();
  expect(request).toEqual(['out s2 b', 'in b s2', 'out b s1', 'in s1 b']);
});

test('a node that tags frames of the native VLAN', () => {
  const { cause, fixes } = outcome({ a: 'l3: { trunk: [10, 20], native: 20 }' });
  expect(cause).toEqual(['vlan-mismatch', 'a', 'vlan-not-carried']);
  expect(fixes[0]).toEqual({ code: 'without-native-vlan', params: { node: 'a', port: 'l3', vlan: 20 } });
});

test.each([
  ['the router', { a: 'l3: { trunk: [10] }' }, ['a', 'vlan-not-carried'], ['allow-vlan', 'a', 'l3', 20]],
  [
    'the other switch, where it is sent',
    { a: 'b: { trunk: [10], native: 10 }' },
    ['a', 'vlan-not-carried'],
    ['allow-vlan', 'a', 'b', 20],
  ],
  [
    'the other switch, where it arrives',
    { b: 'a: { trunk: [10], native: 10 }' },
    ['b', 'vlan-not-carried'],
    ['allow-vlan', 'b', 'a', 20],
  ],
])('a VLAN that the trunk to %s does not carry', (_, ports, [node, detail], [code, at, port, vlan]) => {
  const { cause, fixes } = outcome(ports);
  expect(cause).toEqual(['vlan-mismatch', node, detail]);
  expect(fixes).toContainEqual({ code, params: { node: at, port, vlan } });
});

test('an access port in another VLAN than its peers', () => {
  const { cause, fixes } = outcome({ b: 's1: { vlan: 30 }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'vlans-differ']);
  expect(fixes).toContainEqual({ code: 'port-in-vlan', params: { node: 'b', port: 's1', vlan: 20 } });
});

test('the same for a node with a static entry, which sends no ARP', () => {
  const { cause } = outcome({ b: 's2: { vlan: 10 }' }, 's2', { s2: '{ 203.0.113.11: s1 }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'vlans-differ']);
});

test('several servers of a service in another VLAN: all of their ports must be changed', () => {
  const yaml = parseYaml(
    'scenario.yaml',
    `
title: test
lab: lab
nodes: { sw: { ports: { s1: { vlan: 30 }, s2: { vlan: 30 } } } }
services: { web: { vip: 198.51.100.80, port: 80, mode: proxy, proxyIp: auto, pool: [s1, s2] } }
flows: { call: { from: client, to: web, expect: works } }
`,
  );
  const lab = readLab(parseYaml('lab.yaml', readFileSync('labs/stick.yaml', 'utf8')));
  const scenario = readScenario('test', 'lab', lab, yaml);
  const [variant] = scenario.variants;
  const plan = resolvePlan(scenario, variant!);
  const flow = plan.flows[0]!;
  const [{ cause }] = predict(plan, flow) as [ReturnType<typeof predict>[number]];
  const helps = fixesFor({ loaded: { scenario, yaml }, variant: variant!, plan, flow, cause });
  expect(helps.map(({ fixes }) => fixes)).toContainEqual(
    ['s1', 's2'].map((port) => ({ code: 'port-in-vlan', params: { node: 'sw', port, vlan: 20 } })),
  );
});

test('a node without tags on a trunk without a native VLAN', () => {
  const { cause, fixes } = outcome({ b: 's1: { trunk: [10, 20] }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'untagged-not-carried']);
  expect(fixes).toContainEqual({ code: 'native-vlan', params: { node: 'b', port: 's1', vlan: 20 } });
});

test.each([
  ['tagged at the other end', 'a: { trunk: [10, 20] }', [['allow-vlan', 'a']]],
  [
    'native at the other end',
    'a: { trunk: [10, 20], native: 20 }',
    [
      ['allow-vlan', 'a'],
      ['native-vlan', 'a'],
    ],
  ],
  [
    'missing at the other end too',
    'a: { trunk: [10] }',
    [
      ['allow-vlan', 'a'],
      ['allow-vlan', 'b'],
    ],
  ],
])('the VLAN that a trunk does not carry is %s', (_, other, expected) => {
  const { cause, fixes } = outcome({ a: 'b: { trunk: [10] }', b: other });
  expect(cause).toEqual(['vlan-mismatch', 'a', 'vlan-not-carried']);
  const found = fixes.map(({ code, params }) => [code, 'node' in params ? params.node : null]);
  expect(found.slice(0, expected.length)).toEqual(expected);
});

test('native VLANs that differ: the frames that one end tags are not accepted by the other, until both are the same', () => {
  const { cause, fixes } = outcome({ b: 'a: { trunk: [10, 20], native: 20 }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'native-vlan-tagged']);
  expect(fixes.slice(0, 2)).toEqual([
    { code: 'native-vlan', params: { node: 'b', port: 'a', vlan: 10 } },
    { code: 'native-vlan', params: { node: 'a', port: 'b', vlan: 20 } },
  ]);
});

test('a frame for an unknown MAC is flooded to a switch whose port does not accept its tag', () => {
  const unknown = { l3: '{ 203.0.113.11: 02:00:00:00:00:99 }' };
  const { cause, request } = outcome({ b: 'a: { trunk: [10, 20], native: 20 }' }, 'client', unknown);
  expect(cause).toEqual(['stale-neighbour', 'l3', 'neighbour-static']);
  expect(request.slice(-2)).toEqual(['out a b.20', 'in b a.20']);
});

test('only one end has a native VLAN: the other one gets it too, or it is removed', () => {
  const { cause, fixes } = outcome({ a: 'b: { trunk: [10, 20] }', b: 'a: { trunk: [10, 20], native: 20 }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'native-vlan-tagged']);
  expect(fixes.slice(0, 2)).toEqual([
    { code: 'native-vlan', params: { node: 'a', port: 'b', vlan: 20 } },
    { code: 'without-native-vlan', params: { node: 'b', port: 'a', vlan: 20 } },
  ]);
});

test('a node that sends untagged frames into the wrong native VLAN: the port gets the right one', () => {
  const { cause, fixes } = outcome({ b: 's1: { trunk: [10, 20], native: 10 }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'vlans-differ']);
  expect(fixes[0]).toEqual({ code: 'native-vlan', params: { node: 'b', port: 's1', vlan: 20 } });
});

test('the same for the sender of ARP requests', () => {
  const { cause, fixes } = outcome({ b: 's2: { trunk: [10, 20], native: 10 }' }, 's2');
  expect(cause).toEqual(['vlan-mismatch', 'b', 'vlans-differ']);
  expect(fixes).toContainEqual({ code: 'native-vlan', params: { node: 'b', port: 's2', vlan: 20 } });
});

test('native VLANs that differ join two VLANs: frames come out in the wrong one', () => {
  const { cause, fixes } = outcome({ a: 'b: { trunk: [10, 20], native: 20 }' });
  expect(cause).toEqual(['vlan-mismatch', 'b', 'native-vlans-differ']);
  expect(fixes.map(({ code }) => code)).toContain('native-vlan');
});

test('a server in the VLAN of the clients: the router receives its ARP request where it does not have the address', () => {
  const { cause, fixes } = outcome({ b: 's1: { vlan: 10 }' }, 's1', {}, { to: 'client', rpFilter: 1 });
  expect(cause).toEqual(['vlan-mismatch', 'l3', 'address-in-other-vlan']);
  expect(fixes).toContainEqual({ code: 'port-in-vlan', params: { node: 'b', port: 's1', vlan: 20 } });
});
