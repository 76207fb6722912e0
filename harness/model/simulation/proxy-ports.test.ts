import type { FlowPlan, Plan } from '../../terms/plan.ts';
import { flow, plan } from '../testing/lab-builder.ts';
import type { ServiceSketch } from '../testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../testing/labs.ts';
import { pairLab } from '../testing/pair-lab.ts';
import { predict } from '../predict.ts';
import { predictTimeline } from '../time/timeline.ts';

const PROXIED = { vip: VIP_A, mode: 'proxy' as const, proxyIp: PIP, pool: ['s1'] };

/** How the first of some flows may go, each to a service and so many times. */
function outcomes(
  services: Record<string, Partial<ServiceSketch>>,
  ...flows: [to: string, repeat: number][]
): string[] {
  const sketches = Object.entries(services).map(([name, service]) => [name, { ...PROXIED, ...service }] as const);
  const lab = plan(oneArm({ services: Object.fromEntries(sketches) }));
  const all = flows.map(([to, repeat]): FlowPlan => ({ ...flow(lab, 'client', to), repeat }));
  const full: Plan = { ...lab, flows: all };
  return [...new Set(predict(full, all[0]!).map(({ outcome, cause }) => cause?.code ?? outcome))].sort();
}

const EXHAUSTED = ['ports-exhausted', 'works'];

test.each<[string, string[], Parameters<typeof outcomes>]>([
  ['as many ports as calls', ['works'], [{ a: { proxyPorts: '40000-40003' } }, ['a', 4]]],
  ['fewer', EXHAUSTED, [{ a: { proxyPorts: '40000-40003' } }, ['a', 5]]],
  ['all ports', ['works'], [{ a: {} }, ['a', 500]]],
  ['several flows to one service', EXHAUSTED, [{ a: { proxyPorts: '40000-40003' } }, ['a', 3], ['a', 2]]],
  [
    'another service with the same proxy IP',
    EXHAUSTED,
    [{ a: { proxyPorts: '40000-40003' }, b: { vip: '203.0.113.81' } }, ['a', 3], ['b', 2]],
  ],
  [
    'another service with a proxy IP of its own',
    ['works'],
    [{ a: { proxyPorts: '40000-40003' }, b: { vip: '203.0.113.81', proxyIp: '203.0.113.253' } }, ['a', 3], ['b', 2]],
  ],
  [
    'another service of the other protocol',
    ['works'],
    [{ a: { proxyPorts: '40000-40003' }, b: { protocol: 'udp' } }, ['a', 3], ['b', 2]],
  ],
])('%s: %j', (_, expected, called) => {
  expect(outcomes(...called)).toEqual(expected);
});

test('a retransmitted SYN may find a free port on another proxy IP', () => {
  const service = { ...PROXIED, proxyIp: [PIP, '203.0.113.253'], proxyPorts: '40000-40000' };
  const lab = plan(oneArm({ services: { a: service } }));
  const called = { ...flow(lab, 'client', 'a'), repeat: 2 };
  const predicted = predict({ ...lab, flows: [called] }, called);
  const slow = predicted.filter(({ findings }) => findings.some(({ code }) => code === 'slow-start'));
  expect([...new Set(slow.map(({ sourceSeen }) => sourceSeen))]).toEqual([PIP, '203.0.113.253']);
  expect(slow.map(({ request }) => request.at(-1)!.node)).not.toContain('s1');
});

test('the server sees a source port in the range', () => {
  const lab = plan(oneArm({ services: { a: { ...PROXIED, proxyPorts: '50000-50003' } } }));
  const [{ request } = { request: [] }] = predict(lab, flow(lab, 'client', 'a'));
  expect(request.at(-1)!.src).toMatchObject({ ip: PIP, port: 50_000 });
});

describe('kept connections', () => {
  const kept = (connections: number): Plan =>
    pairLab({
      service: { mode: 'proxy', proxyIp: PIP, proxyPorts: '40000-40007', pool: ['s1'] },
      streams: [{ name: 'session', connection: 'kept', connections }],
      steps: [[], []],
    });

  test('each has a port', () => {
    const [, second] = predictTimeline(kept(8));
    expect(second![0]).toMatchObject({ connections: { survive: 'all' } });
    expect(second![0]!.settled!.map(({ outcome }) => outcome)).toEqual(['works']);
  });

  test('some get no port, not even later', () => {
    for (const [stream] of predictTimeline(kept(9))) {
      const codes = stream!.settled!.map(({ outcome, cause }) => cause?.code ?? outcome);
      expect([...new Set(codes)].sort()).toEqual(EXHAUSTED);
      expect(stream!.connections).toMatchObject({ survive: 'some', cause: { code: 'ports-exhausted', node: 'l4a' } });
      expect(stream!.outage).toBeNull();
    }
  });
});
