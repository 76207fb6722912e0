import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const FAMILIES = {
  IPv4: { client: '198.51.100.100', lan: '203.0.113.', net: '/24', proxyIp: '203.0.113.254', host: '/32' },
  IPv6: { client: '2001:db8:1::100', lan: '2001:db8:2::', net: '/64', proxyIp: '2001:db8:2::254', host: '/128' },
};
type Name = keyof typeof FAMILIES;
const NAMES = Object.keys(FAMILIES) as Name[];

/** The path from the router to the client is narrow, which no end knows: servers must learn it from ICMP errors. */
const NARROW_MTU = '1300';

describe('both address families, one-arm', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;
  let endpoints: Record<string, Endpoint>;

  const lan = (host: number) => NAMES.map((name) => `${FAMILIES[name].lan}${host}${FAMILIES[name].net}`).join(' ');
  const vipOf = (name: Name) => `${FAMILIES[name].lan}80`;
  const serversOf = (name: Name, fields = {}) =>
    [11, 12].map((host) => ({ name: `s${host - 10}`, address: `${FAMILIES[name].lan}${host}`, ...fields }));
  const config = (name: Name, mode: string, fields: Record<string, unknown> = {}, root = {}) => {
    const proxyIp = mode === 'proxy' ? { proxyIp: FAMILIES[name].proxyIp } : {};
    const service = { name: 'web', vip: vipOf(name), port: 80, mode, servers: serversOf(name), ...proxyIp, ...fields };
    return { version: 1, ...root, services: [service] };
  };
  const start = async (...args: Parameters<typeof config>) => {
    lb = await RunningLb.start(lab, 'l4', config(...args));
  };

  beforeAll(async () => {
    const gateway = `${FAMILIES.IPv4.lan}1 ${FAMILIES.IPv6.lan}1`;
    const server = (host: number) => ({
      links: { sw: lan(host) },
      loopback: NAMES.map((name) => `${vipOf(name)}${FAMILIES[name].host}`),
      gateway,
      sysctls: QUIET_ARP,
    });
    lab = await NetnsLab.create({
      client: { links: { l3: '198.51.100.100/24 2001:db8:1::100/64' }, gateway: '198.51.100.1 2001:db8:1::1' },
      l3: { links: { client: '198.51.100.1/24 2001:db8:1::1/64', sw: lan(1) }, sysctls: ROUTER },
      sw: { bridge: '', links: { l3: '', l4: '', s1: '', s2: '' } },
      l4: { links: { sw: lan(2) }, gateway, sysctls: ROUTER },
      s1: server(11),
      s2: server(12),
    });
    await lab.exec('l3', 'ip', 'link', 'set', 'client', 'mtu', NARROW_MTU);
    client = await lab.endpoint('client');
    endpoints = { s1: await lab.endpoint('s1'), s2: await lab.endpoint('s2') };
    for (const endpoint of Object.values(endpoints)) await endpoint.listen('tcp', 80);
  });
  beforeEach(async () => {
    for (const node of ['s1', 's2']) {
      await lab.exec(node, 'ip', 'route', 'flush', 'cache');
      await lab.exec(node, 'ip', '-6', 'route', 'flush', 'cache');
    }
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  describe.each(NAMES)('%s', (name) => {
    it.each(['proxy', 'dsr'])('%s alternates servers', async (mode) => {
      await start(name, mode);
      const answers = await client.calls(4, 'tcp', vipOf(name), 80);
      expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
      const source = mode === 'dsr' ? FAMILIES[name].client : FAMILIES[name].proxyIp;
      expect(new Set(answers.map((answer) => answer.source))).toEqual(new Set([source]));
    });

    it.each(['proxy', 'dsr'])('%s: a server learns the path’s MTU from an ICMP error to the VIP', async (mode) => {
      await start(name, mode);
      for (let i = 0; i < 2; i++) {
        const answer = await (await client.open(vipOf(name), 80))(8000);
        expect(answer.error).toBeUndefined();
      }
      if (mode === 'proxy') return;
      const family = name === 'IPv4' ? '-4' : '-6';
      for (const node of ['s1', 's2']) {
        expect(await lab.exec(node, 'ip', family, 'route', 'get', FAMILIES[name].client)).toContain(
          `mtu ${NARROW_MTU}`,
        );
      }
    });

    it.each(['tcp', 'http', 'udp', 'icmp'])(
      'a %s check of a dsr service requests the VIP at each server',
      async (type) => {
        const port = 8080;
        for (const endpoint of Object.values(endpoints)) {
          await endpoint.listen(type === 'udp' ? 'udp' : 'tcp', port, vipOf(name));
        }
        const [address, host] = [`${vipOf(name)}${FAMILIES[name].host}`, 's2'];
        await lab.exec(host, 'ip', 'addr', 'del', address, 'dev', 'lo');
        const http = { path: '/health', body: 'HTTP/1.1 200' };
        const check = {
          type,
          timeoutMs: 1000,
          ...(type === 'http' ? http : {}),
          ...(type === 'udp' ? { expect: 's' } : {}),
        };
        await start(name, 'dsr', { port, protocol: type === 'udp' ? 'udp' : 'tcp', check });
        await lab.exec(host, 'ip', 'addr', 'add', address, 'dev', 'lo');
        for (const endpoint of Object.values(endpoints)) await endpoint.unlisten(type === 'udp' ? 'udp' : 'tcp', port);
        const states = lb.lines.filter(({ event }) => event === 'server-state');
        expect(states).toEqual([
          expect.objectContaining({ server: 's1', up: type !== 'http' }),
          expect.objectContaining({ server: 's2', up: false }),
        ]);
      },
    );

    it.each([
      ['tcp', 'vip'],
      ['udp', 'vip'],
      ['icmp', 'vip'],
      ['tcp', 'server'],
      ['udp', 'server'],
      ['icmp', 'server'],
    ])('a %s check of a dsr service requests the %s, with the configured source and port', async (type, target) => {
      const [own, source] = [2, 77].map((host) => `${FAMILIES[name].lan}${host}`) as [string, string];
      const protocol = type === 'udp' ? 'udp' : 'tcp';
      for (const [node, host] of Object.entries({ s1: 11, s2: 12 })) {
        const at = target === 'vip' ? vipOf(name) : `${FAMILIES[name].lan}${host}`;
        await endpoints[node]!.listen(protocol, 9090, at);
      }
      const held = [`${source}${FAMILIES[name].host}`, 'dev', 'sw', ...(name === 'IPv6' ? ['nodad'] : [])];
      await lab.exec('l4', 'ip', 'addr', 'add', ...held);
      await lab.exec('s1', 'nft', deaf(own));
      await lab.exec('s2', 'nft', deaf(source));
      const port = type === 'icmp' ? {} : { port: 9090 };
      const check = { type, target, source, timeoutMs: 1000, ...port, ...(type === 'udp' ? { expect: 's' } : {}) };
      await start(name, 'dsr', { port: 8080, protocol, check });
      for (const node of ['s1', 's2']) {
        await lab.exec(node, 'nft', 'delete', 'table', 'inet', 'deaf');
        await endpoints[node]!.unlisten(protocol, 9090);
      }
      await lab.exec('l4', 'ip', 'addr', 'del', ...held.slice(0, 3));
      const states = lb.lines.filter(({ event }) => event === 'server-state');
      expect(states).toEqual([
        expect.objectContaining({ server: 's1', up: true }),
        expect.objectContaining({ server: 's2', up: false }),
      ]);
    });

    it.each([true, false])('neighbours immediately learn the new owner of the VIP (vipOwner: %s)', async (vipOwner) => {
      const stale = ['neigh', 'replace', vipOf(name), 'lladdr', '02:00:00:00:00:99', 'nud', 'stale', 'dev', 'sw'];
      await lab.exec('l3', 'ip', ...stale);
      await start(name, 'proxy', {}, { vipOwner });
      expect((await lab.exec('l4', 'ip', 'addr')).includes(`${vipOf(name)}/`)).toBe(vipOwner);
      const mac = (await lab.exec('l4', 'cat', '/sys/class/net/sw/address')).trim();
      await lb.until(async () => (await lab.exec('l3', 'ip', 'neigh', 'show', vipOf(name))).includes(mac));
    });

    it('a reload switches between owning the VIP and only answering ARP for it', async () => {
      await start(name, 'proxy', {}, { vipOwner: true });
      for (const vipOwner of [false, true]) {
        await lb.reload(config(name, 'proxy', {}, { vipOwner }));
        expect((await lab.exec('l4', 'ip', 'addr')).includes(`${vipOf(name)}/`)).toBe(vipOwner);
        await lab.exec('l3', 'ip', 'neigh', 'flush', 'dev', 'sw');
        expect((await client.call('tcp', vipOf(name), 80)).error).toBeUndefined();
      }
    });

    it.each([true, false])('a service without a healthy server refuses (vipOwner: %s)', async (vipOwner) => {
      await start(name, 'proxy', { servers: serversOf(name, { drain: true }) }, { vipOwner });
      expect((await client.call('tcp', vipOf(name), 80)).error).toBe('ECONNREFUSED');
    });

    it.each(['proxy', 'dsr'])('%s: with an external owner it serves VIPs that the host gets from it', async (mode) => {
      const addresses = [vipOf(name), ...(mode === 'proxy' ? [FAMILIES[name].proxyIp] : [])];
      const give = (verb: string, ...flags: string[]) =>
        Promise.all(
          addresses.map((address) =>
            lab.exec('l4', 'ip', 'addr', verb, `${address}${FAMILIES[name].host}`, 'dev', 'sw', ...flags),
          ),
        );
      /** Whether the router, which asks anew, gets an answer. */
      const answers = async (): Promise<boolean> => {
        await lab.exec('l3', 'ip', 'neigh', 'flush', 'dev', 'sw');
        return (await client.call('tcp', vipOf(name), 80)).error === undefined;
      };
      await start(name, mode, {}, { vipOwner: true });
      expect(await answers()).toBe(true);
      await lb.reload(config(name, mode, {}, { vipOwner: 'external' }));
      expect(await lab.exec('l4', 'ip', 'addr')).not.toContain(`${vipOf(name)}/`);
      expect(await answers()).toBe(false);
      // As keepalived adds it: an IPv6 address that is still probed for duplicates answers nobody.
      await give('add', 'nodad');
      // The unanswered neighbour solicitation would soon end in an error, and this call would fail with it.
      await lab.exec('l3', 'ip', 'neigh', 'flush', 'dev', 'sw');
      const served = await client.call('tcp', vipOf(name), 80);
      expect(served.source).toBe(mode === 'dsr' ? FAMILIES[name].client : FAMILIES[name].proxyIp);
      await lb.stop();
      // They belong to another program.
      expect(await lab.exec('l4', 'ip', 'addr')).toContain(`${vipOf(name)}/`);
      await start(name, mode, {}, { vipOwner: 'external' });
      expect(await answers()).toBe(true);
      await give('del');
      expect(await answers()).toBe(false);
    });

    it('neighbours find a VIP that the host does not own', async () => {
      await lab.exec('l3', 'ip', 'neigh', 'flush', 'dev', 'sw');
      await start(name, 'proxy', {}, { vipOwner: false });
      expect((await client.call('tcp', vipOf(name), 80)).server).toBe('s1');
      const refusal = { IPv4: 'ECONNREFUSED', IPv6: 'ENETUNREACH' }[name];
      expect((await client.call('tcp', vipOf(name), 81)).error).toBe(refusal);
      expect(await lab.exec('client', 'ping', '-n', '-c', '1', '-W', '2', vipOf(name))).toContain(
        `from ${vipOf(name)}`,
      );
    });
  });
});

/** Takes no checks from an address. */
function deaf(address: string): string {
  const ip = address.includes(':') ? 'ip6' : 'ip';
  return `table inet deaf {
    chain input {
      type filter hook input priority filter; policy accept;
      ${ip} saddr ${address} meta l4proto { tcp, udp } drop
      ${ip} saddr ${address} ${address.includes(':') ? 'icmpv6' : 'icmp'} type echo-request drop
    }
  }`;
}
