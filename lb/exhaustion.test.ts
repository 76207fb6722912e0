import type { Endpoint } from './netns/endpoint.ts';
import { callApi } from './netns/api-client.ts';
import { NetnsLab, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const VIP = '203.0.113.80';
/** Source NAT keeps a privileged port within 600 to 1023 (nf_nat_core.c): a range small enough to be used up. */
const PORTS = Array.from({ length: 1024 - 600 }, (_, i) => 600 + i);

async function exhaustedFlows(socket: string): Promise<string> {
  const { body } = await callApi(socket, 'GET', '/metrics');
  return /^l4lab_lb_exhausted_flows_total (.*)$/m.exec(body)?.[1] ?? '';
}

describe('a flow for which the proxy IP has no port left', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let socket: string;
  let localPort = 50_000;

  beforeAll(async () => {
    lab = await NetnsLab.create({
      client: { links: { sw: '203.0.113.100/24 203.0.113.101/24 2001:db8::100/64' } },
      sw: { bridge: '', links: { client: '', l4: '', s1: '' } },
      l4: { links: { sw: '203.0.113.2/24 2001:db8::2/64' }, sysctls: ROUTER },
      s1: { links: { sw: '203.0.113.11/24 2001:db8::11/64' } },
    });
    socket = lab.file('api.sock');
    client = await lab.endpoint('client');
    await (await lab.endpoint('s1')).listen('udp', 53, '::');
  });
  afterAll(() => lab.close());

  const start = (fields: object, [vip, server] = [VIP, '203.0.113.11']): Promise<RunningLb> => {
    const servers = [{ name: 's1', address: server }];
    const dns = { name: 'dns', vip, port: 53, protocol: 'udp', mode: 'proxy', servers, ...fields };
    return RunningLb.start(lab, 'l4', { version: 1, api: { socket }, services: [dns] });
  };

  it('is dropped and counted', async () => {
    const lb = await start({ proxyIp: '203.0.113.254' });
    for (const port of PORTS) {
      const from = { from: '203.0.113.100', localPort: port };
      expect(await client.call('udp', VIP, 53, from)).toMatchObject({ server: 's1' });
    }
    expect(await exhaustedFlows(socket)).toBe('0');
    const options = { from: '203.0.113.101', localPort: PORTS[0]!, timeoutMs: 300 };
    expect(await client.call('udp', VIP, 53, options)).toEqual({ error: 'timeout' });
    expect(await exhaustedFlows(socket)).toBe('1');
    await lb.stop();
  });

  it.each([
    ['a proxy IP', { proxyIp: '203.0.113.253' }, undefined, 3],
    ['each of two', { proxyIp: ['203.0.113.252', '203.0.113.251'] }, undefined, 6],
    ['the address of the interface', { proxyIp: 'auto' }, undefined, 3],
    ['a proxy IP of IPv6', { proxyIp: '2001:db8::253' }, ['2001:db8::80', '2001:db8::11'], 3],
    ['each of two of IPv6', { proxyIp: ['2001:db8::252', '2001:db8::251'] }, ['2001:db8::80', '2001:db8::11'], 6],
  ])('follows as many flows as %s has ports in its range', async (_, proxy, addresses, most) => {
    const lb = await start({ ...proxy, proxyPorts: '40000-40002' }, addresses as [string, string] | undefined);
    const answers = [];
    for (let i = 0; i <= most; i++) {
      // Of one that was used before, conntrack knows where it went.
      answers.push(await client.call('udp', addresses?.[0] ?? VIP, 53, { localPort: localPort++, timeoutMs: 300 }));
    }
    await lb.stop();
    const ports = answers.map((answer) => ('sourcePort' in answer ? answer.sourcePort : answer.error));
    const each = [40_000, 40_001, 40_002].flatMap((port) => Array.from({ length: most / 3 }, () => port));
    expect([...ports.slice(0, most).sort(), ports[most]]).toEqual([...each, 'timeout']);
  });
});
