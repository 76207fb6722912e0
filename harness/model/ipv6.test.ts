import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { NodeSketch, ServiceSketch } from './testing/lab-builder.ts';

const VIP = '2001:db8:1::80';

/** One-arm with IPv6 addresses only. */
function outcomes(service: Omit<ServiceSketch, 'vip' | 'pool'>, server: Partial<NodeSketch>, from: string): string[] {
  const lab = plan({
    nodes: {
      client: { role: 'client', interfaces: { l3: '2001:db8:c::10/64' }, gateway: '2001:db8:c::1' },
      l3: { role: 'l3', interfaces: { client: '2001:db8:c::1/64', l2: '2001:db8:1::1/64' }, forwarding: true },
      l2: { role: 'l2' },
      l4: { role: 'l4', interfaces: { l2: '2001:db8:1::2/64' }, gateway: '2001:db8:1::1', forwarding: true },
      s1: { role: 'server', interfaces: { l2: '2001:db8:1::11/64' }, gateway: '2001:db8:1::1', ...server },
      s2: { role: 'server', interfaces: { l2: '2001:db8:1::12/64' }, gateway: '2001:db8:1::1', ...server },
    },
    links: [
      ['client', 'l3'],
      ['l3', 'l2'],
      ['l4', 'l2'],
      ['s1', 'l2'],
      ['s2', 'l2'],
    ],
    services: { web: { vip: VIP, pool: ['s1', 's2'], ...service } },
  });
  return predict(lab, flow(lab, from, 'web')).map(({ outcome, cause }) => cause?.code ?? outcome);
}

test('proxy, dnat and dsr go as with IPv4', () => {
  expect(outcomes({ mode: 'proxy', proxyIp: '2001:db8:1::fe' }, {}, 's1')).toEqual(['works', 'works']);
  expect(outcomes({ mode: 'dnat' }, { gateway: '2001:db8:1::2' }, 'client')).toEqual(['works', 'works']);
  expect(outcomes({ mode: 'dnat' }, {}, 'client')).toEqual(['reply-not-from-vip', 'reply-not-from-vip']);
  expect(outcomes({ mode: 'dsr' }, {}, 'client')).toEqual(['vip-not-on-server', 'vip-not-on-server']);
});

test('a VIP on the loopback needs no arp settings: neighbour discovery answers for the own interface only', () => {
  expect(outcomes({ mode: 'dsr' }, { loopback: [VIP] }, 'client')).toEqual(['works', 'works']);
});

test('IPv6 drops no packet for its source: a server that is sent its own call answers to the wrong socket', () => {
  expect(outcomes({ mode: 'dnat' }, {}, 's1')).toEqual(['reply-not-from-vip', 'reply-not-from-vip']);
});
