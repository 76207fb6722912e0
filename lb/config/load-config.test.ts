import { parseConfig } from './load-config.ts';
import { joinServices } from '../terms/split-services.ts';

const SOUND = `
version: 1
services:
  - name: web
    vip: 203.0.113.80
    port: 80
    mode: dsr
    servers:
      - { name: s1, address: 203.0.113.11 }
`;

async function mistakes(text: string): Promise<string[]> {
  return parseConfig(text, 'lb.yaml').then(
    () => [],
    (error: unknown) => (error as Error).message.split('\n'),
  );
}

it('fills in defaults', async () => {
  const config = await parseConfig(SOUND, 'lb.yaml');
  expect(config.vipOwner).toBe(true);
  expect(config.services[0]).toMatchObject({ protocol: 'tcp', scheduler: 'round-robin', check: { type: 'none' } });
});

it('reads the same from JSON', async () => {
  const config = await parseConfig(SOUND, 'lb.yaml');
  expect(await parseConfig(JSON.stringify(config), 'lb.json')).toEqual(config);
});

it('reports every mistake at once, each with its line and column', async () => {
  const text = SOUND.replace('port: 80', 'port: 80000')
    .replace('vip: 203.0.113.80', 'vip: 203.0.113')
    .replace('dsr', 'nat');
  expect(await mistakes(text)).toEqual([
    'lb.yaml:5:10: services.0.vip: must be an IPv4 or IPv6 address, not `203.0.113`',
    'lb.yaml:6:11: services.0.port: must be at most 65535, not 80000',
    'lb.yaml:7:11: services.0.mode: must be one of dnat, proxy, dsr, l3dsr, ipip, route, not `nat`',
  ]);
});

it('reports an unknown key at its position', async () => {
  const text = SOUND.replace('mode: dsr', 'mode: dsr\n    proxyip: auto');
  expect(await mistakes(text)).toEqual([expect.stringMatching(/^lb.yaml:8:5: services.0.proxyip: /)]);
});

it.each([
  ['a proxy IP outside proxy mode', 'mode: dsr', 'mode: dsr\n    proxyIp: auto', 'lb.yaml:8:14: services.0.proxyIp:'],
  ['a source MAC outside dsr', 'mode: dsr', 'mode: dnat\n    sourceMac: keep', 'lb.yaml:8:16: services.0.sourceMac:'],
  ['a port in dsr', '.11 }', '.11, port: 81 }', 'lb.yaml:9:50: services.0.servers.0.port:'],
  ['a server of the other family', '203.0.113.11', '2001:db8::11', 'lb.yaml:9:30: services.0.servers.0.address:'],
  [
    'a proxy IP of the other family',
    'mode: dsr',
    'mode: proxy\n    proxyIp: 2001:db8::1',
    'lb.yaml:8:14: services.0.proxyIp:',
  ],
  [
    'ports of a proxy IP outside proxy mode',
    'mode: dsr',
    'mode: dsr\n    proxyPorts: 40000-40003',
    'lb.yaml:8:17: services.0.proxyPorts:',
  ],
  [
    'segments of UDP',
    'mode: dsr',
    'mode: dsr\n    protocol: udp\n    mssClamp: auto',
    'lb.yaml:9:15: services.0.mssClamp: only valid for tcp, not for udp',
  ],
  [
    'own calls in dsr',
    'mode: dsr',
    'mode: dsr\n    ownCalls: true',
    'lb.yaml:8:15: services.0.ownCalls: only valid in modes dnat and proxy',
  ],
  [
    'own calls without the VIP',
    SOUND,
    `vipOwner: false${SOUND.replace('mode: dsr', 'mode: dnat\n    ownCalls: true')}`,
    'lb.yaml:8:15: services.0.ownCalls: requires `vipOwner: true`',
  ],
  [
    'a server that is the VIP itself',
    SOUND,
    SOUND.replace('mode: dsr', 'mode: dnat').replace('203.0.113.11', '203.0.113.80'),
    'lb.yaml:9:30: services.0.servers.0.address: 203.0.113.80 port 80 is the VIP itself',
  ],
  [
    'a range of ports that ends before it begins',
    'mode: dsr',
    'mode: proxy\n    proxyPorts: 40003-40000',
    'lb.yaml:8:17: services.0.proxyPorts: must be two ports from 1 to 65535, the lower one first',
  ],
  [
    'a source of checks of the other family',
    'mode: dsr',
    'mode: dsr\n    check: { type: tcp, source: 2001:db8::1 }',
    'lb.yaml:8:33: services.0.check.source: checks from 2001:db8::1 cannot reach a server',
  ],
  [
    'a check of the VIP that comes from the VIP',
    'mode: dsr',
    'mode: dsr\n    check: { type: tcp, source: 203.0.113.80 }',
    'lb.yaml:8:33: services.0.check.source: servers hold 203.0.113.80 themselves',
  ],
  [
    'a port of checks that know none',
    'mode: dsr',
    'mode: dsr\n    check: { type: icmp, port: 80 }',
    'lb.yaml:8:32: services.0.check.port:',
  ],
  [
    'a target of checks outside direct modes',
    'mode: dsr',
    'mode: dnat\n    check: { type: tcp, target: server }',
    'lb.yaml:8:33: services.0.check.target:',
  ],
  [
    'a source without checks',
    'mode: dsr',
    'mode: dsr\n    check: { type: none, source: 203.0.113.9 }',
    'lb.yaml:8:34: services.0.check.source:',
  ],
  [
    'two servers of one name',
    '.11 }',
    '.11 }\n      - { name: s1, address: 203.0.113.12 }',
    'lb.yaml:10:17: services.0.servers.1.name:',
  ],
])('refuses %s', async (_, from, to, message) => {
  expect(await mistakes(SOUND.replace(from, to))).toEqual([expect.stringContaining(message)]);
});

it.each([
  '0.0.0.0',
  '127.0.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'ff02::1',
  'fe80::1',
  '::ffff:203.0.113.9',
])('refuses %s, which is not a host address, as VIP and as server', async (address) => {
  const text = SOUND.replace('203.0.113.80', `'${address}'`).replace('203.0.113.11', `'${address}'`);
  expect(await mistakes(text)).toEqual([
    expect.stringContaining('lb.yaml:5:10: services.0.vip:'),
    expect.stringContaining('lb.yaml:9:30: services.0.servers.0.address:'),
  ]);
});

it('refuses two services on one VIP and port', async () => {
  const twice = SOUND + SOUND.slice(SOUND.indexOf('  - name')).replace('web', 'web2');
  expect(await mistakes(twice)).toEqual([expect.stringContaining('lb.yaml:11:10: services.1.vip:')]);
});

it('normalises addresses', async () => {
  const text = SOUND.replace('203.0.113.80', '2001:DB8:0::0080').replace('203.0.113.11', '2001:db8:0:0::11');
  const config = await parseConfig(text, 'lb.yaml');
  expect([config.services[0]!.vip, config.services[0]!.servers[0]!.address]).toEqual(['2001:db8::80', '2001:db8::11']);
});

it('refuses more checked dsr services than there are ports to check them from', async () => {
  const { services, ...rest } = await parseConfig(SOUND, 'lb.yaml');
  const many = Array.from({ length: 2751 }, (_, i) => ({
    ...services[0],
    name: `s${i}`,
    port: i + 1,
    check: { type: 'tcp' },
  }));
  const text = (count: number) => JSON.stringify({ ...rest, services: many.slice(0, count) });
  expect(await mistakes(text(2750))).toEqual([]);
  expect(await mistakes(text(2751))).toEqual([expect.stringMatching(/^lb\.yaml:1:\d+: services\.2750\.check: /)]);
});

it('refuses dsr VIPs that its flow table cannot distinguish', async () => {
  const v6 = SOUND.replace('203.0.113.80', '2001:db8:1::80').replace('203.0.113.11', '2001:db8::11');
  const both = v6 + v6.slice(v6.indexOf('  - name')).replace('web', 'web2').replace('db8:1', 'db8:2');
  expect(await mistakes(both)).toEqual([expect.stringContaining('lb.yaml:11:10: services.1.vip:')]);
});

it.each([
  ['dsr', '2001:db8:1::80', '2001:db8::9:2d5d', '2001:db8::24:4c58', '', ''],
  ['dnat', '203.0.113.80', '203.0.113.5', '203.0.113.8', ', port: 55169', ', port: 15292'],
])('refuses servers of %s that its maps cannot distinguish', async (mode, vip, first, second, port, otherPort) => {
  const text = SOUND.replace('203.0.113.80', vip)
    .replace('mode: dsr', `mode: ${mode}\n    persistence: { timeoutMs: 1000 }`)
    .replace('203.0.113.11 }', `${first}${port} }\n      - { name: s2, address: ${second}${otherPort} }`);
  expect(await mistakes(text)).toEqual([expect.stringContaining('lb.yaml:11:30: services.0.servers.1.address:')]);
});

it('requires a DSCP value in l3dsr, the same for the same VIP', async () => {
  expect(await mistakes(SOUND.replace('dsr', 'l3dsr'))).toEqual([expect.stringContaining('services.0.dscp:')]);
  const sound = SOUND.replace('dsr', 'l3dsr\n    dscp: 5');
  const second = sound.slice(sound.indexOf('  - name')).replace('web', 'web2').replace('port: 80', 'port: 81');
  expect(await mistakes(sound + second)).toEqual([]);
  expect(await mistakes(sound + second.replace('dscp: 5', 'dscp: 6'))).toEqual([
    expect.stringContaining('services.1.dscp:'),
  ]);
});

it('ipip: checks only own addresses of servers, and shares no VIP with other direct modes', async () => {
  const sound = SOUND.replace('dsr', 'ipip');
  const second = SOUND.slice(SOUND.indexOf('  - name')).replace('web', 'web2').replace('port: 80', 'port: 81');
  expect(await mistakes(sound + second.replace('dsr', 'ipip'))).toEqual([]);
  expect(await mistakes(sound + second)).toEqual([expect.stringContaining('services.1.mode:')]);
  expect(await mistakes(sound.replace('ipip', 'ipip\n    check: { type: tcp, target: vip }'))).toEqual([
    expect.stringContaining('services.0.check.target:'),
  ]);
});

it('reports the position of a YAML syntax error', async () => {
  expect(await mistakes('version: [1')).toEqual([expect.stringMatching(/^lb.yaml:1:12: /)]);
});

const ROUTE = `
version: 1
services:
  - { name: web, vip: 203.0.113.80, port: 80, mode: dnat, servers: [{ name: s1, address: 203.0.113.11 }] }
  - name: out
    mode: route
    to: 198.51.100.0/24
    nextHops: [192.0.2.2, 192.0.2.18]
    hash: source
`;

it('a service of mode route is listed among the others', async () => {
  const config = await parseConfig(ROUTE, 'lb.yaml');
  expect(config.services.map(({ name }) => name)).toEqual(['web']);
  expect(config.routeServices).toEqual([
    { name: 'out', mode: 'route', to: '198.51.100.0/24', nextHops: ['192.0.2.2', '192.0.2.18'], hash: 'source' },
  ]);
  expect(await parseConfig(JSON.stringify(joinServices(config)), 'lb.json')).toEqual(config);
});

it.each([
  [
    'a VIP',
    'hash: source',
    'hash: source\n    vip: 203.0.113.81',
    '10:5: services.1.vip: `vip` is not valid in mode route: write `to`',
  ],
  [
    'servers',
    'hash: source',
    'hash: source\n    servers: []',
    '10:5: services.1.servers: `servers` is not valid in mode route: write `nextHops`',
  ],
  [
    'its own field in another service',
    'mode: dnat',
    'mode: dnat, hash: source',
    '4:59: services.0.hash: `hash` is only valid in mode route, not in dnat',
  ],
  [
    'a key that there is not',
    'hash: source',
    'hash: source\n    color: red',
    '10:5: services.1.color: unknown field `color`',
  ],
  [
    'one next hop',
    ', 192.0.2.18]',
    ']',
    '8:15: services.1.nextHops: must have at least 2 entries; for a single next hop use a route of the host',
  ],
  ['one next hop twice', '192.0.2.18', '192.0.2.2', '8:27: services.1.nextHops.1: next hop 192.0.2.2 is given twice'],
  [
    'next hops whose marks are the same',
    '[192.0.2.2, 192.0.2.18]',
    '[10.6.72.8, 10.6.82.34]',
    "8:27: services.1.nextHops.1: the kernel's tables cannot distinguish 10.6.82.34 from 10.6.72.8",
  ],
  [
    'another family',
    '192.0.2.18',
    '2001:db8::1',
    '8:27: services.1.nextHops.1: 2001:db8::1 and 198.51.100.0/24 differ in address family',
  ],
  ['an address for a network', '100.0/24', '100.7/24', '7:9: services.1.to: must be `any`, or a network like'],
  ['the name of another service', 'name: out', 'name: web', '5:11: services.1.name: service name web is given twice'],
  [
    'the destination of another one, by another name',
    'hash: source',
    'hash: source\n  - { name: a, mode: route, to: any, nextHops: [192.0.2.2, 192.0.2.3], hash: both }\n  - { name: b, mode: route, to: 0.0.0.0/0, nextHops: [192.0.2.2, 192.0.2.3], hash: both }',
    '11:33: services.3.to: destination 0.0.0.0/0 is given twice',
  ],
  [
    'no hash',
    'hash: source',
    'hash: ports',
    '9:11: services.1.hash: must be one of source, destination, both, not `ports`',
  ],
])('a service of mode route with %s is refused, with its position', async (_, from, to, message) => {
  expect(await mistakes(ROUTE.replace(from, to))).toEqual([expect.stringContaining(`lb.yaml:${message}`)]);
});
