import type { Endpoint } from './netns/endpoint.ts';
import type { NodeSpec } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './netns/netns-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

const CLIENT = '198.51.100.100';
const VIP = '203.0.113.80';
const CALLED_VIP = '203.0.113.90';
const SERVERS = [
  { name: 's1', address: '203.0.113.11' },
  { name: 's2', address: '203.0.113.12' },
];

/** Client, router, in-line load balancer, switch, two servers of one service and one of another. */
async function inLine(l3: NodeSpec, l4: NodeSpec): Promise<NetnsLab> {
  const server = (host: number, vip: string): NodeSpec => ({
    links: { sw: `203.0.113.${host}/24` },
    loopback: [`${vip}/32`],
    gateway: '203.0.113.1',
    sysctls: QUIET_ARP,
  });
  return NetnsLab.create({
    client: { links: { l3: `${CLIENT}/24` }, gateway: '198.51.100.1' },
    l3,
    l4,
    sw: { bridge: '', links: { l4: '', s1: '', s2: '', b1: '' } },
    s1: server(11, VIP),
    s2: server(12, VIP),
    b1: server(21, CALLED_VIP),
  });
}

describe('in-line by routing', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  beforeAll(async () => {
    lab = await inLine(
      {
        links: { client: '198.51.100.1/24', l4: '198.51.100.129/30' },
        routes: ['203.0.113.0/24 via 198.51.100.130'],
        sysctls: ROUTER,
      },
      { links: { l3: '198.51.100.130/30', sw: '203.0.113.1/24' }, gateway: '198.51.100.129', sysctls: ROUTER },
    );
    client = await lab.endpoint('client');
    for (const name of ['s1', 's2']) await (await lab.endpoint(name)).listen('tcp', 80);
  });
  afterEach(async () => {
    expect(await lb.stop()).toBe(0);
  });
  afterAll(() => lab.close());

  it('dnat keeps the client’s address and needs no proxy IP', async () => {
    lb = await RunningLb.start(lab, 'l4', {
      version: 1,
      services: [{ name: 'web', vip: VIP, port: 80, mode: 'dnat', servers: SERVERS }],
    });
    const answers = await client.calls(4, 'tcp', VIP, 80);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
    expect(answers.map(({ source }) => source)).toEqual(Array(4).fill(CLIENT));
  });

  it('dsr works through a gateway that does not own the VIP', async () => {
    lb = await RunningLb.start(lab, 'l4', {
      version: 1,
      vipOwner: false,
      services: [{ name: 'web', vip: VIP, port: 80, mode: 'dsr', servers: SERVERS }],
    });
    const answers = await client.calls(4, 'tcp', VIP, 80);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
  });

  it('dsr works with a stateful firewall on the host', async () => {
    const firewall = 'type filter hook forward priority filter; ct state invalid drop;';
    await lab.exec('l4', 'nft', `table inet firewall { chain forward { ${firewall} }; }`);
    lb = await RunningLb.start(lab, 'l4', {
      version: 1,
      vipOwner: false,
      services: [{ name: 'web', vip: VIP, port: 80, mode: 'dsr', servers: SERVERS }],
    });
    const answers = await client.calls(2, 'tcp', VIP, 80);
    await lab.exec('l4', 'nft', 'delete', 'table', 'inet', 'firewall');
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2']);
  });
});

describe('in-line as a switch', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let s1: Endpoint;
  let lb: RunningLb;

  beforeAll(async () => {
    lab = await inLine(
      { links: { client: '198.51.100.1/24', l4: '203.0.113.1/24' }, sysctls: ROUTER },
      { bridge: '203.0.113.2/24', links: { l3: '', sw: '' }, gateway: '203.0.113.1', sysctls: ROUTER },
    );
    client = await lab.endpoint('client');
    s1 = await lab.endpoint('s1');
    await s1.listen('tcp', 80);
    for (const name of ['s2', 'b1']) await (await lab.endpoint(name)).listen('tcp', 80);
  });
  afterEach(async () => {
    expect(await lb.stop()).toBe(0);
  });
  afterAll(() => lab.close());

  const start = async (sourceMac: string) => {
    lb = await RunningLb.start(lab, 'l4', {
      version: 1,
      services: [
        { name: 'web', vip: VIP, port: 80, mode: 'dsr', sourceMac, servers: SERVERS },
        {
          name: 'called',
          vip: CALLED_VIP,
          port: 80,
          mode: 'dsr',
          sourceMac,
          servers: [{ name: 'b1', address: '203.0.113.21' }],
        },
      ],
    });
  };

  it.each(['rewrite', 'keep'])('dsr with sourceMac %s carries a client to the VIP', async (sourceMac) => {
    await start(sourceMac);
    const answers = await client.calls(4, 'tcp', VIP, 80);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
  });

  it('with sourceMac keep, a server gets no flows before its MAC is known', async () => {
    await lab.exec('s2', 'ip', 'link', 'set', 'sw', 'arp', 'off');
    await lab.exec('l4', 'ip', 'neigh', 'flush', 'dev', 'br0');
    await start('keep');
    const state = (up: boolean) =>
      lb.line((line) => line.event === 'server-state' && line['server'] === 's2' && line['up'] === up);
    expect(await state(false)).toMatchObject({ reason: 'no MAC known of 203.0.113.12' });
    const served = async () => (await client.calls(4, 'tcp', VIP, 80)).map(({ server }) => server);
    expect(await served()).toEqual(['s1', 's1', 's1', 's1']);
    await lab.exec('s2', 'ip', 'link', 'set', 'sw', 'arp', 'on');
    await state(true);
    expect(new Set(await served())).toEqual(new Set(['s1', 's2']));
  });

  it('frames to a VIP with the MAC of another host are forwarded, not balanced', async () => {
    lb = await RunningLb.start(lab, 'l4', {
      version: 1,
      vipOwner: false,
      services: [{ name: 'web', vip: VIP, port: 80, mode: 'dsr', servers: SERVERS }],
    });
    const mac = (await lab.exec('s1', 'cat', '/sys/class/net/sw/address')).trim();
    await s1.listen('tcp', 81);
    await lab.exec('l3', 'ip', 'neigh', 'replace', VIP, 'lladdr', mac, 'dev', 'l4', 'nud', 'permanent');
    const passing = await client.call('tcp', VIP, 81);
    await lab.exec('l3', 'ip', 'neigh', 'del', VIP, 'dev', 'l4');
    expect(passing.server).toBe('s1');
    expect(await client.call('tcp', VIP, 81)).toEqual({ error: 'ECONNREFUSED' });
    expect(await lab.exec('client', 'ping', '-n', '-c', '1', '-W', '2', VIP)).toContain(`from ${VIP}`);
  });

  it('a server can call another VIP when the source MAC is rewritten', async () => {
    await start('rewrite');
    expect((await s1.call('tcp', CALLED_VIP, 80)).server).toBe('b1');
  });

  it('a server cannot call another VIP when the source MAC is kept: the switch learns it on the wrong port', async () => {
    await start('keep');
    const mac = (await lab.exec('s1', 'cat', '/sys/class/net/sw/address')).trim();
    // Before anything is sent again (after 1 s, RFC 6298): a SYN of s1's moves its MAC back for a moment.
    const call = s1.call('tcp', CALLED_VIP, 80, { timeoutMs: 800 });
    // During the call: the next frame from s1 itself moves its MAC back.
    await lb.until(async () => (await lab.exec('sw', 'bridge', 'fdb', 'show', 'br', 'br0')).includes(`${mac} dev l4`));
    expect((await call).error).toBe('timeout');
  });
});
