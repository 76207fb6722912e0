import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const CLIENT = '198.51.100.100';
const VIP = '203.0.113.80';
const SERVERS = [
  { name: 's1', address: '203.0.113.11' },
  { name: 's2', address: '203.0.113.12' },
];
const PROTOCOLS = [
  ['tcp', 80],
  ['udp', 53],
] as const;

function service(fields: Record<string, unknown>) {
  return { name: 'web', vip: VIP, port: 80, servers: SERVERS, ...fields };
}

describe('one-arm: load balancer and servers in one subnet, client behind a router', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let s1: Endpoint;
  let s2: Endpoint;
  let lb: RunningLb;

  const start = async (services: Record<string, unknown>[], fields = {}) => {
    lb = await RunningLb.start(lab, 'l4', { version: 1, services, ...fields });
  };

  beforeAll(async () => {
    const server = (n: number) => ({
      links: { sw: `203.0.113.1${n}/24` },
      loopback: [`${VIP}/32`],
      gateway: '203.0.113.1',
      sysctls: QUIET_ARP,
    });
    lab = await NetnsLab.create({
      client: { links: { l3: `${CLIENT}/24` }, gateway: '198.51.100.1' },
      l3: { links: { client: '198.51.100.1/24', sw: '203.0.113.1/24' }, sysctls: ROUTER },
      sw: { bridge: '', links: { l3: '', l4: '', s1: '', s2: '' } },
      l4: { links: { sw: '203.0.113.2/24' }, gateway: '203.0.113.1', sysctls: ROUTER },
      s1: server(1),
      s2: server(2),
    });
    client = await lab.endpoint('client');
    s1 = await lab.endpoint('s1');
    s2 = await lab.endpoint('s2');
    for (const [n, endpoint] of [s1, s2].entries()) {
      await endpoint.listen('tcp', 80);
      await endpoint.listen('udp', 53, VIP);
      await endpoint.listen('udp', 54, SERVERS[n]!.address);
    }
  });
  afterEach(async () => {
    expect(await lb.stop()).toBe(0);
  });
  afterAll(() => lab.close());

  it.each(PROTOCOLS)('proxy over %s alternates servers, which see the proxy IP', async (protocol, port) => {
    const servers = protocol === 'udp' ? SERVERS.map((s) => ({ ...s, port: 54 })) : SERVERS;
    await start([service({ mode: 'proxy', protocol, port, servers, proxyIp: '203.0.113.254' })]);
    const answers = await client.calls(4, protocol, VIP, port);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
    expect(answers.map(({ source }) => source)).toEqual(Array(4).fill('203.0.113.254'));
  });

  it('proxy with an automatic proxy IP: servers see the address of the load balancer', async () => {
    await start([service({ mode: 'proxy', proxyIp: 'auto' })]);
    expect(await client.call('tcp', VIP, 80)).toMatchObject({ server: 's1', source: '203.0.113.2' });
  });

  it('proxy with a pool spreads flows over its proxy IPs', async () => {
    const pool = ['203.0.113.251', '203.0.113.253'];
    await start([service({ mode: 'proxy', proxyIp: pool })]);
    const answers = await client.calls(4, 'tcp', VIP, 80);
    expect(new Set(answers.map(({ source }) => source))).toEqual(new Set(pool));
  });

  it('proxy: a server can call its own VIP', async () => {
    await lab.exec('s1', 'ip', 'addr', 'del', `${VIP}/32`, 'dev', 'lo');
    await start([service({ mode: 'proxy', proxyIp: '203.0.113.254' })]);
    const answers = await s1.calls(2, 'tcp', VIP, 80);
    await lab.exec('s1', 'ip', 'addr', 'add', `${VIP}/32`, 'dev', 'lo');
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2']);
  });

  it.each(PROTOCOLS)('dsr over %s alternates servers, which see the client', async (protocol, port) => {
    await start([service({ mode: 'dsr', protocol, port })]);
    const answers = await client.calls(4, protocol, VIP, port);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
    expect(answers.map(({ source }) => source)).toEqual(Array(4).fill(CLIENT));
  });

  it('dnat: servers see the client, if replies cross the load balancer', async () => {
    await lab.exec('s1', 'ip', 'route', 'replace', 'default', 'via', '203.0.113.2');
    await start([service({ mode: 'dnat', servers: SERVERS.slice(0, 1) })]);
    const answer = await client.call('tcp', VIP, 80);
    await lab.exec('s1', 'ip', 'route', 'replace', 'default', 'via', '203.0.113.1');
    expect(answer).toMatchObject({ server: 's1', source: CLIENT });
  });

  it('answers ARP for a VIP that it does not own, and refuses ports without a service', async () => {
    await start([service({ mode: 'proxy', proxyIp: '203.0.113.254' })], { vipOwner: false });
    expect(await lab.exec('l4', 'ip', 'addr')).not.toContain(VIP);
    expect((await client.call('tcp', VIP, 80)).server).toBe('s1');
    expect((await client.call('tcp', VIP, 81)).error).toBe('ECONNREFUSED');
  });

  it.each([
    ['when it stops', () => lb.stop()],
    ['when a reload leaves no service', () => lb.reload({ version: 1, services: [] })],
  ])('removes everything it created %s', async (_when, end) => {
    const made = async () => [
      await lab.exec('l4', 'nft', 'list', 'ruleset'),
      await lab.exec('l4', 'ip', 'addr'),
      await lab.exec('l4', 'ip', 'route', 'show', 'table', 'all'),
      await lab.exec('l4', 'ip', 'neigh', 'show', 'proxy'),
      await lab.exec('l4', 'sysctl', 'net.ipv4.neigh.sw.proxy_delay'),
    ];
    const before = await made();
    await start([service({ mode: 'proxy', proxyIp: '203.0.113.254' })], { vipOwner: false });
    expect(await made()).not.toEqual(before);
    await end();
    expect(await made()).toEqual(before);
  });

  describe.each(['proxy', 'dsr'])('health checks in %s', (mode) => {
    // Servers refuse at once, so the long timeout takes no time.
    const check = { type: 'tcp', intervalMs: 50, timeoutMs: 5000, fall: 2 };
    const state = (server: string, up: boolean, from = 0) =>
      lb.line((line) => line.event === 'server-state' && line['server'] === server && line['up'] === up, from);

    it.each([
      ['stays', check.fall - 1],
      ['is out', check.fall],
    ])('a server %s after %i failed checks', async (_, failures) => {
      await start([service({ mode, check: { ...check, rise: 100 } })]);
      const seen = lb.lines.length;
      const down = () => lb.lines.slice(seen).filter(({ event, up }) => event === 'server-state' && up === false);
      await lab.exec('s1', 'nft', refusing(failures));
      // Each check begins when the result of the one before is known.
      await lb.until(async () => {
        const counter = await lab.exec('s1', 'nft', 'list', 'counter', 'inet', 'refusing', 'accepted');
        return Number(/packets (\d+)/.exec(counter)?.[1]) >= 2;
      });
      if (failures === check.fall) await state('s1', false, seen);
      await lab.exec('s1', 'nft', 'delete', 'table', 'inet', 'refusing');
      expect(down()).toHaveLength(failures === check.fall ? 1 : 0);
    });

    it('removes a dead server, adds it again, and refuses immediately if none is left', async () => {
      await start([service({ mode, check })]);
      await s1.unlisten('tcp', 80);
      await state('s1', false);
      expect((await client.calls(3, 'tcp', VIP, 80)).map(({ server }) => server)).toEqual(['s2', 's2', 's2']);
      await s2.unlisten('tcp', 80);
      await state('s2', false);
      expect((await client.call('tcp', VIP, 80)).error).toBe('ECONNREFUSED');
      const seen = lb.lines.length;
      await s1.listen('tcp', 80);
      await s2.listen('tcp', 80);
      await Promise.all([state('s1', true, seen), state('s2', true, seen)]);
      expect(new Set((await client.calls(4, 'tcp', VIP, 80)).map(({ server }) => server)).size).toBe(2);
    });
  });

  it('has checked the servers of a new service when it reports the reload', async () => {
    await start([]);
    await s1.unlisten('tcp', 80);
    await lb.reload({ version: 1, services: [service({ mode: 'dsr', check: { type: 'tcp', timeoutMs: 1000 } })] });
    const answers = await client.calls(2, 'tcp', VIP, 80);
    await s1.listen('tcp', 80);
    expect(answers.map(({ server }) => server)).toEqual(['s2', 's2']);
  });

  it('a health check in dsr detects that a server lacks the VIP', async () => {
    await lab.exec('s2', 'ip', 'addr', 'del', `${VIP}/32`, 'dev', 'lo');
    await start([service({ mode: 'dsr', check: { type: 'tcp', timeoutMs: 500 } })]);
    const answers = await client.calls(2, 'tcp', VIP, 80);
    await lab.exec('s2', 'ip', 'addr', 'add', `${VIP}/32`, 'dev', 'lo');
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's1']);
    expect(lb.lines).toContainEqual(expect.objectContaining({ event: 'server-state', server: 's2', up: false }));
  });
});

/** Refuses the next connections from the load balancer, and counts those that it accepts after them. */
function refusing(times: number): string {
  return `table inet refusing {
    set refused { type inet_service; size ${times}; flags dynamic; }
    counter accepted { }
    chain input {
      type filter hook input priority filter; policy accept;
      ip saddr 203.0.113.2 tcp flags & (syn | ack) == syn add @refused { tcp sport } reject with tcp reset
      ip saddr 203.0.113.2 tcp flags & (syn | ack) == syn counter name accepted
    }
  }`;
}
