import { causeOfFailure } from './index.ts';
import { L3, oneArm, PIP, VIP_A } from '../../model/testing/labs.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Sighting } from '../../terms/sighting.ts';
import { CLIENT, evidenceOf, icmp, named, TCP_KEY } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s2'], proxyIp: PIP } };
const strict = { rpFilter: 1 };

describe('reply-not-from-vip', () => {
  const sketch = oneArm({ services: dnat });

  test('if the reply reached the caller from the server', () => {
    expect(named(evidenceOf(sketch, 'client', 'a'))).toEqual(['reply-not-from-vip', 'client']);
  });

  test('not if the kernel of the caller refuses its path', () => {
    const kernel = 'reverse-path';
    const filtered = evidenceOf(oneArm({ services: dnat, nodes: { client: strict } }), 'client', 'a', { kernel });
    expect(named(filtered)).toEqual(['reverse-path', 'client']);
  });

  test('not if an L4 that balances its own calls gets it from the picked server', () => {
    const own = oneArm({ services: { a: { ...dnat.a, ownCalls: true } } });
    expect(named(evidenceOf(own, 'l4', 'a'))[0]).not.toBe('reply-not-from-vip');
  });

  test('not if it came from the VIP', () => {
    expect(named(evidenceOf(oneArm({ services: proxy }), 'client', 'a'))[0]).not.toBe('reply-not-from-vip');
  });

  test('if it reached the L4 that hides the caller, from an address that the L4 did not call', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const { request } = evidence.walk;
    const end = evidence.walk.reply.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    const from = (ip: string): [string, string] => {
      const reply = evidence.walk.reply.slice(0, end).map((hop) => ({ ...hop, src: { ...hop.src, ip } }));
      return named({ ...evidence, walk: { request, reply } });
    };
    expect(from('203.0.113.31')).toEqual(['reply-not-from-vip', 'l4']);
    const error = icmp([5, 'l3', 'out', 'l2'], { type: 3, code: 1 });
    const reply = evidence.walk.reply.slice(0, end).map((hop) => ({ ...hop, src: { ...hop.src, ip: L3 } }));
    expect(named({ ...evidence, walk: { request, reply }, packets: [error] })).toEqual(['no-neighbour', 'l3']);
    expect(from('203.0.113.12')[0]).not.toBe('reply-not-from-vip');
  });

  test('if the first reply came from the VIP, and a later one not, because a router translated its source', () => {
    const nat = { out: 'client', to: 'masquerade' as const };
    const evidence = evidenceOf(oneArm({ services: proxy, nodes: { l3: { nat } } }), 'client', 'a');
    const { dst } = evidence.walk.reply.at(-1)!;
    const later = (src: string, dstPort = TCP_KEY.sourcePort): Evidence['packets'] => [
      {
        time: 1,
        node: 'client',
        iface: 'l3',
        direction: 'in',
        frame: {
          srcMac: '',
          dstMac: dst.mac,
          length: 200,
          ip: { version: 4, src, dst: CLIENT, ttl: 63, protocol: 6, id: 0, dscp: 0 },
          tcp: { srcPort: 80, dstPort, seq: 2, ack: 2, flags: 'A', payloadLength: 0 },
        },
      },
    ];
    expect(named({ ...evidence, packets: later('198.51.100.1') })).toEqual(['reply-not-from-vip', 'client']);
    expect(named({ ...evidence, packets: later(VIP_A) })[0]).toBe('unexplained');
    expect(named({ ...evidence, packets: later(L3, 1) })[0]).toBe('unexplained');
  });

  test('if it reached the caller, or the L4 that hides it, from another port than the called one', () => {
    const fromPort = (evidence: Evidence, port: number, end?: number): unknown => {
      const reply = evidence.walk.reply.slice(0, end).map((hop) => ({ ...hop, src: { ...hop.src, port } }));
      return causeOfFailure({ ...evidence, walk: { ...evidence.walk, reply } });
    };
    const hidden = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const ports = { called: 80, source: 54 };
    const at = (node: string) => ({ code: 'reply-not-from-vip', node, detail: { params: { ports } } });
    expect(fromPort(hidden, 54)).toMatchObject(at('client'));
    const end = hidden.walk.reply.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    expect(fromPort(hidden, 54, end)).toMatchObject(at('l4'));
    const own = oneArm({ services: { a: { ...dnat.a, ownCalls: true } } });
    expect(fromPort(evidenceOf(own, 'l4', 'a'), 54)).toMatchObject(at('l4'));
  });

  test('if a later segment reached the L4 that hides the caller from an address of a router, and its kernel reset it', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const { dst, src } = evidence.walk.reply[0]!;
    const at = (node: string, direction: 'in' | 'out', from: string, to: string, tcp: object): Sighting => ({
      time: 1,
      node,
      iface: 'l2',
      direction,
      frame: {
        srcMac: '',
        dstMac: '',
        length: 66,
        ip: { version: 4, src: from, dst: to, ttl: 64, protocol: 6, id: 0, dscp: 0 },
        tcp: { srcPort: 80, dstPort: 40000, seq: 2, ack: 9, flags: 'A', payloadLength: 0, ...tcp },
      },
    });
    const later = (router: string): Evidence['packets'] => [
      at('s2', 'out', src.ip, dst.ip, {}),
      at('l4', 'in', router, dst.ip, {}),
      at('l4', 'out', dst.ip, router, { srcPort: 40000, dstPort: 80, seq: 9, ack: 0, flags: 'R' }),
    ];
    expect(named({ ...evidence, packets: later(L3) })).toEqual(['reply-not-from-vip', 'l4']);
    expect(named({ ...evidence, packets: later(src.ip) })[0]).not.toBe('reply-not-from-vip');
  });

  test('not if it did not reach the caller', () => {
    const evidence = evidenceOf(sketch, 'client', 'a');
    const reply = evidence.walk.reply.slice(0, -1);
    expect(named({ ...evidence, walk: { ...evidence.walk, reply } })[0]).not.toBe('reply-not-from-vip');
  });
});

test('connection-unknown: the reply went to an L4 that has the address of the caller too', () => {
  const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };
  const evidence = evidenceOf(oneArm({ services: dsr, servers: { loopback: [VIP_A] } }), 's2', 's1:80');
  const { mac } = evidence.plan.nodes.find(({ name }) => name === 'l4')!.interfaces[0]!;
  const from = (address: string): [string, string] => {
    const request = evidence.walk.request.map((hop) => ({ ...hop, src: { ...hop.src, ip: address } }));
    const reply = evidence.walk.reply
      .slice(0, -1)
      .map((hop) => ({ ...hop, dst: { ...hop.dst, ip: address, mac } }))
      .concat([{ ...evidence.walk.reply.at(-1)!, node: 'l4', dst: { ip: address, mac, port: 40000 } }]);
    return named({ ...evidence, walk: { request, reply } });
  };
  expect(from(VIP_A)).toEqual(['connection-unknown', 'l4']);
  expect(from('203.0.113.12')[0]).not.toBe('connection-unknown');
});
