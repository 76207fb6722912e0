import { mac, plan } from '../../model/testing/lab-builder.ts';
import { CLIENT, L3, L4, oneArm, S1, S2, VIP_A } from '../../model/testing/labs.ts';
import type { NodeSketch } from '../../model/testing/lab-builder.ts';
import type { Icmp, Sighting } from '../../terms/sighting.ts';
import { arp, evidenceOf, segment } from '../testing/evidence.ts';
import { causeOfFailure } from './index.ts';

/** Port unreachable (RFC 792), about a datagram for s1. */
const unreachable: Icmp = {
  type: 3,
  code: 3,
  id: 0,
  seq: 0,
  inner: { src: '198.51.100.10', dst: S1, protocol: 17, srcPort: 40_000, dstPort: 80 },
};

const services = { a: { vip: VIP_A, mode: 'proxy' as const, proxyIp: 'auto', pool: ['s1'] } };

test('a static MAC whose node does not have the address; not if the frame has another MAC', () => {
  const s2 = mac(plan(oneArm({ services })), 's2', 'l2');
  const found = (neighbours: Record<string, string>): unknown => {
    const seen = evidenceOf(oneArm({ services, nodes: { l3: { neighbours: { [VIP_A]: 's2' } } } }), 'client', 'a');
    return causeOfFailure({ ...seen, plan: plan(oneArm({ services, nodes: { l3: { neighbours } } })) });
  };
  expect(found({ [VIP_A]: 's2' })).toMatchObject({
    code: 'stale-neighbour',
    node: 'l3',
    detail: { code: 'neighbour-static', params: { mac: s2, owner: 's2', holder: 'l4' } },
  });
  expect(found({ [VIP_A]: 's1' })).not.toMatchObject({ code: 'stale-neighbour' });
});

describe('proxy_arp of the node that a static entry names', () => {
  const found = (proxyArp: boolean, nodes: (l3: Partial<NodeSketch>) => Record<string, Partial<NodeSketch>>) => {
    const l3 = { proxyArp, filter: [{ drop: { to: 'client', protocol: 'tcp' as const } }] };
    return causeOfFailure(evidenceOf(oneArm({ services: {}, nodes: nodes(l3) }), 'client', 's1:80')).code;
  };

  test('it answers for addresses behind its other interfaces', () => {
    // The server takes the client for a neighbour.
    const s1 = { interfaces: { l2: `${S1}/1` }, neighbours: { [CLIENT]: 'l3' } };
    expect(found(true, (l3) => ({ l3, s1 }))).not.toBe('stale-neighbour');
    expect(found(false, (l3) => ({ l3, s1 }))).toBe('stale-neighbour');
  });

  test('not for addresses on the link itself', () => {
    const s1 = { neighbours: { [L3]: 's2' } };
    expect(found(true, ({ proxyArp = false }) => ({ s1, s2: { proxyArp, forwarding: false } }))).toBe(
      'stale-neighbour',
    );
  });
});

test('not for an ICMP error: its event is the cause', () => {
  const s1 = { neighbours: { [L3]: '02:00:00:00:00:99' }, listeners: [] };
  const seen = evidenceOf(oneArm({ services: {}, nodes: { s1 } }), 'client', 's1:80');
  const [sent] = seen.walk.reply;
  const refusal = (icmp: boolean): Sighting => {
    const { src, dst } = sent!;
    const frame = { srcMac: src.mac, dstMac: dst.mac, length: 60, ...(icmp ? { icmp: unreachable } : {}) };
    return { time: 0, node: 's1', iface: 'l2', direction: 'out', frame };
  };
  expect(causeOfFailure({ ...seen, packets: [refusal(false)] }).code).toBe('stale-neighbour');
  expect(causeOfFailure({ ...seen, packets: [refusal(true)] }).code).not.toBe('stale-neighbour');
});

test('not if a server without the VIP forwarded the request there: the missing VIP takes precedence', () => {
  const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s1'] } };
  const wrong = { [VIP_A]: '02:00:00:00:00:99' };
  const found = (loopback: string[], node: string): unknown => {
    const s1 = { forwarding: true, loopback };
    const nodes = node === 's1' ? { s1: { ...s1, neighbours: wrong } } : { s1, [node]: { neighbours: wrong } };
    return causeOfFailure(evidenceOf(oneArm({ services: dsr, nodes }), 'client', 'a'));
  };
  expect(found([], 's1')).toMatchObject({ code: 'vip-not-on-server', node: 's1' });
  expect(found([], 'l3')).toMatchObject({ code: 'stale-neighbour', node: 'l3' });
});

test('not if the wrong neighbour forwarded the refusal', () => {
  const s1 = { neighbours: { [L3]: 'l4' }, listeners: [] };
  const seen = evidenceOf(oneArm({ services: {}, nodes: { s1, l4: { forwarding: true } } }), 'client', 's1:80');
  const client = { ...seen.client, outcome: 'ECONNREFUSED' as const };
  const packets = [segment(5, ['s1', 'out', 'l2'], { seq: 0, flags: 'RA' })];
  expect(causeOfFailure({ ...seen, client, packets })).toMatchObject({ code: 'refused', node: 's1' });
});

test('not if the request arrived through the wrong neighbour, and its reply has no route', () => {
  const nodes = { client: { neighbours: {} }, s1: { neighbours: { [S2]: 'l4' } }, s2: {}, l4: { forwarding: true } };
  const seen = evidenceOf(oneArm({ services: {}, nodes }), 's1', 's2:80');
  const arrived = { ...seen.walk, reply: [] };
  expect(arrived.request.at(-1)).toMatchObject({ node: 's2', direction: 'in' });
  const client = { ...seen.client, outcome: 'timeout' as const };
  expect(causeOfFailure({ ...seen, client, walk: arrived })).not.toMatchObject({ code: 'stale-neighbour' });
  const listeners: string[] = [];
  const deaf = evidenceOf(oneArm({ services: {}, nodes: { ...nodes, s2: { listeners } } }), 's1', 's2:80');
  expect(causeOfFailure({ ...deaf, client, walk: arrived })).toMatchObject({ code: 'stale-neighbour', node: 's1' });
});

test('an ARP reply did not arrive, because it went to the MAC of a static entry', () => {
  const nobody = '02:00:00:00:00:99';
  const seen = evidenceOf(oneArm({ services: {}, nodes: { s1: { neighbours: { [L4]: nobody } } } }), 'l4', 's1:80');
  const answer = arp(['s1', 'out', 'l2'], { op: 'reply', senderIp: S1, targetIp: L4 });
  const packets = (dstMac: string): Sighting[] => [
    arp(['l4', 'out', 'l2'], { op: 'request', senderIp: L4, targetIp: S1 }),
    { ...answer, frame: { ...answer.frame, dstMac } },
  ];
  const found = (dstMac: string): unknown =>
    causeOfFailure({ ...seen, walk: { request: [], reply: [] }, packets: packets(dstMac) });
  expect(found(nobody)).toMatchObject({ code: 'stale-neighbour', node: 's1' });
  expect(found('')).toMatchObject({ code: 'no-neighbour', node: 'l4' });
});
