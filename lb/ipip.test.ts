import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, ROUTER } from './netns/netns-lab.ts';
import { RunningLb } from './netns/running-lb.ts';
import { madeIn } from './testing/made.ts';
import './testing/test-timeout.ts';
import { endTunnels, kernelHasTunnels, learnedMtu } from './testing/tunnel-ends.ts';

const FAMILIES = {
  IPv4: { vip: '198.51.100.80', client: '198.51.100.20', server: (n: number) => `203.0.113.${n * 16 + 1}` },
  IPv6: { vip: '2001:db8:2::80', client: '2001:db8:1::20', server: (n: number) => `2001:db8:1${n}::11` },
};
const SERVERS = [1, 2];
const BOTH = ['IPv4', 'IPv6'] as const;

describe('ipip: servers in other subnets, each behind a tunnel', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;
  let isReal: boolean;

  type Family = keyof typeof FAMILIES;
  const other = (family: Family): Family => (family === 'IPv4' ? 'IPv6' : 'IPv4');
  /** Servers that are reached by addresses of a family. */
  const by = (family: Family, numbers = SERVERS) => ({
    servers: numbers.map((n) => ({ name: `s${n}`, address: FAMILIES[family].server(n) })),
  });
  const service = (family: Family, fields: Record<string, unknown> = {}) => ({
    name: family === 'IPv4' ? 'web' : 'web6',
    vip: FAMILIES[family].vip,
    port: 80,
    mode: 'ipip',
    ...by(family),
    ...fields,
  });
  const start = async (...services: object[]) => {
    lb = await RunningLb.start(lab, 'l4', { version: 1, services });
  };
  const servedBy = async (family: Family) => {
    const answers = await client.calls(4, 'tcp', FAMILIES[family].vip, 80);
    return answers.map(({ server, source }) => `${server} ${source}`);
  };
  const inTurn = ({ client: source }: { client: string }) =>
    ['s1', 's2', 's1', 's2'].map((name) => `${name} ${source}`);

  beforeAll(async () => {
    lab = await NetnsLab.create({
      l3: {
        links: {
          client: '198.51.100.1/26 2001:db8:1::1/64',
          l4: '198.51.100.65/26 2001:db8:2::1/64',
          ...Object.fromEntries(SERVERS.map((n) => [`s${n}`, `203.0.113.${n * 16 + 2}/28 2001:db8:1${n}::1/64`])),
        },
        sysctls: ROUTER,
      },
      client: { links: { l3: '198.51.100.20/26 2001:db8:1::20/64' }, gateway: '198.51.100.1 2001:db8:1::1' },
      l4: {
        links: { l3: '198.51.100.66/26 2001:db8:2::2/64' },
        gateway: '198.51.100.65 2001:db8:2::1',
        sysctls: ROUTER,
      },
      ...Object.fromEntries(
        SERVERS.map((n) => [
          `s${n}`,
          {
            links: {
              l3: BOTH.map((family) => `${FAMILIES[family].server(n)}/${family === 'IPv4' ? 28 : 64}`).join(' '),
            },
            gateway: `203.0.113.${n * 16 + 2} 2001:db8:1${n}::1`,
            loopback: [`${FAMILIES.IPv4.vip}/32`, `${FAMILIES.IPv6.vip}/128`],
          },
        ]),
      ),
    });
    client = await lab.endpoint('client');
    for (const n of SERVERS) {
      const endpoint = await lab.endpoint(`s${n}`);
      await endpoint.listen('tcp', 80, '::');
      await endpoint.listen('udp', 53, FAMILIES.IPv4.vip);
    }
    isReal = await kernelHasTunnels(lab, 'l4');
    const ends = BOTH.flatMap((outer) =>
      BOTH.flatMap((family) =>
        SERVERS.map((n) => ({ name: `s${n}`, address: FAMILIES[outer].server(n), vip: FAMILIES[family].vip })),
      ),
    );
    await endTunnels(lab, 'l4', ends);
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it.each(BOTH)('%s: alternates servers, which see the client and reply to it directly', async (family) => {
    await start(service(family));
    expect(await servedBy(family)).toEqual(inTurn(FAMILIES[family]));
  });

  it.each(BOTH)('%s: does the same if servers have addresses of the other family', async (family) => {
    await start(service(family, by(other(family))));
    expect(await servedBy(family)).toEqual(inTurn(FAMILIES[family]));
  });

  it.each(BOTH)('services of both families reach servers at their addresses of %s', async (outer) => {
    await start(...BOTH.map((family) => service(family, by(outer))));
    for (const family of BOTH) expect(await servedBy(family)).toEqual(inTurn(FAMILIES[family]));
  });

  it('one pool has servers with addresses of both families', async () => {
    const servers = [...by('IPv4', [1]).servers, ...by('IPv6', [2]).servers];
    await start(...BOTH.map((family) => service(family, { servers })));
    for (const family of BOTH) expect(await servedBy(family)).toEqual(inTurn(FAMILIES[family]));
  });

  it('does the same for a VIP that the host does not own', async () => {
    lb = await RunningLb.start(lab, 'l4', { version: 1, vipOwner: false, services: BOTH.map((f) => service(f)) });
    for (const family of BOTH) expect(await servedBy(family)).toEqual(inTurn(FAMILIES[family]));
  });

  it('carries udp', async () => {
    await start(service('IPv4', { protocol: 'udp', port: 53 }));
    const answers = await client.calls(2, 'udp', FAMILIES.IPv4.vip, 53);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2']);
  });

  const PAIRS = BOTH.flatMap((family) => BOTH.map((outer) => [family, outer] as const));

  it.each(PAIRS)('%s in %s: the client learns the path MTU of the tunnel', async (family, outer) => {
    const { vip } = FAMILIES[family];
    await start(service(family, { protocol: 'udp', port: 5353, ...by(outer) }));
    const ip = (...args: string[]) => lab.exec('client', 'ip', ...(family === 'IPv6' ? ['-6'] : []), 'route', ...args);
    expect(await ip('get', vip)).not.toContain('mtu');
    // Nothing listens there, and a datagram that is too large does not arrive. A single datagram may get lost.
    const bytes = 1400 + (family === 'IPv4' ? 72 : 52);
    await lb.until(async () => {
      await client.call('udp', vip, 5353, { bytes, timeoutMs: 300 });
      return (await ip('get', vip)).includes('mtu');
    });
    expect(await ip('get', vip)).toContain(`mtu ${learnedMtu(FAMILIES[outer].server(1))}`);
    await ip('flush', 'cache');
  });

  it.each(PAIRS)(
    '%s in %s: an ICMP error about a tunnelled packet ends at the host and affects no other packet',
    async (family, outer) => {
      const { vip } = FAMILIES[family];
      const { server } = FAMILIES[outer];
      await start(service(family, by(outer, [1])));
      const errors = () => lab.exec('l4', 'nft', 'list', 'chain', 'inet', 'l4lab', 'tunnel.errors');
      const quoted = family === 'IPv4' ? '0x4' : '0x29';
      const rule = `${outer === 'IPv4' ? '@th,136,8' : '@th,112,8'} ${quoted} counter .* drop`;
      expect(await errors()).toMatch(new RegExp(rule, 'u'));
      // The substitute for a tunnel sends no packet that could be refused.
      if (isReal) {
        const version = outer === 'IPv6' ? '-6' : '-4';
        const route = (verb: string) => lab.exec('l3', 'ip', version, 'route', verb, 'unreachable', server(1));
        await route('add');
        expect((await client.call('tcp', vip, 80, { timeoutMs: 500 })).server).toBeUndefined();
        await route('del');
        expect(await errors()).toMatch(/packets [1-9]/u);
      }
      expect((await client.calls(2, 'tcp', vip, 80)).map((answer) => answer.server)).toEqual(['s1', 's1']);
    },
  );

  it('checks servers at their own addresses, and sends no flow to one that is down', async () => {
    const check = { type: 'tcp', timeoutMs: 300, port: 81 };
    await start(service('IPv4', { check, whenNoneUp: 'reject' }));
    expect((await client.call('tcp', FAMILIES.IPv4.vip, 80)).error).toBe('ECONNREFUSED');
    await lb.reload({ version: 1, services: [service('IPv4', { check: { ...check, port: 80 } })] });
    expect(await servedBy('IPv4')).toEqual(inTurn(FAMILIES.IPv4));
  });

  it('leaves nothing behind, even after it was killed', async () => {
    const mixed = (family: Family) =>
      service(family, { name: `mixed-${family.toLowerCase()}`, port: 81, ...by(other(family), [1]) });
    const both = { version: 1, services: BOTH.flatMap((family) => [service(family), mixed(family)]) };
    const bare = await madeIn(lab, 'l4');
    const rules = () => lab.exec('l4', 'sh', '-c', 'ip rule; ip -6 rule; ip -br link');
    const before = await rules();
    lb = await RunningLb.start(lab, 'l4', both);
    const made = await madeIn(lab, 'l4');
    // The table of the host's own addresses comes after the tunnels, and is there only once.
    expect((await rules()).match(/lookup local/gu)).toHaveLength(2);
    lb.kill();
    await lb.ended;
    lb = await RunningLb.start(lab, 'l4', both);
    expect(await madeIn(lab, 'l4')).toEqual(made);
    expect(await servedBy('IPv4')).toEqual(inTurn(FAMILIES.IPv4));
    await lb.reload({ version: 1, services: [] });
    expect(await madeIn(lab, 'l4')).toEqual(bare);
    await lb.reload(both);
    expect(await madeIn(lab, 'l4')).toEqual(made);
    expect(await servedBy('IPv6')).toEqual(inTurn(FAMILIES.IPv6));
    await lb.stop();
    expect(await madeIn(lab, 'l4')).toEqual(bare);
    expect(await rules()).toBe(before);
  });

  it('reports what it needs if the kernel has no tunnels', async () => {
    const elsewhere = service('IPv4', { servers: [{ name: 's3', address: '203.0.113.99' }] });
    if (isReal) {
      await start(elsewhere);
      return;
    }
    await expect(start(elsewhere)).rejects.toThrow(/"kernel-lacks".*needs ipip/u);
  });
});
