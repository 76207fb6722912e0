import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const VIP = '198.51.100.80';
const DSCP = 11;

/** What a server does: the DSCP value becomes the VIP again, before its own stack sees the packet. */
function undo(address: string): string {
  return `table netdev l3dsr {
    chain undo {
      type filter hook ingress device "l3" priority filter;
      ip dscp ${DSCP} ip daddr ${address} ip daddr set ${VIP} ip dscp set 0
    }
  }`;
}

describe('l3dsr: servers in other subnets', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const servers = [1, 2].map((n) => ({ name: `s${n}`, address: `203.0.113.${n * 16 + 1}` }));
  const start = async (fields: Record<string, unknown>) => {
    const service = { name: 'web', vip: VIP, mode: 'l3dsr', dscp: DSCP, servers, ...fields };
    lb = await RunningLb.start(lab, 'l4', { version: 1, services: [service] });
  };

  beforeAll(async () => {
    const gateways = servers.map(({ name }, i) => [name, `203.0.113.${(i + 1) * 16 + 2}/28`] as const);
    lab = await NetnsLab.create({
      l3: {
        links: { client: '198.51.100.1/26', l4: '198.51.100.65/26', ...Object.fromEntries(gateways) },
        sysctls: ROUTER,
      },
      client: { links: { l3: '198.51.100.20/26' }, gateway: '198.51.100.1' },
      l4: { links: { l3: '198.51.100.66/26' }, gateway: '198.51.100.65', sysctls: ROUTER },
      ...Object.fromEntries(
        servers.map(({ name, address }, i) => [
          name,
          { links: { l3: `${address}/28` }, gateway: `203.0.113.${(i + 1) * 16 + 2}`, loopback: [`${VIP}/32`] },
        ]),
      ),
    });
    client = await lab.endpoint('client');
    for (const { name, address } of servers) {
      await lab.exec(name, 'nft', undo(address));
      const endpoint = await lab.endpoint(name);
      await endpoint.listen('tcp', 80);
      await endpoint.listen('udp', 53, VIP);
    }
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it.each([
    ['tcp', 80],
    ['udp', 53],
  ] as const)('%s alternates servers, which see the client and reply to it directly', async (protocol, port) => {
    await start({ protocol, port });
    const answers = await client.calls(4, protocol, VIP, port);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
    expect(new Set(answers.map(({ source }) => source))).toEqual(new Set(['198.51.100.20']));
  });

  it('a health check detects that a server does not hold the VIP', async () => {
    await lab.exec('s2', 'nft', 'flush', 'ruleset');
    await start({ port: 80, check: { type: 'tcp', timeoutMs: 300 } });
    await lab.exec('s2', 'nft', undo(servers[1]!.address));
    expect((await client.calls(2, 'tcp', VIP, 80)).map(({ server }) => server)).toEqual(['s1', 's1']);
  });
});
