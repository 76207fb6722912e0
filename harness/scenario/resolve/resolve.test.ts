import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { NodePlan, Plan } from '../../terms/plan.ts';
import { readLab, readScenario } from '../read/read.ts';
import { resolvePlan } from './resolve.ts';
import { parseYaml } from '../yaml-file.ts';

const ONE_ARM = readFileSync('labs/one-arm.yaml', 'utf8');
const DIRECT = { direct: { from: 'client', to: 's1', port: 80, expect: 'works' } };
const WEB = { vip: '203.0.113.80', port: 80, mode: 'dnat', pool: ['s1', 's2'] };

function planOf(parts: Record<string, unknown>, lab: string = ONE_ARM): Plan {
  const yaml = parseYaml('scenario.yaml', stringify({ title: 't', lab: 'one-arm', flows: DIRECT, ...parts }));
  const scenario = readScenario('s', 'one-arm', readLab(parseYaml('lab.yaml', lab)), yaml);
  return resolvePlan(scenario, scenario.variants.at(-1)!);
}

function node(plan: Plan, name: string): NodePlan {
  return plan.nodes.find((n) => n.name === name)!;
}

function gatewayOf(plan: Plan, name: string): string | null | undefined {
  return node(plan, name).routes.find(({ to }) => to === 'default')?.via;
}

describe('settings', () => {
  test('the last setting of an interface or its node wins; the node itself has only its own', () => {
    const lab = ONE_ARM.replace('l3: { role: l3 }', 'l3: { role: l3, interfaces: { l2: { rpFilter: 1, mtu: 1300 } } }');
    const of = (l3: object): unknown => {
      const { sysctls, interfaces } = node(planOf({ nodes: { l3 } }, lab), 'l3');
      const mtus = Object.fromEntries(interfaces.map(({ name, mtu = 1500 }) => [name, mtu]));
      return [...['all', 'client', 'l2'].map((name) => sysctls[`net/ipv4/conf/${name}/rp_filter`]), mtus];
    };
    expect(of({})).toEqual(['0', '0', '1', { client: 1500, l2: 1300 }]);
    expect(of({ rpFilter: 2, mtu: 9000 })).toEqual(['2', '2', '2', { client: 9000, l2: 9000 }]);
    const one = { interfaces: { l2: { rpFilter: 0, mtu: 9000 } } };
    expect(of(one)).toEqual(['0', '0', '0', { client: 1500, l2: 9000 }]);
    expect(of({ ...one, rpFilter: 1 })).toEqual(['1', '1', '0', { client: 1500, l2: 9000 }]);
  });

  test('a setting of a trunk applies to all its VLANs; one of a VLAN wins, as does a sysctl', () => {
    const of = (l4: object): unknown => {
      const { sysctls, interfaces } = node(planOf({ nodes: { l4 } }, readFileSync('labs/stick.yaml', 'utf8')), 'l4');
      const read = (dev: string, key: string): string | undefined => sysctls[`net/ipv4/conf/${dev}/${key}`];
      return interfaces.map(({ name, mtu }) => [name, mtu, read(name, 'rp_filter'), read(name, 'arp_filter')]);
    };
    const interfaces = { sw: { rpFilter: 1, mtu: 1400 }, 'sw.20': { rpFilter: 2, mtu: 1300 } };
    expect(of({ interfaces, sysctls: { 'net.ipv4.conf.sw.20.arp_filter': 1 } })).toEqual([
      ['sw.10', 1400, '1', undefined],
      ['sw.20', 1300, '2', '1'],
    ]);
  });

  test('a filter rule may name a node or a service', () => {
    const filter = [{ drop: { from: 'client', to: 'web' } }, { reject: { from: 'web6' } }];
    const web6 = { vip: '2001:db8::80', port: 80, mode: 'ipip', pool: ['s1'], outer: 'ipv4' };
    const rules = node(planOf({ nodes: { l3: { filter } }, services: { web: WEB, web6 } }), 'l3').filter;
    expect(rules).toMatchObject([
      { from: ['198.51.100.10/32'], to: ['203.0.113.80/32'], text: 'drop from client to web' },
      { from: ['2001:db8::80/128'], text: 'reject from web6' },
    ]);
  });

  test.each([
    ['a role', 'l4', '203.0.113.2'],
    ['a node', 's2', '203.0.113.12'],
    ['an address', '203.0.113.77', '203.0.113.77'],
    ['none', 'none', undefined],
  ])('the gateway can be %s', (_, gateway, via) => {
    expect(gatewayOf(planOf({ nodes: { s1: { gateway } } }), 's1')).toBe(via);
  });

  test('a gateway with an address of each family is the default for each', () => {
    const lab = ONE_ARM.replace('s1: 203.0.113.11/24', "s1: { address: [203.0.113.11/24, '2001:db8::11/64'] }").replace(
      'l3: 203.0.113.1/24',
      "l3: { address: [203.0.113.1/24, '2001:db8::1/64'] }",
    );
    expect(node(planOf({}, lab), 's1').routes.map(({ via }) => via)).toEqual(['203.0.113.1', '2001:db8::1']);
  });

  test("a router's address is the one in the subnet of the node", () => {
    const plan = planOf({});
    expect([gatewayOf(plan, 'client'), gatewayOf(plan, 's1')]).toEqual(['198.51.100.1', '203.0.113.1']);
  });

  test("a node's own settings win over those of all servers, and these over the lab's", () => {
    const plan = planOf({ servers: { gateway: 'l4', arpIgnore: 1 }, nodes: { s2: { gateway: 'none', rpFilter: 1 } } });
    expect(['s1', 's2', 'client'].map((name) => gatewayOf(plan, name))).toEqual([
      '203.0.113.2',
      undefined,
      '198.51.100.1',
    ]);
    expect(node(plan, 's2').sysctls).toMatchObject({
      'net/ipv4/conf/l2/arp_ignore': '1',
      'net/ipv4/conf/l2/rp_filter': '1',
    });
    expect(node(plan, 's1').sysctls).toMatchObject({
      'net/ipv4/conf/l2/arp_ignore': '1',
      'net/ipv4/conf/l2/rp_filter': '0',
    });
  });

  test('a variant changes only the given values of the scenario', () => {
    const plan = planOf({
      servers: { gateway: 'l4', arpIgnore: 1 },
      variants: { v: { change: { servers: { gateway: null } } } },
    });
    expect(gatewayOf(plan, 's1')).toBe('203.0.113.1');
    expect(node(plan, 's1').sysctls['net/ipv4/conf/all/arp_ignore']).toBe('1');
  });

  test('routers and load balancers forward, others do not, unless configured', () => {
    const forwarding = (plan: Plan): string[] =>
      plan.nodes.filter(({ sysctls }) => sysctls['net/ipv4/ip_forward'] === '1').map(({ name }) => name);
    expect(forwarding(planOf({}))).toEqual(['l3', 'l4']);
    expect(forwarding(planOf({ servers: { forwarding: true }, nodes: { l3: { forwarding: false } } }))).toEqual([
      'l4',
      's1',
      's2',
      'b1',
    ]);
  });

  test('IPv6 is enabled after everything that its addresses depend on, and only in labs that use it', () => {
    const off = 'net/ipv6/conf/all/disable_ipv6';
    const lab = ONE_ARM.replace('s1: 203.0.113.11/24', "s1: { address: [203.0.113.11/24, '2001:db8::11/64'] }");
    const { sysctls } = node(planOf({}, lab), 'l3');
    const paths = Object.keys(sysctls);
    expect(sysctls).toMatchObject({
      [off]: '0',
      'net/ipv6/conf/l2/accept_dad': '0',
      'net/ipv6/conf/all/forwarding': '1',
    });
    expect(paths.indexOf('net/ipv6/conf/l2/accept_dad')).toBeLessThan(paths.indexOf(off));
    expect(node(planOf({}), 'l3').sysctls).toMatchObject({ [off]: '1' });
  });

  test("a cut link is down at the named end; a node's own address replaces that of the lab", () => {
    const plan = planOf({ nodes: { s1: { down: ['l2'], address: '203.0.113.99/25', mtu: 1400 } } });
    expect(node(plan, 's1').interfaces).toMatchObject([
      { name: 'l2', addresses: ['203.0.113.99/25'], up: false, mtu: 1400 },
    ]);
    expect(node(plan, 'l2').interfaces.every(({ up }) => up === undefined)).toBe(true);
    expect(plan.flows[0]!.address).toBe('203.0.113.99');
  });

  test('a switch is a bridge without addresses', () => {
    const { bridge, interfaces } = node(planOf({}), 'l2');
    expect(bridge).toBe(true);
    expect(interfaces.flatMap(({ addresses }) => addresses)).toEqual([]);
  });
});

test('`sourceSeen` may name a node, meaning its address', () => {
  const wanted = { outcome: 'works', sourceSeen: 's2' };
  const flows = { direct: { from: 'client', to: 's1', port: 80, expect: wanted } };
  const seen = { ...wanted, sourceSeen: '203.0.113.12' };
  expect(planOf({ flows }).flows[0]!.expect).toEqual(seen);
  for (const kind of ['oneOf', 'eachOf']) {
    const expectation = { [kind]: ['works', wanted] };
    const varying = { direct: { ...flows.direct, repeat: 2, expect: expectation } };
    expect(planOf({ flows: varying }).flows[0]!.expect).toEqual({
      outcome: 'varies',
      [kind]: [{ outcome: 'works' }, seen],
    });
  }
});

test('a cached answer is called until its TTL ends; then the caller asks', () => {
  const flowWith = (age: string): Plan['flows'][number] => {
    const api = { ...WEB, vip: '203.0.113.81' };
    const names = { 'www.example.test': { server: 'b1', records: ['web', 'api'], ttl: '60s' } };
    const call = { from: 'client', to: 'www.example.test', cachedAnswer: { record: 'api', age }, expect: 'works' };
    return planOf({ services: { web: WEB, api }, names, flows: { call } }).flows[0]!;
  };
  expect(flowWith('59s')).toMatchObject({
    to: { service: 'api' },
    address: '203.0.113.81',
    byName: { cached: { address: '203.0.113.81', ageS: 59, ttlS: 60 } },
  });
  const asks = flowWith('60s');
  expect(asks).toMatchObject({ to: { service: 'web' }, address: '203.0.113.80' });
  expect(asks.byName).not.toHaveProperty('cached');
});

describe('listeners and loopbacks', () => {
  const services = { web: WEB, names: { ...WEB, vip: '203.0.113.81', port: 53, protocol: 'udp', pool: ['s2', 'b1'] } };

  test('a server listens on the ports of the services whose pools it is in', () => {
    const plan = planOf({ services });
    expect(node(plan, 's1').listeners).toEqual([{ protocol: 'tcp', port: 80 }]);
    expect(node(plan, 's2').listeners).toEqual([
      { protocol: 'tcp', port: 80 },
      { protocol: 'udp', port: 53 },
    ]);
    expect(node(plan, 'client').listeners).toEqual([]);
  });

  test('explicit listeners replace these, and an empty list means none', () => {
    const plan = planOf({ services, servers: { listeners: ['8080/tcp'] }, nodes: { s1: { listeners: [] } } });
    expect(node(plan, 's1').listeners).toEqual([]);
    expect(node(plan, 'b1').listeners).toEqual([{ protocol: 'tcp', port: 8080 }]);
  });

  test('in `servers`, a service applies to its pool; an address, or a single node, to itself', () => {
    const plan = planOf({
      services: { web: { ...WEB, pool: ['s1'] } },
      servers: { loopback: ['web', '203.0.113.7'] },
      nodes: { b1: { loopback: ['web'] } },
    });
    expect(['s1', 's2', 'b1'].map((name) => node(plan, name).loopback)).toEqual([
      ['203.0.113.80/32', '203.0.113.7/32'],
      ['203.0.113.7/32'],
      ['203.0.113.80/32'],
    ]);
  });

  test('a loopback holds VIPs by the name of their service, and other addresses', () => {
    expect(node(planOf({ services, nodes: { s1: { loopback: ['web', '203.0.113.7'] } } }), 's1').loopback).toEqual([
      '203.0.113.80/32',
      '203.0.113.7/32',
    ]);
  });

  test('a VIP that two services share is held once', () => {
    const both = { ...services, more: { ...services.web, port: 8080 } };
    expect(node(planOf({ services: both, nodes: { s1: { loopback: ['web', 'more'] } } }), 's1').loopback).toEqual([
      '203.0.113.80/32',
    ]);
  });
});

describe('services', () => {
  test("the load balancer's configuration has every value resolved", () => {
    expect(
      node(planOf({ services: { web: { ...WEB, mode: 'dsr', sourceMac: 'keep' } } }), 'l4').balancer!.config,
    ).toEqual({
      version: 1,
      vipOwner: true,
      services: [
        {
          name: 'web',
          vip: '203.0.113.80',
          port: 80,
          protocol: 'tcp',
          mode: 'dsr',
          sourceMac: 'keep',
          scheduler: 'round-robin',
          check: expect.objectContaining({ type: 'none' }) as unknown,
          servers: [
            { name: 's1', address: '203.0.113.11' },
            { name: 's2', address: '203.0.113.12' },
          ],
        },
      ],
    });
  });

  test('an L4 with its load balancer off runs none, and flows to its VIPs still have a destination', () => {
    const plan = planOf({ services: { web: WEB }, nodes: { l4: { lb: 'off' } } });
    expect(node(plan, 'l4').balancer).toBeNull();
    expect(plan.services).toMatchObject([{ name: 'web', l4s: [{ node: 'l4' }] }]);
  });

  test('weights and drains are settings of servers; other settings are passed on unchanged', () => {
    const settings = { scheduler: 'source-hash', persistence: { timeoutMs: 60_000 }, whenNoneUp: 'last-resort' };
    const check = { type: 'tcp' };
    const pool = [{ node: 's1', weight: 3 }, 's2', { node: 'b1', drain: true }];
    const plan = planOf({ services: { web: { ...WEB, ...settings, check, pool } } });
    expect(node(plan, 'l4').balancer!.config.services[0]).toMatchObject(settings);
    expect(node(plan, 'l4').balancer!.config.services[0]!.servers).toEqual([
      { name: 's1', address: '203.0.113.11', weight: 3 },
      { name: 's2', address: '203.0.113.12' },
      { name: 'b1', address: '203.0.113.21', drain: true },
    ]);
    expect(plan.services[0]!.pool.map(({ node: name }) => name)).toEqual(['s1', 's2', 'b1']);
  });

  test('a server with undoDscp has its own address, the value and the VIP; other servers have none', () => {
    const web = { ...WEB, mode: 'l3dsr', dscp: 11 };
    const plan = planOf({ services: { web }, nodes: { s2: { undoDscp: ['web'] } } });
    expect(node(plan, 's2').undoDscp).toEqual([{ dscp: 11, address: '203.0.113.12', vip: '203.0.113.80' }]);
    expect(node(plan, 's1').undoDscp).toBeUndefined();
    expect(node(plan, 'l4').balancer!.config.services[0]).toMatchObject({ mode: 'l3dsr', dscp: 11 });
  });

  test.each([
    ['203.0.113.254', ['203.0.113.254']],
    [
      ['203.0.113.253', '203.0.113.254'],
      ['203.0.113.253', '203.0.113.254'],
    ],
    ['auto', ['203.0.113.2']],
  ])('the proxy IP %j stands for %j', (proxyIp, proxyIps) => {
    expect(planOf({ services: { web: { ...WEB, mode: 'proxy', proxyIp } } }).services[0]!.l4s[0]!.proxyIps).toEqual(
      proxyIps,
    );
  });

  test('a server with several addresses is balanced at the one next to the L4, of the family of the VIP', () => {
    const lab = ONE_ARM.replace(
      's1: 203.0.113.11/24',
      "s1: { address: [192.0.2.11/24, '2001:db8::11/64', 203.0.113.11/24] }",
    ).replace('l4: 203.0.113.2/24', "l4: { address: [203.0.113.2/24, '2001:db8::2/64'] }");
    const pool = ['s1'];
    const plan = planOf({ services: { web: { ...WEB, pool }, web6: { ...WEB, vip: '2001:db8::80', pool } } }, lab);
    expect(plan.services.map((service) => service.pool[0]!.address)).toEqual(['203.0.113.11', '2001:db8::11']);
    expect(node(plan, 'l4').balancer!.config.services.map(({ servers }) => servers[0]!.address)).toEqual([
      '203.0.113.11',
      '2001:db8::11',
    ]);
  });

  test('an automatic proxy IP is of the family of the VIP', () => {
    const lab = ONE_ARM.replace('s1: 203.0.113.11/24', "s1: { address: [203.0.113.11/24, '2001:db8::11/64'] }").replace(
      'l4: 203.0.113.2/24',
      "l4: { address: [203.0.113.2/24, '2001:db8::2/64'] }",
    );
    const web = { ...WEB, mode: 'proxy', proxyIp: 'auto', pool: ['s1'] };
    const plan = planOf({ services: { web, web6: { ...web, vip: '2001:db8::80' } } }, lab);
    expect(plan.services.map(({ l4s }) => l4s[0]!.proxyIps)).toEqual([['203.0.113.2'], ['2001:db8::2']]);
  });
});

describe('flows', () => {
  test('a flow has its destination, its source and its position in the file', () => {
    const services = { web: WEB };
    const flows = {
      called: { from: 'client', to: 'web', expect: 'works' },
      pinged: { from: 's1', to: 's2', protocol: 'icmp', expect: 'works' },
    };
    const text = `title: t\nlab: one-arm\nservices: ${JSON.stringify(services)}\nflows:\n  called: ${JSON.stringify(flows.called)}\n  pinged: ${JSON.stringify(flows.pinged)}\n`;
    const scenario = readScenario('s', 'one-arm', readLab(parseYaml('lab.yaml', ONE_ARM)), parseYaml('s.yaml', text));
    expect(resolvePlan(scenario, scenario.variants[0]!).flows).toMatchObject([
      {
        to: { service: 'web' },
        address: '203.0.113.80',
        port: 80,
        source: '198.51.100.10',
        at: { file: 's.yaml', line: 5, col: 3 },
      },
      {
        to: { node: 's2' },
        address: '203.0.113.12',
        port: 0,
        source: '203.0.113.11',
        at: { file: 's.yaml', line: 6, col: 3 },
      },
    ]);
  });

  test.each([
    ['203.0.113.11', [], '203.0.113.10'],
    ['198.51.100.130', [], '198.51.100.129'],
    // The subnet of an interface that is down is reached through the gateway, if at all.
    ['198.51.100.130', ['s2'], '203.0.113.10'],
  ])('a caller’s source is its address toward the next hop: to %s, without %j, from %s', (to, down, source) => {
    const lab = stringify({
      title: 'two-homed',
      nodes: { client: { role: 'client', gateway: 's1' }, s1: { role: 'server' }, s2: { role: 'server' } },
      links: [
        { client: '203.0.113.10/24', s1: '203.0.113.11/24' },
        { client: '198.51.100.129/25', s2: '198.51.100.130/25' },
      ],
    });
    const flows = { a: { from: 'client', to: to === '203.0.113.11' ? 's1' : 's2', port: 80, expect: 'works' } };
    expect(planOf({ flows, nodes: { client: { down } } }, lab).flows).toMatchObject([{ address: to, source }]);
  });

  test('equal next hops at an interface that is down do not decide the source', () => {
    const lab = stringify({
      title: 'two-homed',
      nodes: {
        client: { role: 'client' },
        s1: { role: 'server' },
        s2: { role: 'server' },
        s3: { role: 'server' },
      },
      links: [
        { client: '203.0.113.10/24', s1: '203.0.113.11/24' },
        { client: '198.51.100.129/25', s2: '198.51.100.130/25' },
        { s1: '192.0.2.1/24', s3: '192.0.2.2/24' },
      ],
    });
    const client = { routes: [{ to: '192.0.2.0/24', via: ['203.0.113.11', '198.51.100.130'] }], down: ['s1'] };
    const flows = { a: { from: 'client', to: 's3', port: 80, expect: 'works' } };
    expect(planOf({ flows, nodes: { client } }, lab).flows).toMatchObject([{ source: '198.51.100.129' }]);
  });

  test('a caller with default routes of both families uses the one of the called address', () => {
    const both = (v4: string, v6: string) => ({ address: [v4, v6] });
    const lab = stringify({
      title: 'dual-stack',
      nodes: {
        client: { role: 'client', gateway: 'r' },
        r: { role: 'l3' },
        s1: { role: 'server' },
        s2: { role: 'server' },
      },
      links: [
        { client: both('198.51.100.10/24', '2001:db8:1::10/64'), s2: both('198.51.100.11/24', '2001:db8:1::11/64') },
        { client: both('192.0.2.10/24', '2001:db8:2::10/64'), r: both('192.0.2.1/24', '2001:db8:2::1/64') },
        { r: '2001:db8:3::1/64', s1: '2001:db8:3::11/64' },
      ],
    });
    const flows = { a: { from: 'client', to: 's1', port: 80, expect: 'works' } };
    expect(planOf({ flows }, lab).flows).toMatchObject([{ address: '2001:db8:3::11', source: '2001:db8:2::10' }]);
  });

  test('a node that holds the VIP itself calls from the VIP', () => {
    const plan = planOf({
      services: { web: { ...WEB, mode: 'dsr' } },
      servers: { loopback: ['web'] },
      flows: { own: { from: 's1', to: 'web', expect: 'works' } },
    });
    expect(plan.flows[0]!.source).toBe('203.0.113.80');
  });
});

describe('MACs', () => {
  const macsOf = (plan: Plan): string[] => plan.nodes.flatMap(({ interfaces }) => interfaces.map(({ mac }) => mac));

  test('are locally administered unicast, one for each interface, the same each time', () => {
    const star = fc.integer({ min: 1, max: 60 }).map((count) => {
      const names = Array.from({ length: count }, (_, i) => `n${i}`);
      return stringify({
        title: 'star',
        nodes: {
          l2: { role: 'l2' },
          client: { role: 'client' },
          ...Object.fromEntries(names.map((name) => [name, { role: 'server' }])),
        },
        links: [
          { client: '203.0.113.10/24', l2: null },
          ...names.map((name, i) => ({ [name]: `203.0.113.${i + 20}/24`, l2: null })),
        ],
      });
    });
    fc.assert(
      fc.property(star, (lab) => {
        const flows = { direct: { from: 'client', to: 'n0', port: 80, expect: 'works' } };
        const macs = macsOf(planOf({ flows }, lab));
        expect(new Set(macs).size).toBe(macs.length);
        expect(macs.every((mac) => /^02(:[0-9a-f]{2}){5}$/.test(mac))).toBe(true);
        expect(macsOf(planOf({ flows }, lab))).toEqual(macs);
      }),
      { numRuns: 10 },
    );
  });

  test('do not change with the settings of a scenario, so that all its variants fit one booted lab', () => {
    expect(
      macsOf(planOf({ servers: { gateway: 'l4', loopback: ['203.0.113.80'] }, nodes: { s1: { mtu: 1400 } } })),
    ).toEqual(macsOf(planOf({})));
  });

  test('do not change with what else is in the lab, so that one booted lab fits several', () => {
    const larger = ONE_ARM.replace('nodes:', 'nodes:\n  first: { role: client }').replace(
      'links:',
      'links:\n  - { first: 198.51.100.99/24, l2: ~ }',
    );
    const others = (plan: Plan): string[] =>
      plan.nodes.flatMap(({ interfaces }) => interfaces.flatMap(({ mac, name }) => (name === 'first' ? [] : [mac])));
    expect(others(planOf({}, larger)).slice(1)).toEqual(others(planOf({})));
  });

  test('of the lab win', () => {
    const lab = ONE_ARM.replace('s1: 203.0.113.11/24', "s1: { address: 203.0.113.11/24, mac: '02:00:00:00:00:11' }");
    expect(node(planOf({}, lab), 's1').interfaces[0]!.mac).toBe('02:00:00:00:00:11');
  });
});
