import { flow, plan, type LabSketch } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import type { FlowPlan, Plan, SingleExpectation } from '../terms/plan.ts';
import { batches } from './batches.ts';

const pool = ['s1', 's2'];

function named(lab: Plan, name: string, expect: FlowPlan['expect']): FlowPlan {
  return { ...flow(lab, 'client', 'a'), name, expect };
}

function order(lab: Plan): string[][] {
  return batches(lab).map(({ flows }) => flows.map(({ name }) => name));
}

test('a flow that must be served by each server runs alone, because others would take its turns', () => {
  const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool, proxyIp: PIP } } }));
  lab.flows = [
    named(lab, 'counts', { outcome: 'works', servedBy: { eachOf: pool } }),
    named(lab, 'any', { outcome: 'works' }),
    named(lab, 'counts-too', { outcome: 'works', servedBy: { eachOf: pool } }),
    named(lab, 'some', { outcome: 'works', servedBy: { only: pool } }),
  ];
  expect(order(lab)).toEqual([['any', 'some'], ['counts'], ['counts-too']]);
});

test('a flow whose outcomes must all occur runs alone, because others would take its turns', () => {
  const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool } } }));
  const outcomes: SingleExpectation[] = [{ outcome: 'works' }, { outcome: 'fails', cause: 'own-address-as-source' }];
  lab.flows = [
    named(lab, 'each', { outcome: 'varies', eachOf: outcomes }),
    named(lab, 'any', { outcome: 'works' }),
    named(lab, 'one', { outcome: 'varies', oneOf: outcomes }),
  ];
  expect(order(lab)).toEqual([['any', 'one'], ['each']]);
});

test('a flow with `after` runs right after the other one, both alone, from a clean start', () => {
  const works = { outcome: 'works' } as const;
  const after = (lab: Plan, name: string, former: string): FlowPlan => ({ ...named(lab, name, works), after: former });
  const still = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool } } }));
  still.flows = [after(still, 'third', 'second'), named(still, 'any', works), named(still, 'first', works)];
  still.flows.push(after(still, 'second', 'first'), named(still, 'other', works));
  expect(order(still)).toEqual([
    ['any', 'other'],
    ['first', 'second', 'third'],
  ]);
  expect(batches(still)).toMatchObject([
    { inSequence: false, fromCleanStart: false },
    { inSequence: true, fromCleanStart: true },
  ]);
  const learning = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool } }, servers: { arpIgnore: 2 } }));
  learning.flows = [named(learning, 'first', works), named(learning, 'any', works), after(learning, 'second', 'first')];
  expect(order(learning)).toEqual([['any'], ['first', 'second']]);
});

test('flows from one source port run one by one, each from a clean start', () => {
  const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool } } }));
  const works = { outcome: 'works' } as const;
  const from = (name: string, sourcePort: number): FlowPlan => ({ ...named(lab, name, works), sourcePort });
  lab.flows = [from('one', 5060), named(lab, 'any', works), from('alone', 5061), from('other', 5060)];
  expect(order(lab)).toEqual([['any', 'alone'], ['one'], ['other']]);
  expect(batches(lab).map(({ fromCleanStart }) => fromCleanStart)).toEqual([false, true, true]);
});

test('flows that count servers of different services run at the same time', () => {
  const services = { mode: 'dnat' as const, pool };
  const lab = plan(oneArm({ services: { a: { ...services, vip: VIP_A }, b: { ...services, vip: '203.0.113.81' } } }));
  const counted: FlowPlan['expect'] = { outcome: 'works', servedBy: { counts: { s1: 1, s2: 1 } } };
  lab.flows = ['a', 'b'].map((service) => ({ ...flow(lab, 'client', service), name: service, expect: counted }));
  expect(order(lab)).toEqual([['a', 'b']]);
});

test.each<[string, LabSketch]>([
  [
    'the source MAC is kept',
    oneArm({
      services: { a: { vip: VIP_A, mode: 'dsr', pool, sourceMac: 'keep' } },
      servers: { loopback: [VIP_A], ...QUIET_ARP },
    }),
  ],
  [
    'ARP is answered by who asks',
    oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool } }, servers: { arpIgnore: 2 } }),
  ],
  [
    'a server asks for its gateway in the name of the VIP, which lies in the same subnet',
    oneArm({
      services: { a: { vip: VIP_A, mode: 'dsr', pool } },
      servers: { loopback: [VIP_A], arpIgnore: 1, arpAnnounce: 1 },
    }),
  ],
])('flows from which switches or neighbours learn run one by one, each from a clean start: %s', (_, sketch) => {
  const lab = plan(sketch);
  lab.flows = [named(lab, 'one', { outcome: 'works' }), named(lab, 'two', { outcome: 'works' })];
  expect(order(lab)).toEqual([['one'], ['two']]);
  expect(batches(lab).every(({ fromCleanStart }) => fromCleanStart)).toBe(true);
});
