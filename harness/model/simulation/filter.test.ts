import { predict } from '../predict.ts';
import { flow, plan } from '../testing/lab-builder.ts';
import type { NodeSketch } from '../testing/lab-builder.ts';
import { crossSubnet, oneArm, PIP, QUIET_ARP, VIP_A } from '../testing/labs.ts';
import type { FlowPlan } from '../../terms/plan.ts';

type Filter = NonNullable<NodeSketch['filter']>;

const proxy = { vip: VIP_A, mode: 'proxy' as const, pool: ['s1'], proxyIp: PIP };

interface Called {
  to?: string;
  protocol?: FlowPlan['protocol'];
  service?: Parameters<typeof oneArm>[0]['services'][string];
  servers?: Partial<NodeSketch>;
}

/** Outcome, cause, and the last hop of the reply, of a call of the client where a node has a filter. */
function outcome(node: string, filter: Filter, { to = 'a', protocol, service = proxy, servers }: Called = {}) {
  const lab = plan(oneArm({ services: { a: service }, nodes: { [node]: { ...servers, filter } } }));
  const [first] = predict(lab, flow(lab, 'client', to, protocol));
  const { code, node: at } = first!.cause ?? {};
  return [code ?? first!.outcome, at, first!.reply.at(-1)?.node];
}

test.each<[string, string, Filter, Called, unknown[]]>([
  ['a router drops what it forwards', 'l3', [{ drop: { protocol: 'tcp' } }], {}, ['filtered', 'l3', undefined]],
  [
    'a server drops what it receives',
    's1',
    [{ drop: { port: 80, protocol: 'tcp' } }],
    {},
    ['filtered', 's1', undefined],
  ],
  ['the caller drops the answer', 'client', [{ drop: { from: VIP_A } }], {}, ['filtered', 'client', 'client']],
  ['a router resets what it rejects', 'l3', [{ reject: { protocol: 'tcp' } }], {}, ['filtered', 'l3', 'client']],
  ['another port', 's1', [{ drop: { port: 81, protocol: 'tcp' } }], {}, ['works', undefined, 'client']],
  ['another protocol', 's1', [{ drop: { protocol: 'udp' } }], {}, ['works', undefined, 'client']],
  ['another source', 's1', [{ drop: { from: 'client' } }], {}, ['works', undefined, 'client']],
  ['the source as the L4 has made it', 's1', [{ drop: { from: PIP } }], {}, ['filtered', 's1', undefined]],
  [
    'the first match decides',
    's1',
    [{ accept: { from: '203.0.113.0/24' } }, { drop: { protocol: 'tcp' } }],
    {},
    ['works', undefined, 'client'],
  ],
  ['an L4 sees the server as destination', 'l4', [{ drop: { to: 's1' } }], {}, ['filtered', 'l4', undefined]],
  ['and not the VIP', 'l4', [{ drop: { to: VIP_A } }], {}, ['works', undefined, 'client']],
  ['it sees the client as source', 'l4', [{ drop: { from: 'client' } }], {}, ['filtered', 'l4', undefined]],
  ['its reset comes in the name of the VIP', 'l4', [{ reject: { to: 's1' } }], {}, ['filtered', 'l4', 'client']],
  [
    'an echo is rejected by an ICMP error',
    'l3',
    [{ reject: { protocol: 'icmp', type: 'echo-request' } }],
    { to: 's1', protocol: 'icmp' },
    ['filtered', 'l3', 'client'],
  ],
  [
    'an echo is no other message of ICMP',
    'l3',
    [{ drop: { protocol: 'icmp', type: 'unreachable' } }],
    { to: 's1', protocol: 'icmp' },
    ['works', undefined, 'client'],
  ],
])('%s', (_, node, filter, called, expected) => {
  expect(outcome(node, filter, called)).toEqual(expected);
});

test('a rejection by an L4 comes from the called address', () => {
  const lab = plan(oneArm({ services: { a: proxy }, nodes: { l4: { filter: [{ reject: { to: 's1' } }] } } }));
  expect(predict(lab, flow(lab, 'client', 'a'))[0]!.reply.at(-1)?.src.ip).toBe(VIP_A);
});

test('a server whose checks are dropped counts as down', () => {
  const direct = { vip: VIP_A, mode: 'dsr' as const, pool: ['s1'], check: 'tcp' as const };
  const servers = { loopback: [VIP_A], ...QUIET_ARP };
  const [code, at] = outcome('s1', [{ drop: { from: 'l4' } }], { service: direct, servers });
  expect([code, at]).toEqual(['no-server-available', 'l4']);
  const unchecked = { ...direct, check: 'none' as const };
  expect(outcome('s1', [{ drop: { from: 'l4' } }], { service: unchecked, servers })[0]).toBe('works');
});

describe('the ICMP error that a packet was too big', () => {
  const narrow = (filter: Filter, at: string, protocol: FlowPlan['protocol'] = 'http') => {
    const nodes = { l3: { ofInterfaces: { client: { mtu: 1300 } } }, s1: { listeners: ['80/tcp', '80/udp'] } };
    const own = { ...(nodes as Record<string, Partial<NodeSketch>>)[at], filter };
    const lab = plan(oneArm({ services: { a: proxy }, nodes: { ...nodes, [at]: own } }));
    const [first] = predict(lab, {
      ...flow(lab, 'client', protocol === 'udp' ? 's1:80' : 'a', protocol),
      // A larger datagram its sender would cut, and routers again.
      replyBytes: protocol === 'udp' ? 1300 : 4000,
    });
    return [first!.cause?.code ?? first!.outcome, first!.cause?.node];
  };
  const drop: Filter = [{ drop: { protocol: 'icmp', type: 'too-big' } }];

  test.each(['s1', 'l4'])('is lost at %s: the connection hangs for that', (at) => {
    expect(narrow(drop, at)).toEqual(['filtered', at]);
    expect(narrow([{ drop: { protocol: 'icmp', type: 'unreachable' } }], at)).toEqual(['works', undefined]);
  });

  test('does not matter for a datagram, which is lost anyway', () => {
    expect(narrow(drop, 's1', 'udp')).toEqual(['too-big', 'l3']);
  });
});

test('if the refusal of a server is dropped, the dropping node is the cause', () => {
  const lab = plan(
    crossSubnet({
      services: {},
      servers: { listeners: [] },
      nodes: { l3: { filter: [{ drop: { from: '198.51.100.128/25' } }] } },
    }),
  );
  expect(predict(lab, flow(lab, 'client', 's1:80'))[0]!.cause).toMatchObject({ code: 'filtered', node: 'l3' });
});

test('a rule of one family does not affect the other', () => {
  const lab = plan(
    oneArm({ services: { a: proxy }, nodes: { s1: { filter: [{ drop: { from: '2001:db8::/32' } }] } } }),
  );
  expect(predict(lab, flow(lab, 'client', 'a'))[0]!.outcome).toBe('works');
});
