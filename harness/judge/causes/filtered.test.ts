import { crossSubnet, oneArm, PIP, S1, VIP_A } from '../../model/testing/labs.ts';
import type { NodeSketch } from '../../model/testing/lab-builder.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { NodePlan, Plan } from '../../terms/plan.ts';
import type { Frame, Sighting } from '../../terms/sighting.ts';
import type { Hop } from '../../terms/walk.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { CLIENT, evidenceOf, named } from '../testing/evidence.ts';
import { causeOfFailure } from './index.ts';

const services = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s1', 's2'], proxyIp: PIP } };

/** What is seen of a call that goes as the model says: the SYN, and what answers it. */
function seen(nodes: Record<string, Partial<NodeSketch>>, more: Partial<Evidence> = {}): Evidence {
  const evidence = evidenceOf(oneArm({ services, nodes }), 'client', 'a', more);
  const { request, reply } = evidence.walk;
  const isReset = reply[0]?.node !== 's1' && reply[0]?.node !== 's2';
  const packets = [...sightings(request, 'S'), ...sightings(reply, isReset ? 'RA' : 'SA')];
  return { ...evidence, packets, ...more };
}

function sightings(hops: Hop[], flags: string): Sighting[] {
  return hops.map(({ node, iface, direction, src, dst, ttl }, time) => ({
    time,
    node,
    iface,
    direction,
    frame: {
      srcMac: src.mac,
      dstMac: dst.mac,
      length: 66,
      ip: { version: 4, src: src.ip, dst: dst.ip, ttl, protocol: 6, id: 0, dscp: 0 },
      tcp: { srcPort: src.port!, dstPort: dst.port!, seq: 1, ack: 0, flags, payloadLength: 0 },
    },
  }));
}

const drop: NonNullable<NodeSketch['filter']> = [{ accept: { protocol: 'udp' } }, { drop: { protocol: 'tcp' } }];
const counted = (node: string, rule = 2): Partial<Evidence> => ({
  counters: { [node]: { [`l4lab_filter rule${rule}`]: 1 } },
});

test.each(['l3', 's1', 'client'])('a packet came to %s, and the counter of a rule that matches it rose', (node) => {
  const evidence = seen({ [node]: { filter: drop } }, counted(node));
  expect(named(evidence)).toEqual(['filtered', node]);
  expect(causeOfFailure(evidence).detail.params).toMatchObject({ number: 2, rule: 'drop tcp' });
});

test.each([{ l3: { IpInDiscards: 1 } }, {}])('not if that counter did not rise: %j', (counters) => {
  expect(named(seen({ l3: { filter: drop } }, { counters }))[0]).not.toBe('filtered');
});

test('without counters a matching rule is enough', () => {
  expect(named(seen({ l3: { filter: drop } }))).toEqual(['filtered', 'l3']);
});

test('not if the kernel refuses the packet first', () => {
  const nodes = { l3: { filter: drop, rpFilter: 1 } };
  expect(named(seen(nodes, { ...counted('l3'), kernel: 'reverse-path' }))).toEqual(['reverse-path', 'l3']);
  expect(named(seen(nodes, { ...counted('l3'), kernel: 'no-route' }))).toEqual(['no-route', 'l3']);
});

test('not at a router that forwards nothing', () => {
  expect(named(seen({ l3: { filter: drop, forwarding: false } }, counted('l3')))).toEqual(['not-forwarding', 'l3']);
});

test('the filter of an L4 sees the translated packet: the address of a server, not the VIP', () => {
  const toServer = seen({ l4: { filter: [{ drop: { to: 's1' } }] } }, counted('l4', 1));
  expect(named(toServer)).toEqual(['filtered', 'l4']);
  expect(causeOfFailure(toServer).detail.params).toMatchObject({ address: S1 });
  const down = { ...counted('l4', 1), healthy: [] };
  expect(named(seen({ l4: { filter: [{ drop: { to: 's1' } }] } }, down))).toEqual(['no-server-available', 'l4']);
});

test('while a step removes a rule, a call may still have met it', () => {
  const base = seen({ l3: { filter: drop } });
  const withoutFilter = base.plan.nodes.map((node) => ({ ...node, filter: undefined }) as unknown as NodePlan);
  const l3 = withoutFilter.filter(({ name }) => name === 'l3');
  const timeline = { streams: [], steps: [{ actions: [], nodes: l3, services: [] }] };
  const whole = { ...base.plan, timeline } as unknown as Plan;
  const at = (isActing: boolean): Evidence => ({
    ...base,
    plan: { ...base.plan, nodes: withoutFilter },
    moment: { step: 0, whole, isActing, holders: () => undefined, walkBegins: 0 },
  });
  expect(named(at(true))).toEqual(['filtered', 'l3']);
  expect(named(at(false))[0]).not.toBe('filtered');
});

test('a caller that a rule rejects gets a reset, and the rule is the cause', () => {
  const evidence = seen({ l3: { filter: [{ reject: { port: 80, protocol: 'tcp' } }] } }, counted('l3', 1));
  expect(evidence.walk.reply.at(-1)?.node).toBe('client');
  expect(named({ ...evidence, client: { ...evidence.client, outcome: 'ECONNREFUSED' } })).toEqual(['filtered', 'l3']);
});

describe('an ICMP error for a server', () => {
  const sketch = (filter: NodeSketch['filter']) => crossSubnet({ services: {}, nodes: { s1: { filter } } });
  /** `told` of s1 by the router. */
  const evidence = (filter: NodeSketch['filter'], told: { type: number; code: number }): Evidence => {
    const base = evidenceOf(sketch(filter), 'client', 's1:80', counted('s1', 1));
    const { mac } = nodeOf(base.plan, 's1').interfaces[0]!;
    const inner = { src: '198.51.100.141', dst: CLIENT, protocol: 6, srcPort: 80, dstPort: 20000 };
    const frame: Frame = {
      srcMac: '',
      dstMac: mac,
      length: 98,
      ip: { version: 4, src: '198.51.100.129', dst: inner.src, ttl: 64, protocol: 1, id: 0, dscp: 0 },
      icmp: { ...told, id: 0, seq: 0, inner },
    };
    const at = (node: string, direction: 'in' | 'out', iface: string, time: number): Sighting => ({
      time,
      node,
      direction,
      iface,
      frame,
    });
    return { ...base, packets: [at('l3', 'out', 'l2', 1), at('s1', 'in', 'l2', 2)] };
  };

  test('too big: dropping it is why the connection hangs', () => {
    expect(named(evidence([{ drop: { protocol: 'icmp', type: 'too-big' } }], { type: 3, code: 4 }))).toEqual([
      'filtered',
      's1',
    ]);
    expect(named(evidence([{ drop: { protocol: 'icmp', type: 'redirect' } }], { type: 3, code: 4 }))).toEqual([
      'too-big',
      'l3',
    ]);
  });

  test('any other: the reported event is the cause, even if the error is lost', () => {
    expect(named(evidence([{ drop: { protocol: 'icmp' } }], { type: 3, code: 1 }))).toEqual(['no-neighbour', 'l3']);
  });
});

describe('a tunnelled packet', () => {
  const drop = (protocol: 'ipip' | 'tcp') => ({ filter: [{ drop: { protocol } }] });
  const ipip = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'] } };
  const server = { loopback: [VIP_A], tunnelEnd: ['a'] };
  const judged = (nodes: Record<string, Partial<NodeSketch>>, node: string): [string, string] => {
    const evidence = evidenceOf(crossSubnet({ services: ipip, nodes }), 'client', 'a', counted(node, 1));
    const packets = sightings(evidence.walk.request, 'S').map((one, index) => {
      const { inside } = evidence.walk.request[index]!;
      if (inside === undefined) return one;
      const ip = { ...one.frame.ip!, protocol: 4 };
      return { ...one, frame: { ...one.frame, ip, inside: { ...one.frame.ip!, ...inside } } };
    });
    return named({ ...evidence, packets });
  };

  test('on the path a filter sees the outer packet', () => {
    expect(judged({ l3: drop('ipip'), s1: server }, 'l3')).toEqual(['filtered', 'l3']);
  });

  test.each(['ipip', 'tcp'] as const)('at the end of its tunnel a filter sees both: %s', (protocol) => {
    expect(judged({ s1: { ...server, ...drop(protocol) } }, 's1')).toEqual(['filtered', 's1']);
  });
});
