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

it('a flow for which the proxy IP has no port left is dropped and counted', async () => {
  const lab = await NetnsLab.create({
    client: { links: { sw: '203.0.113.100/24 203.0.113.101/24' } },
    sw: { bridge: '', links: { client: '', l4: '', s1: '' } },
    l4: { links: { sw: '203.0.113.2/24' }, sysctls: ROUTER },
    s1: { links: { sw: '203.0.113.11/24' } },
  });
  const socket = lab.file('api.sock');
  try {
    const client = await lab.endpoint('client');
    await (await lab.endpoint('s1')).listen('udp', 53, '203.0.113.11');
    await RunningLb.start(lab, 'l4', {
      version: 1,
      api: { socket },
      services: [
        {
          name: 'dns',
          vip: VIP,
          port: 53,
          protocol: 'udp',
          mode: 'proxy',
          proxyIp: '203.0.113.254',
          servers: [{ name: 's1', address: '203.0.113.11' }],
        },
      ],
    });
    for (const localPort of PORTS) {
      expect(await client.call('udp', VIP, 53, { from: '203.0.113.100', localPort })).toMatchObject({ server: 's1' });
    }
    expect(await exhaustedFlows(socket)).toBe('0');
    const options = { from: '203.0.113.101', localPort: PORTS[0]!, timeoutMs: 300 };
    expect(await client.call('udp', VIP, 53, options)).toEqual({ error: 'timeout' });
    expect(await exhaustedFlows(socket)).toBe('1');
  } finally {
    await lab.close();
  }
});
