import { CLIENT, L3, oneArm, PIP, QUIET_ARP, S1, VIP_A } from '../../model/testing/labs.ts';
import type { NodeSketch, ServiceSketch } from '../../model/testing/lab-builder.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { evidenceOf, icmp, named } from '../testing/evidence.ts';
import { causeOfFailure } from './index.ts';

const NAT = { nat: { out: 'l2', to: 'masquerade' as const } };
const dnat: ServiceSketch = { vip: VIP_A, mode: 'dnat', pool: ['s1'] };

/** What is seen of a call behind the router, that goes as the model says. */
function seen(service: ServiceSketch, more: Partial<Evidence> = {}, l3: Partial<NodeSketch> = NAT): Evidence {
  return evidenceOf(oneArm({ services: { a: service }, nodes: { l3 } }), 'client', 'a', more);
}

test('the reply came to the router from a server that it had not called', () => {
  const evidence = seen(dnat);
  expect(named(evidence)).toEqual(['reply-not-from-vip', 'l3']);
  expect(causeOfFailure(evidence).detail).toMatchObject({
    code: 'reply-not-translated',
    params: { called: VIP_A, source: S1, owner: 's1' },
  });
});

test('the reply came from the called server, but from another port', () => {
  const evidence = seen({ ...dnat, mode: 'proxy', proxyIp: PIP });
  const last = evidence.walk.reply.findIndex(({ node, direction }) => node === 'l3' && direction === 'in');
  const reply = evidence.walk.reply.slice(0, last + 1).map((hop) => ({ ...hop, src: { ...hop.src, port: 54 } }));
  expect(causeOfFailure({ ...evidence, walk: { ...evidence.walk, reply } })).toMatchObject({
    node: 'l3',
    detail: {
      code: 'reply-not-translated',
      params: { called: VIP_A, source: VIP_A, ports: { called: 80, source: 54 } },
    },
  });
});

test('the reply matches the second of two translations by the router, but not the first', () => {
  const evidence = seen(dnat);
  const { request, reply } = evidence.walk;
  const SECOND = '203.0.113.99';
  const called = request.findLast(({ node, direction }) => node === 'l3' && direction === 'out')!;
  const back = { ...called, direction: 'in' as const, dst: { ...called.dst, ip: S1 } };
  const again = { ...back, direction: 'out' as const, src: { ...called.src, ip: SECOND } };
  const last = reply.at(-1)!;
  const walk = {
    request: [...request, back, again],
    reply: [...reply.slice(0, -1), { ...last, dst: { ...last.dst, ip: SECOND } }],
  };
  const nat = { nat: { out: 'l2', to: [L3, SECOND] } };
  const twice = { ...seen(dnat, {}, nat), walk };
  expect(causeOfFailure(twice)).toMatchObject({
    node: 'l3',
    detail: { code: 'reply-not-translated', params: { called: VIP_A, source: S1, address: L3 } },
  });
});

test('the same for an address that the router does not have, although it forwards nothing or has no route', () => {
  const nat = { nat: { out: 'l2', to: '192.0.2.1' } };
  const services = { a: dnat };
  const lab = oneArm({ services, nodes: { l3: nat } });
  const evidence = evidenceOf(lab, 'client', 'a', { kernel: 'no-route' });
  expect(named(evidence)).toEqual(['reply-not-from-vip', 'l3']);
});

test('its source is not checked if the router has no route for an untranslated reply', () => {
  const evidence = seen(dnat, { kernel: 'reverse-path' }, { nat: { out: 'l2', to: '192.0.2.1' }, rpFilter: 1 });
  expect(named(evidence)).toEqual(['reply-not-from-vip', 'l3']);
});

test('not if its kernel has no route for the reply', () => {
  expect(named(seen(dnat, { kernel: 'reverse-path' }, { ...NAT, rpFilter: 1 }))).toEqual(['reverse-path', 'l3']);
});

test('nor if the reply came from the called server: its loss has another cause', () => {
  const evidence = seen({ ...dnat, mode: 'proxy', proxyIp: PIP });
  const last = evidence.walk.reply.findIndex(({ node, direction }) => node === 'l3' && direction === 'in');
  const reply = evidence.walk.reply.slice(0, last + 1);
  expect(named({ ...evidence, walk: { ...evidence.walk, reply } })[0]).toBe('unexplained');
});

test('a router that had not called has lost the connection, or never had it', () => {
  const evidence = seen({ ...dnat, mode: 'dsr' }, {}, NAT);
  const direct = evidenceOf(
    oneArm({
      services: { a: { ...dnat, mode: 'dsr' } },
      servers: { loopback: [VIP_A], ...QUIET_ARP },
      nodes: { l3: NAT },
    }),
    'client',
    'a',
  );
  const last = direct.walk.reply.findIndex(({ node, direction }) => node === 'l3' && direction === 'in');
  const request = evidence.walk.request.filter(({ node }) => node !== 'l3');
  const walk = { request, reply: direct.walk.reply.slice(0, last + 1) };
  expect(named({ ...direct, walk })).toEqual(['connection-unknown', 'l3']);
});

test('a dropping route is looked up with the client as destination, also for the packet that an error quotes', () => {
  const routes = [{ to: `${CLIENT}/32`, type: 'prohibit' as const }];
  const evidence = seen({ ...dnat, mode: 'proxy', proxyIp: PIP }, {}, { ...NAT, routes });
  const { dst, src } = evidence.walk.reply.findLast(({ node }) => node === 'l3')!;
  const inner = { src: VIP_A, dst: L3, protocol: 6, srcPort: 80, dstPort: 40000 };
  const error = icmp([1, 'l3', 'out', 'l2'], { type: 3, code: 13, inner }, [src.mac, dst.mac]);
  expect(named({ ...evidence, packets: [error] })).toEqual(['no-route', 'l3']);
});

test('a filter on the router sees the client as destination of replies', () => {
  const evidence = seen({ ...dnat, mode: 'proxy', proxyIp: PIP }, {}, { ...NAT, filter: [{ drop: { to: 'client' } }] });
  const { reply } = evidence.walk;
  const { src, dst, ttl } = reply.at(-1)!;
  const packets: Evidence['packets'] = [
    {
      time: 1,
      node: 'l3',
      iface: 'l2',
      direction: 'in',
      frame: {
        srcMac: src.mac,
        dstMac: dst.mac,
        length: 66,
        ip: { version: 4, src: src.ip, dst: dst.ip, ttl, protocol: 6, id: 0, dscp: 0 },
        tcp: { srcPort: 80, dstPort: 40000, seq: 1, ack: 0, flags: 'SA', payloadLength: 0 },
      },
    },
  ];
  expect(named({ ...evidence, packets })).toEqual(['filtered', 'l3']);
});
