import { lbConfigSchema } from '../terms/config.ts';
import type { HostFacts } from '../facts/facts.ts';
import type { Holding } from '../terms/holding.ts';
import { splitServices } from '../terms/split-services.ts';
import { tunnelMark, tunnelName, type Tunnel } from '../terms/tunnel.ts';
import { batches, holdingsFor } from './holdings.ts';

const V4 = { vip: '198.51.100.80', server: '203.0.113.11' };
const V6 = { vip: '2001:db8:1::80', server: '2001:db8:2::11' };
const FACTS: HostFacts = {
  interfaces: [
    {
      name: 'sw',
      index: 2,
      mac: '02:00:00:00:00:02',
      master: null,
      mtu: 1500,
      addresses: [
        { address: '203.0.113.2', prefix: 24 },
        { address: '2001:db8:2::2', prefix: 64 },
      ],
    },
  ],
  routes: [],
};

/** Of services in mode ipip, by VIP and server. */
function held(pairs: { vip: string; server: string }[], facts = FACTS): Holding[] {
  const services = pairs.map(({ vip, server }, i) => ({
    name: `web-${i}`,
    vip,
    port: 80,
    mode: 'ipip',
    servers: [{ name: 's1', address: server }],
  }));
  const config = splitServices(lbConfigSchema.parse({ version: 1, vipOwner: 'external', services }));
  return holdingsFor(config, facts);
}

/** Commands for ip(8), with its flags. */
function commands(holdings: Holding[]): string[] {
  return batches('add', holdings).flatMap(({ flags, lines }) =>
    lines.flatMap((line) => line.trim().split('\n')).map((line) => [...flags, line].join(' ')),
  );
}

/** Route and rule of a tunnel, as `commands` has them. */
function leading(tunnel: Tunnel, device: string): string[] {
  const mark = tunnelMark(tunnel);
  const table = Number(mark);
  const [net, flag] = tunnel.carries === 6 ? ['::/0', '-6 '] : ['0.0.0.0/0', ''];
  return [`route replace ${net} dev ${device} table ${table}`, `${flag}rule add pref 0 fwmark ${mark} lookup ${table}`];
}

describe('tunnel devices by address families of VIP and server', () => {
  test('IPv4 in IPv4: ipip', () => {
    const tunnel = { server: V4.server, carries: 4 } as const;
    const name = tunnelName(tunnel);
    expect(commands(held([V4]))).toEqual([
      `link add ${name} type ipip remote ${V4.server} ttl 64`,
      `link set ${name} up`,
      ...leading(tunnel, name),
    ]);
  });

  test('IPv6 in IPv4: sit', () => {
    const tunnel = { server: V4.server, carries: 6 } as const;
    const name = tunnelName(tunnel);
    expect(commands(held([{ vip: V6.vip, server: V4.server }]))).toEqual([
      `link add ${name} type sit mode ip6ip remote ${V4.server} ttl 64`,
      `link set ${name} addrgenmode none`,
      `link set ${name} up`,
      ...leading(tunnel, name),
    ]);
  });

  test('both in IPv6: one ip6tnl', () => {
    const tunnels = ([6, 4] as const).map((carries) => ({ server: V6.server, carries }));
    const name = tunnelName(tunnels[0]!);
    const [route6, rule6] = leading(tunnels[0]!, name);
    const [route4, rule4] = leading(tunnels[1]!, name);
    expect(commands(held([V6, { vip: V4.vip, server: V6.server }]))).toEqual([
      `link add ${name} type ip6tnl mode any remote ${V6.server} local 2001:db8:2::2 hoplimit 64 encaplimit none`,
      `link set ${name} addrgenmode none`,
      `link set ${name} up`,
      route6,
      route4,
      rule4,
      rule6,
    ]);
  });

  test('an existing device of another program is used', () => {
    const tunnel = { server: V6.server, carries: 4 } as const;
    const name = tunnelName(tunnel);
    const holdings = held([{ vip: V4.vip, server: V6.server }], { ...FACTS, tunnels: [name] });
    expect(commands(holdings)).toEqual(leading(tunnel, name));
  });
});
