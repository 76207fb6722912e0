import { predict } from '../model/predict.ts';
import { oneArm, VIP_A, VIP_B } from '../model/testing/labs.ts';
import { flow as flowOf, plan as planOf } from '../model/testing/lab-builder.ts';
import type { Attempt } from '../terms/attempt.ts';
import { cause } from '../terms/cause.ts';
import type { Sighting } from '../terms/sighting.ts';
import { disagreement } from './agreement.ts';
import { withCachedAnswer, withQuestion } from './by-name.ts';

const NAME = 'www.example.test';
const service = (vip: string) => ({ vip, mode: 'proxy' as const, proxyIp: 'auto', pool: ['s1'] });
const sketch = oneArm({
  services: { a: service(VIP_A), b: service(VIP_B) },
  nodes: { s2: { listeners: ['53/udp'] } },
});
const plan = planOf({ ...sketch, names: { [NAME]: { server: 's2', records: ['a', 'b'] } } });
const flow = flowOf(plan, 'client', NAME);
const predicted = predict(plan, flow);

/** An attempt that went as the model says. */
function attempt(fields: Partial<Attempt>): Attempt {
  return {
    token: 'l4lab-x',
    outcome: 'works',
    client: 'answered',
    cause: null,
    findings: [],
    sentAgainMs: null,
    servedBy: null,
    l4: null,
    picked: null,
    sourceSeen: null,
    observed: { request: [], reply: [] },
    packets: [],
    epoch: '0',
    macTables: {},
    counters: {},
    durationMs: 1,
    ...fields,
  };
}

const { question, request, reply, servedBy, sourceSeen, l4, picked } = predicted[0]!;
const asked = attempt({ observed: { request: question!.request, reply: question!.reply }, servedBy: 's2' });
const called = attempt({ observed: { request, reply }, client: '200', servedBy, sourceSeen, l4, picked });

test('a call follows its DNS query, and both are compared with the prediction', () => {
  const joined = withQuestion(flow.byName!, { attempt: asked, addresses: [VIP_A, VIP_B] }, called);
  expect(joined).toMatchObject({ outcome: 'works', client: '200', servedBy: 's1', durationMs: 2 });
  expect(joined.observed.question).toMatchObject({ name: NAME, server: 's2', addresses: [VIP_A, VIP_B] });
  expect(disagreement(joined, predicted)).toBeNull();
});

test('an unexpected first address, and another path of the DNS query, are disagreements', () => {
  const onlyA = predicted.slice(0, 1);
  const other = withQuestion(flow.byName!, { attempt: asked, addresses: [VIP_B] }, called);
  expect(disagreement(other, onlyA)).toMatchObject({
    code: 'answer-differs',
    params: { seen: VIP_B, predicted: VIP_A },
  });
  const lost = { ...asked, observed: { ...asked.observed, reply: [] } };
  const astray = withQuestion(flow.byName!, { attempt: lost, addresses: [VIP_A] }, called);
  expect(disagreement(astray, onlyA)).toMatchObject({
    code: 'path-differs',
    params: { hop: { leg: 'answer', number: 1 } },
  });
});

test('an answer without an address ends the flow, with its cause at the DNS server', () => {
  expect(withQuestion(flow.byName!, { attempt: asked, addresses: [] }, null)).toMatchObject({
    outcome: 'fails',
    client: 'ENOTFOUND',
    cause: { code: 'no-address', node: 's2' },
    servedBy: null,
    observed: { request: [], reply: [], question: { addresses: [] } },
  });
});

test('if a name has records but none for the caller, the cause names the caller', () => {
  const none = withQuestion(flow.byName!, { attempt: asked, addresses: [] }, null);
  expect(none.cause).toMatchObject({
    code: 'no-address',
    detail: { code: 'no-record-left', params: { node: 's2', name: NAME, source: '198.51.100.10' } },
  });
});

test('an address that no record has explains nothing', () => {
  const strange = withQuestion(flow.byName!, { attempt: asked, addresses: ['192.0.2.99'] }, null);
  expect(strange).toMatchObject({ outcome: 'fails', cause: { code: 'unexplained', node: 's2' } });
});

describe('a cached answer', () => {
  const byName = { ...flow.byName!, cached: { address: VIP_A, ageS: 60, ttlS: 300 } };
  const why = cause('refused', 'listener-missing', { node: 's1', address: VIP_A, port: 80, protocol: 'tcp' });
  const failed = attempt({ outcome: 'fails', client: 'ECONNREFUSED', cause: why });
  const causeAfter = (asked: Parameters<typeof withCachedAnswer>[3]): unknown =>
    withCachedAnswer('client', byName, failed, asked).cause;

  test('replaces the query', () => {
    const { outcome, observed } = withCachedAnswer('client', byName, called, null);
    expect(outcome).toBe('works');
    expect(observed.question).toMatchObject({ addresses: [VIP_A], ageS: 60, request: [] });
  });

  test('is the cause if a new query gets another address', () => {
    expect(causeAfter({ attempt: asked, addresses: [VIP_B] })).toMatchObject({
      code: 'stale-answer',
      node: 'client',
      detail: { params: { address: VIP_A, addresses: [VIP_B], met: 'refused', metAt: 's1' } },
    });
  });

  test.each([
    ['a new question gets its address as well', { attempt: asked, addresses: [VIP_B, VIP_A] }],
    ['there is no other address', { attempt: asked, addresses: [] }],
    ['nobody answers', { attempt: { ...asked, outcome: 'fails' as const }, addresses: [] }],
  ])('is not the cause if %s', (_, again) => {
    expect(causeAfter(again)).toBe(why);
  });
});

test('packets of query and call have the same clock', () => {
  const at = (time: number): Sighting => {
    return { time, node: 'client', iface: 'l3', direction: 'out', frame: { srcMac: '', dstMac: '', length: 60 } };
  };
  const joined = withQuestion(
    flow.byName!,
    { attempt: { ...asked, packets: [at(1), at(2)], epoch: '1000000' }, addresses: [VIP_A] },
    { ...called, packets: [at(1)], epoch: '1500000' },
  );
  expect(joined.epoch).toBe('1000000');
  expect(joined.packets.map(({ time }) => time)).toEqual([1, 2, 500_001]);
});
