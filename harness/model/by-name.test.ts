import type { Prediction } from '../terms/walk.ts';
import { predict } from './predict.ts';
import { flow, plan, type LabSketch } from './testing/lab-builder.ts';
import { oneArm, VIP_A, VIP_B } from './testing/labs.ts';

const NAME = 'www.example.test';
const DNS = '203.0.113.12';

/** Two VIPs with a server each, and a DNS server at s2. */
function lab(records: unknown[], nodes: Parameters<typeof oneArm>[0]['nodes'] = {}): LabSketch {
  const service = (vip: string) => ({ vip, mode: 'proxy' as const, proxyIp: 'auto', pool: ['s1'] });
  const dns = { s2: { listeners: ['53/udp'], ...nodes['s2'] } };
  const sketch = oneArm({ services: { a: service(VIP_A), b: service(VIP_B) }, nodes: { ...nodes, ...dns } });
  return { ...sketch, names: { [NAME]: { server: 's2', records } } };
}

function called(sketch: LabSketch, protocol?: Parameters<typeof flow>[3]): Prediction[] {
  const built = plan(sketch);
  return predict(built, flow(built, 'client', NAME, protocol));
}

/** Addresses of a walk's ends. */
function ends(hops: Prediction['request']): unknown[] {
  return [hops[0]?.src.ip, hops[0]?.dst.ip, hops.at(-1)?.node];
}

test('the query goes to the DNS server and back, and then the first address is called', () => {
  const both = called(lab(['a', 'b']));
  expect(both.map(({ outcome, question }) => [outcome, question?.addresses])).toEqual([
    ['works', [VIP_A, VIP_B]],
    ['works', [VIP_B, VIP_A]],
  ]);
  for (const { question, request } of both) {
    expect(question).toMatchObject({ name: NAME, server: 's2' });
    expect(ends(question!.request)).toEqual(['198.51.100.10', DNS, 's2']);
    expect(question!.request[0]?.dst.port).toBe(53);
    expect(ends(question!.reply)).toEqual([DNS, '198.51.100.10', 'client']);
    expect(ends(request)).toEqual(['198.51.100.10', question!.addresses[0], 's1']);
  }
});

test('a record may be an address of a node', () => {
  const sketch = lab(['203.0.113.11']);
  expect(called(sketch).map(({ outcome, servedBy, l4 }) => [outcome, servedBy, l4])).toEqual([['works', 's1', null]]);
});

test.each<[string, LabSketch, unknown]>([
  ['nothing is known of the name', lab([]), ['no-address', 's2']],
  ['no DNS server listens', lab(['a'], { s2: { listeners: [] } }), ['refused', 's2']],
  [
    'the question is filtered',
    lab(['a'], { l3: { filter: [{ drop: { protocol: 'udp', port: 53 } }] } }),
    ['filtered', 'l3'],
  ],
  ['the DNS server is cut off', lab(['a'], { s2: { down: ['l2'] } }), ['no-neighbour', 'l3']],
])('%s: nothing is called', (_, sketch, expected) => {
  const all = called(sketch);
  expect(all.map(({ cause }) => [cause?.code, cause?.node])).toEqual([expected]);
  expect(all[0]).toMatchObject({ request: [], reply: [], servedBy: null, question: { addresses: [] } });
  expect(all[0]!.question!.request.length).toBeGreaterThan(0);
});

/** The same with checks, and a policy; s1 serves one of them and s2 the other, or the server that is given. */
function balanced(name: Record<string, unknown>, listeners: Record<'s1' | 's2', string[]>): LabSketch {
  const service = (vip: string, server: string) => {
    return { vip, mode: 'proxy' as const, proxyIp: 'auto', check: 'tcp' as const, pool: [server] };
  };
  const nodes = { s1: { listeners: listeners.s1 }, s2: { listeners: ['53/udp', ...listeners.s2] } };
  const sketch = oneArm({ services: { a: service(VIP_A, 's1'), b: service(VIP_B, 's2') }, nodes });
  return { ...sketch, names: { [NAME]: { server: 's2', records: ['a', 'b'], ...name } } };
}

const UP = ['80/tcp'];
const [MINE, OTHERS] = ['198.51.100.0/24', '192.0.2.0/24'];

test.each<[string, Record<string, unknown>, Record<'s1' | 's2', string[]>, unknown[]]>([
  ['plain DNS answers with what is down', {}, { s1: [], s2: UP }, ['no-server-available', 's2']],
  ['onlyHealthy does not', { onlyHealthy: true }, { s1: [], s2: UP }, ['s2']],
  ['failover: the first', { policy: 'failover' }, { s1: UP, s2: UP }, ['s1']],
  ['failover: the next, if the first is down', { policy: 'failover' }, { s1: [], s2: UP }, ['s2']],
  ['failover: all are down', { policy: 'failover' }, { s1: [], s2: [] }, ['no-record-left']],
  [
    'by-source: the record for the network of the caller',
    { policy: 'by-source', records: [{ to: 'a', from: MINE }, 'b'] },
    { s1: UP, s2: UP },
    ['s1'],
  ],
  [
    'by-source: the smallest network counts',
    {
      policy: 'by-source',
      records: [
        { to: 'a', from: '0.0.0.0/0' },
        { to: 'b', from: MINE },
      ],
    },
    { s1: UP, s2: UP },
    ['s2'],
  ],
  [
    'by-source: one without a network for all others',
    { policy: 'by-source', records: [{ to: 'a', from: OTHERS }, 'b'] },
    { s1: UP, s2: UP },
    ['s2'],
  ],
  [
    'by-source: none is for the caller',
    { policy: 'by-source', records: [{ to: 'a', from: OTHERS }] },
    { s1: UP, s2: UP },
    ['no-record-left'],
  ],
  [
    'by-source: the one for the caller is down',
    { policy: 'by-source', onlyHealthy: true, records: [{ to: 'a', from: MINE }, 'b'] },
    { s1: [], s2: UP },
    ['s2'],
  ],
])('%s', (_, name, listeners, expected) => {
  const all = called(balanced(name, listeners));
  const left = ({ cause, servedBy }: Prediction): unknown => {
    if (cause === null) return servedBy;
    return cause.code === 'no-address' ? cause.detail.code : cause.code;
  };
  expect(all.map(left)).toEqual(expected);
});

/** A call with an answer of a minute ago, the address of service a. */
function remembering(sketch: LabSketch): Prediction[] {
  const built = plan(sketch);
  const asks = flow(built, 'client', NAME);
  const call = asks.byName!.calls.find(({ address }) => address === VIP_A)!;
  const cached = { address: VIP_A, ageS: 60, ttlS: 300 };
  return predict(built, { ...asks, ...call, byName: { ...asks.byName!, cached } });
}

test('a caller with a cached answer sends no query', () => {
  const [only, ...others] = remembering(balanced({ policy: 'failover' }, { s1: UP, s2: UP }));
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    outcome: 'works',
    servedBy: 's1',
    question: { name: NAME, server: 's2', request: [], reply: [], addresses: [VIP_A], ageS: 60 },
  });
  expect(ends(only!.request)).toEqual(['198.51.100.10', VIP_A, 's1']);
});

test('a cached answer is outdated if a call fails, and a new query gets another address', () => {
  const [only, ...others] = remembering(balanced({ policy: 'failover' }, { s1: [], s2: UP }));
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    outcome: 'fails',
    cause: {
      code: 'stale-answer',
      node: 'client',
      detail: { params: { address: VIP_A, addresses: [VIP_B], met: 'no-server-available', metAt: 'l4' } },
    },
  });
});

test.each<[string, Record<string, unknown>, string[]]>([
  ['a new question gets the same address', {}, ['80/tcp']],
  ['there is no other address either', { policy: 'failover' }, []],
])('a cached answer is not the cause if %s', (_, name, s2) => {
  const causes = remembering(balanced(name, { s1: [], s2 })).map(({ cause }) => [cause?.code, cause?.node]);
  expect(causes).toEqual([['no-server-available', 'l4']]);
});

test('a call that fails after its query has its own cause', () => {
  const both = called(lab(['a', '203.0.113.12']));
  expect(both.map(({ cause, question }) => [question?.addresses[0], cause?.code, cause?.node])).toEqual([
    [VIP_A, undefined, undefined],
    [DNS, 'refused', 's2'],
  ]);
});
