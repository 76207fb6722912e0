import { readFile } from 'node:fs/promises';
import { lbConfigSchema } from '../terms/config.ts';
import { splitServices } from '../terms/split-services.ts';
import type { HostFacts } from '../facts/facts.ts';
import { render } from './render.ts';
import { formatTable } from './ruleset.ts';

const SERVERS = [
  { name: 's1', address: '203.0.113.11' },
  { name: 's2', address: '203.0.113.12', weight: 2 },
];

const FACTS: HostFacts = {
  interfaces: [
    {
      name: 'l3',
      index: 2,
      mac: '02:00:00:00:00:02',
      master: null,
      mtu: 1500,
      addresses: [{ address: '198.51.100.2', prefix: 24 }],
    },
    {
      name: 'sw',
      index: 3,
      mac: '02:00:00:00:00:03',
      master: null,
      mtu: 1500,
      addresses: [{ address: '203.0.113.2', prefix: 24 }],
    },
  ],
  routes: [],
};

/** People read these rules when they look for a mistake: golden/ has the expected ones. */
it.each<[string, object, object?]>([
  ['proxy', { mode: 'proxy', proxyIp: '203.0.113.254' }],
  ['dsr', { mode: 'dsr', check: { type: 'http' } }],
  ['dsr-in-line', { mode: 'dsr' }, { vipOwner: false }],
  ['ipip', { mode: 'ipip', mssClamp: 'auto' }],
])('%s is rendered as in its golden file', async (name, fields, root = {}) => {
  const config = splitServices(
    lbConfigSchema.parse({
      version: 1,
      ...root,
      services: [{ name: 'web', vip: '203.0.113.80', port: 80, servers: SERVERS, ...fields }],
    }),
  );
  const golden = await readFile(new URL(`./golden/${name}.nft`, import.meta.url), 'utf8');
  expect(rendered(config)).toBe(golden);
});

it.each([
  ['tcp', 'auto', '203.0.113.80', 'meta l4proto tcp masquerade to :40000-40003'],
  ['udp', '203.0.113.254', '203.0.113.80', 'meta l4proto udp snat ip to 203.0.113.254:40000-40003'],
  ['tcp', '2001:db8::254', '2001:db8::80', 'meta l4proto tcp snat ip6 to [2001:db8::254]:40000-40003'],
  [
    'tcp',
    ['203.0.113.254', '203.0.113.253'],
    '203.0.113.80',
    'meta l4proto tcp snat ip to numgen inc mod 2 map { 0 : 203.0.113.254, 1 : 203.0.113.253 }:40000-40003',
  ],
])('ports of a proxy IP: %s, %s, %s', (protocol, proxyIp, vip, rule) => {
  const servers = [{ name: 's1', address: vip.replace('80', '11') }];
  const service = { name: 'web', vip, port: 80, protocol, mode: 'proxy', proxyIp, proxyPorts: '40000-40003', servers };
  const rules = rendered(splitServices(lbConfigSchema.parse({ version: 1, services: [service] })));
  expect(rules.split('\n').map((line) => line.trim())).toContain(rule);
});

it.each([
  ['maglev', '203.0.113.80', 'ip daddr 203.0.113.80 @th,224,16 80', '@th,192,32 . @th,240,16 mod 16381'],
  ['source-hash', '203.0.113.80', 'ip daddr 203.0.113.80 @th,224,16 80', '@th,192,32 mod 1021'],
  ['maglev', '2001:db8::80', 'ip6 daddr 2001:db8::80 @th,384,16 80', '@th,256,128 . @th,400,16 mod 16381'],
  ['round-robin', '203.0.113.80', null, null],
])('dsr by %s of %s: an ICMP error about a flow of another load balancer', (scheduler, vip, match, hash) => {
  const servers = SERVERS.map((server, index) => ({ ...server, address: vip.replace(/80$/u, `${index + 11}`) }));
  const service = { name: 'web', vip, port: 80, mode: 'dsr', scheduler, servers };
  const config = splitServices(lbConfigSchema.parse({ version: 1, services: [service] }));
  const rules = rendered(config).split('\n');
  const byHash = rules.filter((rule) => / jhash @th,/u.test(rule));
  const errors = rules.filter((rule) => / (icmp|icmpv6) type .* goto elsewhere\.tcp[46]$/u.test(rule));
  expect(errors).toHaveLength(byHash.length);
  if (match === null || hash === null) expect(byHash).toEqual([]);
  else expect(byHash.map((rule) => rule.includes(match) && rule.includes(`jhash ${hash} seed`))).toEqual([true]);
});

it.each([
  ['203.0.113.0/25', 'ip daddr 203.0.113.0/25 meta'],
  ['203.0.113.0/24', 'ip daddr 203.0.113.0/24 ip daddr != { 203.0.113.2/24 } meta'],
  ['192.0.2.0/25', 'ip daddr 192.0.2.0/25 ip daddr != { 192.0.2.0/26 } meta'],
  ['203.0.0.0/16', 'ip daddr 203.0.0.0/16 ip daddr != { 203.0.113.2/24 } meta'],
  ['any', 'meta nfproto ipv4 ip daddr != { 198.51.100.2/24, 203.0.113.2/24, 192.0.2.0/25 } meta'],
])('route to %s: subnets of the host and routes with a longer prefix are excluded', (to, match) => {
  const service = { name: 'out', mode: 'route', to, nextHops: ['198.51.100.3', '198.51.100.4'], hash: 'source' };
  const routes = ['192.0.2.0/25', '192.0.2.0/26', '0.0.0.0/0'].map((net) => ({ to: net, dev: 'l3' }));
  const config = splitServices(lbConfigSchema.parse({ version: 1, services: [service] }));
  const rule = rendered(config, { ...FACTS, routes })
    .split('\n')
    .find((line) => line.includes('jhash'));
  expect(rule?.trim().startsWith(`${match} mark set jhash ip saddr mod 2 seed 0x6c346c62 map { 0 : 0x`)).toBe(true);
});

/** All servers take new flows, and no neighbour is known. */
it.each([
  ['the host itself', {}, '{ 198.51.100.2, 203.0.113.2 }'],
  ['a VIP that the host has', { source: '203.0.113.81' }, '{ 198.51.100.2, 203.0.113.2, 203.0.113.81 }'],
])('checks of a VIP are answered to %s', (_, fields, own) => {
  const servers = SERVERS.slice(0, 1);
  const services = [
    { name: 'web', vip: '203.0.113.80', port: 80, mode: 'dsr', check: { type: 'http', ...fields }, servers },
    { name: 'other', vip: '203.0.113.81', port: 80, mode: 'dnat', servers },
  ];
  const [l3, sw] = FACTS.interfaces;
  const held = { ...sw!, addresses: [...sw!.addresses, { address: '203.0.113.81', prefix: 32 }] };
  const rules = rendered(splitServices(lbConfigSchema.parse({ version: 1, services })), {
    ...FACTS,
    interfaces: [l3!, held],
  });
  expect(rules).toContain(`ip daddr ${own} goto checks.answer`);
});

function rendered(config: ReturnType<typeof splitServices>, facts = FACTS): string {
  const tables = render(
    {
      config,
      facts,
      roleOf: () => 'new',
      flowsOf: () => 0,
      isSettled: () => true,
      macOf: () => null,
      checkPortOf: ({ check }) => (check.type === 'http' ? 60_000 : null),
      uid: 0,
    },
    config.vipOwner ? [{ kind: 'address', address: '203.0.113.80', dev: 'sw' }] : [],
  );
  return tables.map(formatTable).join('\n');
}
