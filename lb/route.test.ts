import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, ROUTER } from './netns/netns-lab.ts';
import { nextHopMark, nextHopOf } from './terms/next-hops.ts';
import './testing/test-timeout.ts';
import { madeIn } from './testing/made.ts';
import { RunningLb } from './netns/running-lb.ts';

const FAMILIES = {
  IPv4: { clients: '198.51.100.', hop: (n: number) => `192.0.2.${16 * n + 2}`, server: '203.0.113.11', host: 32 },
  IPv6: { clients: '2001:db8:1::', hop: (n: number) => `2001:db8:2${n}::2`, server: '2001:db8:3::11', host: 128 },
};
const CLIENTS = [2, 3, 4, 5, 6, 7, 8, 9];

describe('mode route: flows spread over next hops', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const config = (family: keyof typeof FAMILIES, hash: 'source' | 'destination' | 'both') => {
    const { hop, server, host } = FAMILIES[family];
    const service = { name: 'out', mode: 'route' as const, to: `${server}/${host}`, nextHops: [hop(1), hop(2)], hash };
    return { version: 1, services: [service] };
  };
  /** Every next hop has the server's address, so the next hop that was used answers itself. */
  const taken = async (family: keyof typeof FAMILIES): Promise<(string | undefined)[]> => {
    const { clients, server } = FAMILIES[family];
    const calls = CLIENTS.map((n) => client.call('tcp', server, 80, { from: `${clients}${n}`, timeoutMs: 2000 }));
    return (await Promise.all(calls)).map((answer) => answer.server);
  };
  const expected = ({ services: [service] }: ReturnType<typeof config>, family: keyof typeof FAMILIES) => {
    const { clients, server, hop } = FAMILIES[family];
    return CLIENTS.map((n) => (nextHopOf(service!, { src: `${clients}${n}`, dst: server }) === hop(1) ? 'fw1' : 'fw2'));
  };

  const setUp = async () => {
    await lab.exec('l4', 'ip', 'link', 'set', 'fw1', 'up');
    // The kernel removes the IPv6 address when the interface goes down.
    await lab.exec('l4', 'ip', 'addr', 'replace', '2001:db8:21::1/64', 'dev', 'fw1', 'nodad');
  };

  beforeAll(async () => {
    const all = (n: number, prefix: [number, number], place: number) =>
      [`192.0.2.${16 * n + place}/${prefix[0]}`, `2001:db8:2${n}::${place}/${prefix[1]}`].join(' ');
    const firewall = (n: number) => ({
      links: { l4: all(n, [28, 64], 2) },
      loopback: Object.values(FAMILIES).map(({ server, host }) => `${server}/${host}`),
      gateway: `192.0.2.${16 * n + 1} 2001:db8:2${n}::1`,
    });
    lab = await NetnsLab.create({
      client: {
        links: {
          l4: CLIENTS.flatMap((n) => [`198.51.100.${n}/24`, `2001:db8:1::${n}/64`]).join(' '),
        },
        gateway: '198.51.100.1 2001:db8:1::1',
      },
      l4: {
        links: { client: '198.51.100.1/24 2001:db8:1::1/64', fw1: all(1, [28, 64], 1), fw2: all(2, [28, 64], 1) },
        sysctls: ROUTER,
      },
      fw1: firewall(1),
      fw2: firewall(2),
    });
    client = await lab.endpoint('client');
    for (const name of ['fw1', 'fw2']) await (await lab.endpoint(name)).listen('tcp', 80, '::');
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it.each([
    ['IPv4', 'source'],
    ['IPv4', 'both'],
    ['IPv4', 'destination'],
    ['IPv6', 'source'],
    ['IPv6', 'both'],
  ] as const)('over %s by the %s, as predicted, the same every time', async (family, hash) => {
    const file = config(family, hash);
    lb = await RunningLb.start(lab, 'l4', file);
    const first = await taken(family);
    expect(first).toEqual(expected(file, family));
    expect(new Set(first).size).toBe(hash === 'destination' ? 1 : 2);
    expect(await taken(family)).toEqual(first);
  });

  it('to any destination: more specific routes of the host win', async () => {
    const file = config('IPv4', 'source');
    const any = { ...file, services: [{ ...file.services[0]!, to: 'any' }] };
    lb = await RunningLb.start(lab, 'l4', any);
    expect(await taken('IPv4')).toEqual(expected(file, 'IPv4'));
    await lab.exec('l4', 'ip', 'route', 'add', '203.0.113.0/24', 'via', '192.0.2.34');
    await lb.until(async () => (await taken('IPv4')).every((name) => name === 'fw2'));
    await lab.exec('l4', 'ip', 'route', 'del', '203.0.113.0/24');
    await lb.until(async () => JSON.stringify(await taken('IPv4')) === JSON.stringify(expected(file, 'IPv4')));
  });

  it('a reload with another order of next hops swaps them', async () => {
    const file = config('IPv4', 'source');
    lb = await RunningLb.start(lab, 'l4', file);
    const before = await taken('IPv4');
    const [service] = file.services;
    await lb.reload({ ...file, services: [{ ...service, nextHops: service!.nextHops.toReversed() }] });
    const counted = lb.lines.filter(({ event }) => event === 'ready' || event === 'reloaded');
    expect(counted).toMatchObject([{ services: 1 }, { services: 1 }]);
    expect(await taken('IPv4')).toEqual(before.map((name) => (name === 'fw1' ? 'fw2' : 'fw1')));
  });

  it.each(['IPv4', 'IPv6'] as const)('%s: an interface is used again after it was down', async (family) => {
    const file = config(family, 'source');
    lb = await RunningLb.start(lab, 'l4', file);
    await lab.exec('l4', 'ip', 'link', 'set', 'fw1', 'down');
    await lb.line(({ event }) => event === 'host-changed');
    // The host has no other route for the flows of fw1.
    const left = expected(file, family).map((name) => (name === 'fw1' ? undefined : name));
    expect(await taken(family)).toEqual(left);
    await setUp();
    await lb.until(async () => JSON.stringify(await taken(family)) === JSON.stringify(expected(file, family)));
    expect(lb.lines.filter(({ event }) => event === 'error')).toEqual([]);
  });

  it('starts while an interface is down', async () => {
    const file = config('IPv4', 'source');
    await lab.exec('l4', 'ip', 'link', 'set', 'fw1', 'down');
    lb = await RunningLb.start(lab, 'l4', file);
    await setUp();
    await lb.until(async () => JSON.stringify(await taken('IPv4')) === JSON.stringify(expected(file, 'IPv4')));
  });

  it.each([
    ['IPv4', '192.0.2.19/30'],
    ['IPv6', '2001:db8:21::9/112'],
  ] as const)('%s: a next hop whose subnet moves to another interface is used there', async (family, other) => {
    const file = config(family, 'source');
    const hop = FAMILIES[family].hop(1);
    const ip = (...args: string[]) => lab.exec('l4', 'ip', ...(family === 'IPv6' ? ['-6'] : []), ...args);
    const route = () => ip('route', 'show', 'table', String(Number(nextHopMark(hop))));
    lb = await RunningLb.start(lab, 'l4', file);
    expect(await route()).toContain(`via ${hop} dev fw1`);
    await ip('addr', 'add', other, 'dev', 'fw2');
    await lb.until(async () => (await route()).includes(`via ${hop} dev fw2`));
    await ip('addr', 'del', other, 'dev', 'fw2');
    await lb.until(async () => (await route()).includes(`via ${hop} dev fw1`));
    expect(lb.lines.filter(({ event }) => event === 'error')).toEqual([]);
  });

  it('removes the rest if another program has deleted a part', async () => {
    const bare = await madeIn(lab, 'l4');
    const both = [...config('IPv4', 'source').services, { ...config('IPv6', 'both').services[0]!, name: 'out6' }];
    lb = await RunningLb.start(lab, 'l4', { version: 1, services: both });
    await lab.exec('l4', 'ip', 'rule', 'del', 'fwmark', nextHopMark('192.0.2.18'));
    await lb.stop();
    expect(await madeIn(lab, 'l4')).toEqual(bare);
  });

  it('does not start if the host does not forward packets of that family', async () => {
    await lab.exec('l4', 'sysctl', '-qw', 'net.ipv4.ip_forward=0');
    try {
      const refused = RunningLb.start(lab, 'l4', config('IPv4', 'source'));
      await expect(refused).rejects.toThrow(/"forwarding-off".*net\.ipv4\.ip_forward=1/u);
      lb = await RunningLb.start(lab, 'l4', config('IPv6', 'source'));
    } finally {
      await lab.exec('l4', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    }
  });

  it('restarted after a kill, it adds what the host has lost', async () => {
    const file = config('IPv4', 'source');
    lb = await RunningLb.start(lab, 'l4', file);
    const made = await madeIn(lab, 'l4');
    lb.kill();
    await lb.ended;
    await lab.exec('l4', 'ip', 'route', 'flush', 'table', String(Number(nextHopMark('192.0.2.18'))));
    lb = await RunningLb.start(lab, 'l4', file);
    expect(await madeIn(lab, 'l4')).toEqual(made);
    expect(await taken('IPv4')).toEqual(expected(file, 'IPv4'));
  });

  it('leaves nothing behind, even after it was killed', async () => {
    const both = [...config('IPv4', 'source').services, { ...config('IPv6', 'both').services[0]!, name: 'out6' }];
    const bare = await madeIn(lab, 'l4');
    lb = await RunningLb.start(lab, 'l4', { version: 1, services: both });
    const made = await madeIn(lab, 'l4');
    lb.kill();
    await lb.ended;
    lb = await RunningLb.start(lab, 'l4', { version: 1, services: both });
    expect(await madeIn(lab, 'l4')).toEqual(made);
    await lb.reload({ version: 1, services: [] });
    expect(await madeIn(lab, 'l4')).toEqual(bare);
    await lb.reload({ version: 1, services: both });
    expect(await madeIn(lab, 'l4')).toEqual(made);
    await lb.stop();
    expect(await madeIn(lab, 'l4')).toEqual(bare);
  });
});
