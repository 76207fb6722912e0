import { confirm, track } from './conntrack.ts';
import type { Connection } from './conntrack.ts';
import { hideSource, translateDestination, translateSource } from './nat.ts';
import { predict } from '../predict.ts';
import type { Packet, Step } from './packet.ts';
import { flow, plan } from '../testing/lab-builder.ts';
import type { NodeSketch } from '../testing/lab-builder.ts';
import { CLIENT, L3, oneArm, PIP, QUIET_ARP, VIP_A } from '../testing/labs.ts';
import type { FlowPlan } from '../../terms/plan.ts';

const MASQUERADE: NodeSketch['nat'] = { out: 'l2', to: 'masquerade' };
/** Of the subnet of the servers, and nobody's. */
const OTHER = '203.0.113.50';
/** Of a subnet that is nobody's. */
const ELSEWHERE = '192.0.2.1';

type Service = Parameters<typeof oneArm>[0]['services'][string];
const dsr: Service = { vip: VIP_A, mode: 'dsr', pool: ['s1'] };
const dnat: Service = { vip: VIP_A, mode: 'dnat', pool: ['s1'] };
const proxy: Service = { vip: VIP_A, mode: 'proxy', pool: ['s1'], proxyIp: PIP };

interface Called {
  to?: string;
  from?: string;
  protocol?: FlowPlan['protocol'];
  l3?: Partial<NodeSketch>;
  nodes?: Record<string, Partial<NodeSketch>>;
  servers?: Partial<NodeSketch>;
}

/** What comes of a call where l3 hides what leaves toward l2. */
function called(service: Service, { to = 'a', from = 'client', protocol, l3 = {}, nodes, servers }: Called = {}) {
  const lab = plan(
    oneArm({
      services: { a: service },
      servers: service.mode === 'dsr' ? { loopback: [VIP_A], ...QUIET_ARP, ...servers } : { ...servers },
      nodes: { l3: { nat: MASQUERADE, ...l3 }, ...nodes },
    }),
  );
  return predict(lab, flow(lab, from, to, protocol))[0]!;
}

/** Outcome or cause, its node, and the source that the server saw. */
function outcome(...args: Parameters<typeof called>): unknown[] {
  const { outcome, cause, sourceSeen } = called(...args);
  return cause === null ? [outcome, sourceSeen] : [cause.code, cause.node];
}

test('the server sees the interface address, and the caller gets its reply from the called address', () => {
  const { outcome, request, reply, sourceSeen } = called(dsr);
  expect([outcome, sourceSeen]).toEqual(['works', L3]);
  const left = request.find(({ node, direction }) => node === 'l3' && direction === 'out')!;
  expect(left.src).toMatchObject({ ip: L3, port: request[0]!.src.port });
  expect(left.changed).toContainEqual({ field: 'src ip', from: CLIENT, to: L3 });
  expect(reply.at(-1)).toMatchObject({ node: 'client', src: { ip: VIP_A }, dst: { ip: CLIENT } });
});

test.each<[string, FlowPlan['protocol']]>([
  ['an echo', 'icmp'],
  ['a datagram', 'udp'],
])('%s is translated too', (_, protocol) => {
  const servers = { listeners: ['80/udp'] };
  expect(outcome(dsr, { to: 's1', protocol, servers })).toEqual(['works', L3]);
});

test('packets on other interfaces keep their source', () => {
  expect(outcome(dsr, { from: 's2', to: 'client:80', nodes: { client: { listeners: ['80/tcp'] } } })).toEqual([
    'works',
    '203.0.113.12',
  ]);
});

describe('in dnat', () => {
  const byL4 = { gateway: '203.0.113.2' };

  test('the NAT address is a neighbour of the servers, whose replies bypass the L4', () => {
    const { cause } = called(dnat, { servers: byL4 });
    expect(cause).toMatchObject({
      code: 'reply-not-from-vip',
      node: 'l3',
      detail: {
        code: 'reply-not-translated',
        params: { called: VIP_A, source: '203.0.113.11', owner: 's1', address: L3 },
      },
    });
  });

  test('with an address of another subnet, replies return via the gateway', () => {
    const l3 = { nat: { out: 'l2', to: ELSEWHERE }, loopback: [ELSEWHERE] };
    expect(outcome(dnat, { l3, servers: byL4 })).toEqual(['works', ELSEWHERE]);
  });

  test('with a proxy IP, replies return to the L4', () => {
    expect(outcome(proxy, { servers: byL4 })).toEqual(['works', PIP]);
  });
});

test('ARP for an address that no node holds fails; one on the loopback is answered', () => {
  const nat = { out: 'l2', to: OTHER };
  expect(outcome(dsr, { l3: { nat } })).toEqual(['no-neighbour', 's1']);
  expect(outcome(dsr, { l3: { nat, loopback: [OTHER] } })).toEqual(['works', OTHER]);
});

test('an address of one family does not affect the other', () => {
  expect(outcome(dsr, { l3: { nat: { out: 'l2', to: '2001:db8::1' } } })).toEqual(['works', CLIENT]);
});

test('an ICMP error from outside reaches the caller and quotes the packet it sent', () => {
  const { cause, reply } = called(dsr, { to: 's1', protocol: 'udp', servers: { listeners: [] } });
  expect(cause).toMatchObject({ code: 'refused', node: 's1' });
  expect(reply.at(-1)).toMatchObject({ node: 'client', dst: { ip: CLIENT } });
});

test('the router selects the source of its own ICMP error before translating it back', () => {
  const [outside, inside] = ['203.0.113.1', '198.51.100.1'];
  const unanswered = { s1: { down: ['l2'] } };
  const source = (nat: NodeSketch['nat'], loopback: string[] = []): string | undefined => {
    const { reply } = called(dsr, { to: 's1', protocol: 'udp', l3: { nat, loopback }, nodes: unanswered });
    expect(reply.at(-1)).toMatchObject({ node: 'client', dst: { ip: CLIENT } });
    return reply[0]?.src.ip;
  };
  expect(source('none')).toBe(inside);
  expect(source(MASQUERADE)).toBe(outside);
  expect(source({ out: 'l2', to: OTHER }, [OTHER])).toBe(OTHER);
  expect(source({ out: 'l2', to: OTHER })).toBe(outside);
});

test('without a route to that address the router sends no error', () => {
  const l3 = { nat: { out: 'l2', to: ELSEWHERE } };
  const { cause, reply } = called(dsr, { to: 's1', protocol: 'udp', l3, nodes: { s1: { down: ['l2'] } } });
  expect(cause).toMatchObject({ code: 'no-neighbour', node: 'l3' });
  expect(reply).toEqual([]);
});

test('an error that the reply was too big is translated back', () => {
  const lab = plan(
    oneArm({ services: {}, nodes: { l3: { nat: MASQUERADE, ofInterfaces: { client: { mtu: 1300 } } } } }),
  );
  const [first] = predict(lab, { ...flow(lab, 'client', 's1:80'), replyBytes: 4000 });
  expect(first).toMatchObject({ outcome: 'works', sourceSeen: L3 });
});

describe('a reply to a request that used another router', () => {
  const sketch = oneArm({
    services: {},
    nodes: {
      client: {
        interfaces: { l3: `${CLIENT}/25`, b1: '198.51.100.138/25' },
        listeners: ['80/tcp', '80/udp'],
      },
      l3: { nat: MASQUERADE, interfaces: { client: '198.51.100.1/25', l2: `${L3}/24` } },
      b1: {
        role: 'l3',
        interfaces: { l2: '203.0.113.21/24', client: '198.51.100.129/25' },
        routes: [{ to: '198.51.100.0/25', via: '198.51.100.138' }],
        forwarding: true,
      },
      s1: { routes: [{ to: '198.51.100.0/25', via: '203.0.113.21' }] },
    },
  });
  const lab = plan({ ...sketch, links: [...sketch.links, ['client', 'b1']] });

  test('TCP: conntrack treats a SYN-ACK without SYN as invalid, so NAT skips it; later packets are translated', () => {
    const [first] = predict(lab, flow(lab, 's1', 'client:80'));
    expect(first!.reply.at(-1)).toMatchObject({ node: 's1', src: { ip: CLIENT } });
    expect(first!.cause).toMatchObject({ code: 'reply-not-from-vip', node: 's1', detail: { params: { source: L3 } } });
  });

  test('a UDP reply starts a new connection, and its source is translated', () => {
    const [first] = predict(lab, flow(lab, 's1', 'client:80', 'udp'));
    expect(first!.cause).toMatchObject({ code: 'reply-not-from-vip', node: 's1', detail: { params: { source: L3 } } });
  });
});

test('a UDP reply from another port belongs to no connection of the router', () => {
  const S1 = '203.0.113.11';
  const servers = { listeners: [{ listen: '80/udp', answersFromPort: 54 }] };
  const { cause } = called(dsr, { to: 's1', protocol: 'udp', servers });
  expect(cause).toMatchObject({
    code: 'reply-not-from-vip',
    node: 'l3',
    detail: { code: 'reply-not-translated', params: { called: S1, source: S1, ports: { called: 80, source: 54 } } },
  });
});

describe('ports', () => {
  const packet = (step: Step, src: string, srcPort: number, dst: string, dstPort: number): Packet => ({
    id: 0,
    step,
    protocol: 'tcp',
    src,
    srcPort,
    dst,
    dstPort,
    ttl: 64,
    size: 60,
    trace: null,
  });
  /** A connection behind the one address, opened from a port. */
  const opened = (table: Connection[], src: string, srcPort: number) => {
    const request = packet('syn', src, srcPort, VIP_A, 80);
    const tracked = track(table, request);
    if (tracked.state !== 'new') throw new Error('a SYN begins a connection');
    hideSource(table, tracked.connection, L3);
    confirm(table, tracked);
    return translateSource(request, tracked);
  };

  test('two clients with the same port get different ones, and their own replies', () => {
    const table: Connection[] = [];
    const [one, other] = [opened(table, CLIENT, 40000), opened(table, '198.51.100.138', 40000)];
    expect([one.src, other.src]).toEqual([L3, L3]);
    expect(one.srcPort).toBe(40000);
    expect(other.srcPort).not.toBe(40000);
    for (const [sent, client] of [
      [one, CLIENT],
      [other, '198.51.100.138'],
    ] as const) {
      const answer = packet('syn-ack', VIP_A, 80, L3, sent.srcPort);
      expect(translateDestination(answer, track(table, answer))).toMatchObject({ dst: client, dstPort: 40000 });
    }
  });

  test('toward two servers the ports may be equal', () => {
    const table: Connection[] = [];
    opened(table, CLIENT, 40000);
    const request = packet('syn', '198.51.100.138', 40000, '203.0.113.81', 80);
    const tracked = track(table, request);
    if (tracked.state !== 'new') throw new Error('a SYN begins a connection');
    hideSource(table, tracked.connection, L3);
    expect(translateSource(request, tracked).srcPort).toBe(40000);
  });

  test('after the last port, the first free one is used', () => {
    const table: Connection[] = [];
    opened(table, CLIENT, 65535);
    expect(opened(table, '198.51.100.138', 65535).srcPort).toBe(1024);
  });
});
