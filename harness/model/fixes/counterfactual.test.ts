import type { Fix } from '../../terms/fix.ts';
import type { LoadedScenario } from '../../scenario/resolve/plans.ts';
import { readLab, readScenario } from '../../scenario/read/read.ts';
import { resolvePlan } from '../../scenario/resolve/resolve.ts';
import { parseYaml } from '../../scenario/yaml-file.ts';
import { predict } from '../predict.ts';
import { changedVariant, fixesFor } from './what-if.ts';

const oneArm = `
title: One-arm
nodes:
  client: { role: client, gateway: l3 }
  l3: { role: l3 }
  l2: { role: l2 }
  l4: { role: l4, gateway: l3 }
  s1: { role: server }
  s2: { role: server }
links:
  - { client: 198.51.100.10/24, l3: 198.51.100.1/24 }
  - { l3: 203.0.113.1/24, l2: ~ }
  - { l4: 203.0.113.2/24, l2: ~ }
  - { s1: 203.0.113.11/24, l2: ~ }
  - { s2: 203.0.113.12/24, l2: ~ }
`;

function load(lab: string, scenario: string): LoadedScenario {
  const yaml = parseYaml('test.yaml', `title: test\nlab: lab\n${scenario}`);
  return { scenario: readScenario('test', 'lab', readLab(parseYaml('lab.yaml', lab)), yaml), yaml };
}

/** What would make the only flow of a scenario work; each of it is held against the model once more. */
function remedies(lab: string, scenario: string): { fixes: Fix[]; patch: Record<string, unknown> }[] {
  const loaded = load(lab, scenario);
  const [variant] = loaded.scenario.variants;
  const plan = resolvePlan(loaded.scenario, variant!);
  const [flow] = plan.flows;
  const cause = predict(plan, flow!).find(({ outcome }) => outcome === 'fails')?.cause;
  expect(cause).toBeDefined();
  const found = fixesFor({ loaded, variant: variant!, plan, flow: flow!, cause: cause! });
  for (const { patch } of found) {
    const changed = resolvePlan(loaded.scenario, changedVariant(loaded, variant!, patch)!);
    const outcomes = predict(changed, changed.flows[0]!).map(({ outcome, findings }) => [
      outcome,
      ...findings.map(({ code }) => code),
    ]);
    expect(outcomes).toEqual(outcomes.map(() => ['works']));
  }
  return found;
}

/** The same by their codes, those that help only together joined. */
function codes(lab: string, scenario: string): string[] {
  return remedies(lab, scenario).map(({ fixes }) => fixes.map(({ code }) => code).join(' + '));
}

const web = 'vip: 203.0.113.80, port: 80, pool: [s1, s2]';
const flow = 'flows: { f: { from: client, to: web, expect: works } }';

test('dnat past the L4: gateway l4, a route by it, a proxy IP, or DSR', () => {
  const found = remedies(oneArm, `servers: { gateway: l3 }\nservices: { web: { ${web}, mode: dnat } }\n${flow}`);
  expect(found.map(({ fixes }) => fixes)).toEqual([
    [{ code: 'servers-gateway', params: { gateway: 'l4' } }],
    [{ code: 'route', params: { nodes: ['s1', 's2'], to: '198.51.100.0/24', via: '203.0.113.2' } }],
    [{ code: 'use-proxy', params: { service: 'web' } }],
    [{ code: 'use-dsr', params: { service: 'web' } }],
  ]);
  const { patch } = found[2]!;
  expect(patch).toEqual({ services: { web: { mode: 'proxy', proxyIp: 'auto' } } });
});

test('a filter: remove the rule that stopped the packet, wherever it is declared', () => {
  const rules = 'filter: [{ drop: { protocol: udp } }, { drop: { protocol: tcp, port: 80 } }]';
  const service = `services: { web: { ${web}, mode: proxy, proxyIp: auto } }`;
  const [first] = remedies(oneArm, `nodes: { l3: { ${rules} } }\n${service}\n${flow}`);
  expect(first).toMatchObject({
    fixes: [{ code: 'without-rule', params: { nodes: ['l3'], rule: 'drop tcp port 80' } }],
    patch: { nodes: { l3: { filter: [{ drop: { protocol: 'udp' } }] } } },
  });
  const checked = `services: { web: { ${web}, mode: proxy, proxyIp: auto, check: { type: tcp } } }`;
  const [inCheck] = remedies(oneArm, `servers: { gateway: l3, ${rules} }\n${checked}\n${flow}`);
  expect(inCheck!.fixes).toEqual([{ code: 'without-rule', params: { nodes: ['s1', 's2'], rule: 'drop tcp port 80' } }]);
});

test('only a dropping route is removed', () => {
  const routes = 'routes: [{ to: web, type: blackhole }, { to: 10.0.0.0/8, type: blackhole }]';
  const service = `services: { web: { ${web}, mode: proxy, proxyIp: auto } }`;
  const [first] = remedies(oneArm, `nodes: { l3: { ${routes} } }\n${service}\n${flow}`);
  expect(first).toMatchObject({
    fixes: [{ code: 'without-dead-end', params: { node: 'l3', to: '203.0.113.80/32', type: 'blackhole' } }],
    patch: { nodes: { l3: { routes: [{ to: '10.0.0.0/8', type: 'blackhole' }] } } },
  });
});

test('a server that replies on its other link: a source route on the called link', () => {
  const legs = `${oneArm}  - { s1: 192.0.2.11/24, l3: 192.0.2.1/24 }\n`;
  const found = remedies(
    legs,
    `nodes: { l3: { rpFilter: 1 }, s1: { gateway: 192.0.2.1 } }
servers: { loopback: [web], arpIgnore: 1, arpAnnounce: 2 }
services: { web: { vip: 203.0.113.80, port: 80, pool: [s1], mode: dsr } }
${flow}`,
  );
  expect(found.flatMap(({ fixes }) => fixes)).toContainEqual({
    code: 'source-route',
    params: { nodes: ['s1'], from: '203.0.113.80/32', via: '203.0.113.1' },
  });
});

test.each([
  ['address', 'answersFrom: 203.0.113.12'],
  ['port', 'answersFromPort: 54'],
])('UDP replies from another %s: reply from the called one', (_, source) => {
  const servers = 'servers: { gateway: l3, loopback: [web], arpIgnore: 1, arpAnnounce: 2 }';
  const nodes = `nodes: { s2: { listeners: [{ listen: 80/udp, ${source} }] } }`;
  const service = `services: { web: { ${web}, protocol: udp, mode: dsr } }`;
  const asked = 'flows: { f: { from: client, to: web, protocol: udp, expect: works } }';
  const [first] = remedies(oneArm, `${servers}\n${nodes}\n${service}\n${asked}`);
  expect(first).toMatchObject({
    fixes: [{ code: 'answer-from-asked', params: { nodes: ['s2'] } }],
    patch: { nodes: { s2: { listeners: ['80/udp'] } } },
  });
});

test('ports of a proxy IP that run out: as many as are needed, or all', () => {
  const service = `${web}, mode: proxy, proxyIp: 203.0.113.254, proxyPorts: 40000-40003`;
  const many = 'flows: { f: { from: client, to: web, repeat: 6, expect: works } }';
  const found = remedies(oneArm, `services: { web: { ${service} } }\n${many}`);
  expect(found.slice(0, 2).map(({ patch }) => patch)).toEqual([
    { services: { web: { proxyPorts: '40000-40005' } } },
    { services: { web: { proxyPorts: null } } },
  ]);
});

describe('a check that differs from the traffic: another check removes the server, or adds it', () => {
  const proxied = `${web}, mode: proxy, proxyIp: 203.0.113.254`;
  const filter = (from: string): string => `filter: [{ drop: { protocol: tcp, from: ${from} } }]`;

  test.each([
    [
      'the VIP instead of the own address',
      'servers: { gateway: l3, loopback: [web], arpIgnore: 1, arpAnnounce: 2 }\nnodes: { s2: { loopback: [] } }',
      `${web}, mode: dsr, check: { type: tcp, target: server }`,
      { check: { target: null } },
    ],
    [
      'the port of the traffic',
      'nodes: { s1: { listeners: [80/tcp, 81/tcp] }, s2: { listeners: [81/tcp] } }',
      `${proxied}, check: { type: tcp, port: 81 }`,
      { check: { port: null } },
    ],
    [
      'from the proxy IP',
      `nodes: { s2: { ${filter('203.0.113.254')} } }`,
      `${proxied}, check: { type: tcp }`,
      { check: { source: '203.0.113.254' } },
    ],
    [
      'from the own address',
      `servers: { ${filter('203.0.113.80')} }`,
      `${proxied}, check: { type: tcp, source: 203.0.113.80 }`,
      { check: { source: null } },
    ],
  ])('%s', (_, settings, service, change) => {
    const found = remedies(oneArm, `${settings}\nservices: { web: { ${service} } }\n${flow}`);
    expect(found.map(({ patch }) => patch)).toContainEqual({ services: { web: change } });
  });

  test('another mode removes fields of the check that only the former mode has', () => {
    const service = `${web}, mode: dsr, check: { type: tcp, target: server }`;
    const found = remedies(oneArm, `servers: { gateway: l3 }\nservices: { web: { ${service} } }\n${flow}`);
    expect(found.map(({ patch }) => patch)).toContainEqual({
      services: { web: { mode: 'proxy', proxyIp: 'auto', check: { target: null } } },
    });
  });
});

test('dnat behind NAT: no NAT, a proxy IP, or DSR', () => {
  const service = `services: { web: { ${web}, mode: dnat } }`;
  const settings = 'servers: { gateway: l4 }\nnodes: { l3: { nat: { out: l2 } } }';
  expect(codes(oneArm, `${settings}\n${service}\n${flow}`)).toEqual(['nat-off', 'use-proxy', 'use-dsr']);
});

test('NAT to an unused address: the router holds it, or uses that of its interface, wherever NAT is declared', () => {
  const service = `servers: { gateway: l3 }\nservices: { web: { ${web}, mode: proxy, proxyIp: auto } }`;
  const hidden = oneArm.replace('l3: { role: l3 }', 'l3: { role: l3, nat: { out: l2, to: 203.0.113.50 } }');
  const found = remedies(hidden, `${service}\n${flow}`);
  expect(found.map(({ fixes }) => fixes)).toEqual([
    [{ code: 'hold-address', params: { node: 'l3', address: '203.0.113.50' } }],
    [{ code: 'nat-masquerade', params: { node: 'l3' } }],
    [{ code: 'nat-off', params: { node: 'l3' } }],
  ]);
  expect(found[1]!.patch).toEqual({ nodes: { l3: { nat: { out: 'l2' } } } });
});

test.each([
  ['dnat', ['liberal-tracking', 'drop-invalid']],
  // What is for a proxy IP is for the L4 itself: a firewall on what it forwards does not see it.
  ['proxy, proxyIp: auto', ['liberal-tracking']],
])('a segment out of the window, in %s', (mode, expected) => {
  const service = `servers: { gateway: l4 }\nservices: { web: { ${web}, mode: ${mode} } }`;
  const spoiled = flow.replace('to: web', 'to: web, outOfWindow: server');
  expect(spoiled).not.toBe(flow);
  expect(codes(oneArm, `${service}\n${spoiled}`)).toEqual(expected);
});

test('a static entry with the wrong MAC is removed, whatever its key', () => {
  const service = `services: { web: { ${web}, mode: proxy, proxyIp: auto } }`;
  const [first] = remedies(oneArm, `nodes: { l3: { neighbours: { web: s2, s1: s1 } } }\n${service}\n${flow}`);
  expect(first).toMatchObject({
    fixes: [{ code: 'without-neighbour', params: { node: 'l3', address: '203.0.113.80' } }],
    patch: { nodes: { l3: { neighbours: { web: null } } } },
  });
});

test('dsr without the VIP on the servers: add it, or use proxy mode', () => {
  expect(codes(oneArm, `servers: { gateway: l3 }\nservices: { web: { ${web}, mode: dsr } }\n${flow}`)).toEqual([
    'vip-on-loopback',
    'use-proxy',
  ]);
});

test.each([
  ['', 'accept-local'],
  ['nodes: { l4: { rpFilter: 2 } }', 'accept-local + rp-filter-off'],
])('dsr with an L4 that is the gateway and owns the VIP: accept_local there, first of all (%s)', (nodes, first) => {
  const servers = 'servers: { gateway: l4, loopback: [web], arpIgnore: 1, arpAnnounce: 2 }';
  const [accepts, ...others] = remedies(
    oneArm,
    `${servers}\n${nodes}\nservices: { web: { ${web}, mode: dsr } }\n${flow}`,
  );
  expect(accepts!.fixes.map(({ code }) => code).join(' + ')).toBe(first);
  expect(others.map(({ fixes }) => fixes[0]!.code)).toEqual(['disown-vip', 'servers-gateway', 'route', 'use-proxy']);
});

test('a listener that is off', () => {
  const nodes = 'servers: { gateway: l4 }\nnodes: { s2: { listeners: [] } }';
  expect(remedies(oneArm, `${nodes}\nservices: { web: { ${web}, mode: dnat } }\n${flow}`)).toMatchObject([
    { fixes: [{ code: 'listen', params: { nodes: ['s2'], port: 80, protocol: 'tcp' } }] },
  ]);
});

test('two mistakes are fixed together', () => {
  const nodes = 'servers: { gateway: l3 }\nnodes: { s2: { listeners: [] } }';
  expect(codes(oneArm, `${nodes}\nservices: { web: { ${web}, mode: dnat } }\n${flow}`)).toEqual([
    'listen + servers-gateway',
    'listen + route',
    'listen + use-proxy',
  ]);
});

test('from l3dsr to another mode, without what only l3dsr knows', () => {
  const service = `${web}, mode: l3dsr, dscp: 11`;
  const found = remedies(
    oneArm,
    `servers: { gateway: l3, undoDscp: [web] }\nservices: { web: { ${service} } }\n${flow}`,
  );
  expect(found.map(({ fixes }) => fixes[0]!.code)).toEqual(['vip-on-loopback', 'use-proxy', 'use-dsr']);
  expect(found[1]!.patch).toEqual({
    services: { web: { mode: 'proxy', dscp: null, proxyIp: 'auto' } },
    servers: { undoDscp: null },
  });
});

const twoLegs = `
title: A node with two legs
nodes:
  client: { role: client, gateway: fw }
  fw: { role: l3 }
  lan: { role: l2 }
  vlan17: { role: l2 }
  node: { role: l4, gateway: 203.0.113.1 }
  pod: { role: server, gateway: node }
links:
  - { client: 198.51.100.10/26, fw: 198.51.100.1/26 }
  - { fw: 203.0.113.1/25, lan: ~ }
  - { fw: 203.0.113.129/25, vlan17: ~ }
  - { node: 203.0.113.20/25, lan: ~ }
  - { node: 203.0.113.148/25, vlan17: ~ }
  - { pod: 198.51.100.130/26, node: 198.51.100.129/26 }
`;
const pod = 'services: { web: { vip: 203.0.113.200, port: 80, mode: dnat, pool: [pod] } }';

test("a reply on another link: a route at the node, or the router's address on the other link as gateway", () => {
  const found = remedies(twoLegs, `nodes: { fw: { rpFilter: 1 } }\n${pod}\n${flow}`);
  expect(found).toMatchObject([
    { fixes: [{ code: 'rp-filter-off', params: { node: 'fw' } }] },
    { patch: { nodes: { node: { gateway: '203.0.113.129' } } } },
    { patch: { nodes: { node: { routes: [{ to: '198.51.100.0/26', via: '203.0.113.129' }] } } } },
  ]);
});

test('a caller in the LAN of a stateful firewall that the reply bypasses: a route at the caller or the node', () => {
  const lab = `${twoLegs}  - { pc: 203.0.113.30/25, lan: ~ }\n`.replace(
    '  lan:',
    '  pc: { role: client, gateway: fw }\n  lan:',
  );
  const found = remedies(lab, `nodes: { fw: { firewall: stateful } }\n${pod}\n${flow.replace('client', 'pc')}`);
  const routes = found.flatMap(({ fixes }) => fixes).filter(({ code }) => code === 'route');
  expect(routes).toEqual([
    { code: 'route', params: { nodes: ['pc'], to: '203.0.113.200/32', via: '203.0.113.20' } },
    { code: 'route', params: { nodes: ['node'], to: '203.0.113.30/32', via: '203.0.113.1' } },
    { code: 'route', params: { nodes: ['node'], to: '203.0.113.30/32', via: '203.0.113.129' } },
  ]);
});

test('an owner that refuses to answer ARP, by its source check: rp_filter off there', () => {
  const found = remedies(twoLegs, `neighbours: cold\nnodes: { fw: { rpFilter: 1 } }\n${pod}\n${flow}`);
  expect(found[0]).toMatchObject({ patch: { nodes: { fw: { rpFilter: 0 } } } });
});

const tunnel = `
title: A tunnel
nodes:
  client: { role: client, gateway: l3 }
  l3: { role: l3 }
  l2: { role: l2 }
  l4: { role: l4, gateway: tun }
  tun: { role: l3, gateway: l3, interfaces: { far: { mtu: 1480 } } }
  far: { role: l2 }
  s1: { role: server, gateway: 198.51.100.129 }
links:
  - { client: 198.51.100.10/25, l3: 198.51.100.1/25 }
  - { l3: 203.0.113.1/24, l2: ~ }
  - { l4: 203.0.113.2/24, l2: ~ }
  - { tun: 203.0.113.3/24, l2: ~ }
  - { tun: 198.51.100.130/25, far: ~ }
  - { l3: 198.51.100.129/25, far: ~ }
  - { s1: 198.51.100.139/25, far: ~ }
`;

test('too big for a tunnel: first a smaller MTU at the server; never a setting that the lab has already', () => {
  const up = 'up: { vip: 203.0.113.80, port: 80, mode: l3dsr, dscp: 11, pool: [s1] }';
  const found = remedies(
    tunnel,
    `servers: { loopback: [up], undoDscp: [up] }
services: { ${up} }
flows: { f: { from: client, to: up, protocol: tcp, bytes: 20000, expect: works } }`,
  );
  expect(found[0]!.patch).toEqual({ nodes: { s1: { mtu: 1480 } } });
  expect(found.flatMap(({ fixes }) => fixes)).not.toContainEqual({
    code: 'node-gateway',
    params: { node: 'tun', gateway: 'l3' },
  });
});

test('too big, without an ICMP error: the load balancer clamps the MSS, by its own MTU or to a number', () => {
  const lab = tunnel.replace('l4: { role: l4, gateway: tun }', 'l4: { role: l4, gateway: l3, mtu: 1400 }');
  const scenario = (mode: string) => `services: { up: { vip: 203.0.113.80, port: 80, mode: ${mode}, pool: [s1] } }
flows: { f: { from: client, to: up, protocol: tcp, bytes: 20000, expect: works } }`;
  const own = remedies(lab, scenario('proxy, proxyIp: auto'));
  expect(own[0]).toMatchObject({
    fixes: [{ code: 'clamp-mss', params: { service: 'up', mss: 'auto' } }],
    patch: { services: { up: { mssClamp: 'auto' } } },
  });
  const filtered = tunnel.replace(
    's1: { role: server,',
    's1: { role: server, filter: [{ drop: { protocol: icmp } }], routes: [{ to: 203.0.113.0/24, via: 198.51.100.130 }],',
  );
  const far = remedies(filtered, scenario('proxy, proxyIp: auto'));
  expect(far.map(({ patch }) => patch)).toContainEqual({ services: { up: { mssClamp: 1440 } } });
});

test('a caller with the VIP on its own loopback called itself: remove it, or also use proxy mode', () => {
  const lab = oneArm.replaceAll('s2', 'node');
  const scenario = `servers: { gateway: l3 }
nodes: { s1: { loopback: [web], arpIgnore: 1, arpAnnounce: 2 }, node: { loopback: [203.0.113.80], listeners: [] } }
services: { web: { vip: 203.0.113.80, port: 80, mode: dsr, pool: [s1] } }
flows: { f: { from: node, to: web, expect: works } }`;
  const found = remedies(lab, scenario);
  expect(found).toMatchObject([
    { fixes: [{ code: 'vip-off-loopback', params: { node: 'node', vip: '203.0.113.80' } }] },
    { fixes: [{ code: 'vip-off-loopback' }, { code: 'use-proxy' }] },
  ]);
  expect(found[0]!.patch).toEqual({ nodes: { node: { loopback: [] } } });
  const { scenario: read } = load(lab, scenario);
  const plan = resolvePlan(read, read.variants[0]!);
  const params = { node: 'node', address: '203.0.113.80', port: 80, protocol: 'tcp' };
  expect(predict(plan, plan.flows[0]!)[0]!.cause).toEqual({
    code: 'refused',
    node: 'node',
    detail: { code: 'called-itself', params },
  });
});

test('an L4 that calls its own VIP: balance own calls, in DSR with a proxy IP', () => {
  const own = 'flows: { f: { from: l4, to: web, expect: works } }';
  const dnat = remedies(oneArm, `servers: { gateway: l3 }\nservices: { web: { ${web}, mode: dnat } }\n${own}`);
  expect(dnat[0]).toMatchObject({
    fixes: [{ code: 'own-calls', params: { service: 'web' } }],
    patch: { services: { web: { ownCalls: true } } },
  });
  expect(codes(oneArm, `servers: { gateway: l3 }\nservices: { web: { ${web}, mode: dsr } }\n${own}`)).toContain(
    'use-proxy + own-calls',
  );
});

test('a proxy IP without a return route: that of the outgoing interface, or a route to it; never the L4 as gateway of the router', () => {
  const service = `${web}, mode: proxy, proxyIp: 192.0.2.9`;
  const found = remedies(oneArm, `servers: { gateway: l3 }\nservices: { web: { ${service} } }\n${flow}`);
  expect(found[0]!.patch).toEqual({ services: { web: { proxyIp: 'auto' } } });
  const fixes = found.flatMap((one) => one.fixes);
  expect(fixes).toContainEqual({ code: 'route', params: { nodes: ['l3'], to: '192.0.2.9/32', via: '203.0.113.2' } });
  expect(fixes.filter(({ code }) => code === 'node-gateway')).toEqual([]);
});

test('an address in the wrong subnet: no change of a setting helps, and none is proposed', () => {
  const call = 'flows: { f: { from: client, to: s1, port: 80, expect: works } }';
  expect(codes(oneArm, `nodes: { s1: { address: 192.0.2.11/24, listeners: [80/tcp] } }\n${call}`)).toEqual([]);
});

/** All in one subnet, without a router. */
const flat = `
title: Flat LAN
nodes:
  client: { role: client }
  l2: { role: l2 }
  l4: { role: l4 }
  s1: { role: server }
  s2: { role: server }
links:
  - { client: 203.0.113.10/24, l2: ~ }
  - { l4: 203.0.113.2/24, l2: ~ }
  - { s1: 203.0.113.11/24, l2: ~ }
  - { s2: 203.0.113.12/24, l2: ~ }
`;

test('dnat in a flat LAN: no gateway brings the reply back, a route to the caller does', () => {
  const found = remedies(flat, `servers: { gateway: l4 }\nservices: { web: { ${web}, mode: dnat } }\n${flow}`);
  expect(found.map(({ fixes }) => fixes)).toEqual([
    [{ code: 'route', params: { nodes: ['s1', 's2'], to: '203.0.113.10/32', via: '203.0.113.2' } }],
    [{ code: 'use-proxy', params: { service: 'web' } }],
    [{ code: 'use-dsr', params: { service: 'web' } }],
  ]);
});

test.each([
  ['without the VIP', '', ['vip-on-loopback', 'use-proxy']],
  [
    'without it on one of them',
    'nodes: { s1: { loopback: [web], arpIgnore: 1, arpAnnounce: 2 } }',
    ['vip-on-loopback', 'use-proxy'],
  ],
  [
    'whose replies a route sends by the L4',
    `servers: { loopback: [web], arpIgnore: 1, arpAnnounce: 2, routes: [{ to: 203.0.113.10/32, via: l4 }] }`,
    ['accept-local', 'disown-vip', 'use-proxy'],
  ],
  [
    'which answer ARP for it as well, and whose replies a route sends by the L4',
    'neighbours: cold\nservers: { loopback: [web], routes: [{ to: 203.0.113.10/32, via: l4 }] }',
    ['accept-local + quiet-loopback', 'disown-vip + quiet-loopback', 'accept-local + route'],
  ],
])('dsr in a flat LAN with servers %s', (_, servers, expected) => {
  expect(codes(flat, `${servers}\nservices: { web: { ${web}, mode: dsr } }\n${flow}`)).toEqual(expected);
});

test('proxy in a flat LAN with a proxy IP that no server has a route to', () => {
  const proxied = `services: { web: { ${web}, mode: proxy, proxyIp: 198.51.100.9 } }`;
  const expected = ['proxy-ip-auto', 'servers-gateway', 'route', 'use-dsr'];
  expect(codes(flat, `${proxied}\n${flow}`)).toEqual(expected);
  expect(codes(flat, `servers: { rpFilter: 1 }\n${proxied}\n${flow}`)).toEqual(expected);
});

test('of a product, only another profile of it', () => {
  const nlb = `services: { web: { vip: 203.0.113.80, port: 80, pool: [s1], like: aws-nlb } }
flows: { f: { from: s1, to: web, expect: works } }`;
  expect(remedies(oneArm, nlb).map(({ patch }) => patch)).toEqual([
    { services: { web: { like: 'aws-nlb-no-client-ip' } } },
  ]);
  expect(codes(oneArm, nlb.replace('aws-nlb', 'azure-lb'))).toEqual([]);
});

const betweenL4s = `
title: Firewalls between two L4s
nodes:
  client: { role: client, gateway: l4-out }
  l4-out: { role: l4 }
  fw1: { role: l3, firewall: stateful, gateway: l4-out, routes: [{ to: 203.0.113.0/24, via: l4-in }] }
  fw2: { role: l3, firewall: stateful, gateway: l4-out, routes: [{ to: 203.0.113.0/24, via: l4-in }] }
  l4-in: { role: l4 }
  s1: { role: server, gateway: l4-in, listeners: [80/tcp] }
links:
  - { client: 198.51.100.12/24, l4-out: 198.51.100.1/24 }
  - { l4-out: 192.0.2.1/28, fw1: 192.0.2.2/28 }
  - { l4-out: 192.0.2.17/28, fw2: 192.0.2.18/28 }
  - { fw1: 192.0.2.33/28, l4-in: 192.0.2.34/28 }
  - { fw2: 192.0.2.49/28, l4-in: 192.0.2.50/28 }
  - { s1: 203.0.113.11/24, l4-in: 203.0.113.1/24 }
`;

test.each([
  ['both hash both addresses', 'both', 'both', '[fw1, fw2]', { hash: 'source' }, { hash: 'destination' }],
  ['both hash the source', 'source', 'source', '[fw1, fw2]', {}, { hash: 'destination' }],
  ['next hops in another order', 'source', 'destination', '[fw2, fw1]', {}, { nextHops: ['fw1', 'fw2'] }],
])('firewalls between two L4s: %s', (_, there, back, order, inbound, outbound) => {
  const found = remedies(
    betweenL4s,
    `services:
  inbound: { mode: route, l4: l4-out, to: 203.0.113.0/24, nextHops: [fw1, fw2], hash: ${there} }
  outbound: { mode: route, l4: l4-in, to: any, nextHops: ${order}, hash: ${back} }
flows: { f: { from: client, to: s1, port: 80, expect: works } }`,
  );
  const services = { ...(Object.keys(inbound).length > 0 ? { inbound } : {}), outbound };
  expect(found[0]).toMatchObject({
    fixes: [{ code: 'symmetric-hash', params: { source: 'inbound', destination: 'outbound' } }],
  });
  expect(found[0]!.patch).toEqual({ services });
});
