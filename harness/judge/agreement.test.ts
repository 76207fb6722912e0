import { predict } from '../model/predict.ts';
import { oneArm, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import { disagreement } from './agreement.ts';
import { judgeAttempt } from './attempt.ts';
import { evidenceOf } from './testing/evidence.ts';

test('packets of a node to itself are on no wire, so their absence is no disagreement', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s2'] } },
    servers: { loopback: [VIP_A], ...QUIET_ARP, listeners: [] },
  });
  const evidence = evidenceOf(sketch, 's1', 'a', {
    client: { answered: false, outcome: 'ECONNREFUSED', servedBy: null, sourceSeen: null },
  });
  expect(disagreement(judgeAttempt(evidence, 1), predict(evidence.plan, evidence.flow))).toBeNull();
});

test('a kernel may report a missing end of a tunnel, or not', () => {
  const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s2'] } };
  const { plan, flow, ...evidence } = evidenceOf(oneArm({ services, servers: { tunnelEnd: [] } }), 'client', 'a');
  const predicted = predict(plan, flow);
  const reported = { ...judgeAttempt({ plan, flow, ...evidence }, 1), cause: predicted[0]!.cause };
  expect(predicted).toMatchObject([{ cause: { code: 'no-tunnel-end', node: 's2' } }]);
  expect(predicted[0]!.reply.length).toBeGreaterThan(0);
  expect(disagreement(reported, predicted)).toBeNull();
  expect(disagreement({ ...reported, observed: { ...reported.observed, reply: [] } }, predicted)).toBeNull();
  const half = reported.observed.reply.slice(0, 1);
  expect(disagreement({ ...reported, observed: { ...reported.observed, reply: half } }, predicted)).not.toBeNull();
});

test('a flow that should have worked reports its cause', () => {
  const evidence = evidenceOf(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } }), 'client', 'a');
  const attempt = judgeAttempt(evidence, 1);
  const predicted = { ...predict(evidence.plan, evidence.flow)[0]!, outcome: 'works' as const, cause: null };
  expect(disagreement(attempt, [predicted])).toEqual({
    code: 'outcome-differs',
    params: {
      seen: { outcome: 'fails', cause: { code: 'reply-not-from-vip', node: 'client' } },
      predicted: { outcome: 'works', cause: null },
      hop: null,
    },
  });
});

describe('a flow that works', () => {
  const proxied = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s1', 's2'], proxyIp: '203.0.113.254' } };
  const client = { answered: true, outcome: '200' as const, servedBy: 's1', sourceSeen: '203.0.113.254' };
  const evidence = evidenceOf(oneArm({ services: proxied }), 'client', 'a', { client });
  const attempt = judgeAttempt(evidence, 1);
  const predicted = predict(evidence.plan, evidence.flow);

  test('agrees if it matches one alternative of the prediction', () => {
    expect(predicted).toHaveLength(2);
    expect(disagreement(attempt, predicted)).toBeNull();
  });

  test('through another L4 is reported as that, whichever server was picked', () => {
    const other = { ...attempt, l4: 'l4b', picked: 's2' };
    expect(disagreement(other, predicted)).toEqual({
      code: 'l4-differs',
      params: { seen: 'l4b', predicted: attempt.l4, hop: null },
    });
    const mixed = [predicted[0]!, { ...predicted[0]!, l4: 'l4b' }];
    expect(disagreement(other, mixed)).toMatchObject({ code: 'picked-differs', params: { seen: 's2' } });
  });

  test('differs at the first hop that was observed differently', () => {
    const request = attempt.observed.request.filter(({ node }) => node !== 'l3');
    const seen = { ...attempt, observed: { ...attempt.observed, request } };
    expect(disagreement(seen, predicted)).toMatchObject({
      code: 'path-differs',
      params: {
        hop: {
          leg: 'request',
          number: 2,
          seen: { node: 'l2', direction: 'in', iface: 'l3' },
          predicted: { node: 'l3', direction: 'in', iface: 'client' },
        },
      },
    });
  });

  test('differs where the L4 did not change the MSS', () => {
    const services = { a: { ...proxied.a, mssClamp: 1200 } };
    const clamped = evidenceOf(oneArm({ services }), 'client', 'a', { client });
    const seen = judgeAttempt(clamped, 1);
    const told = predict(clamped.plan, clamped.flow);
    expect(disagreement(seen, told)).toBeNull();
    const request = seen.observed.request.map((hop) => ({ ...hop, mss: 1460 }));
    expect(disagreement({ ...seen, observed: { ...seen.observed, request } }, told)).toMatchObject({
      code: 'path-differs',
      params: { hop: { seen: { node: 'l4', direction: 'out', mss: 1460 }, predicted: { mss: 1200 } } },
    });
  });

  test('differs if another source was seen, or another server answered', () => {
    expect(disagreement({ ...attempt, sourceSeen: '198.51.100.10' }, predicted)).toEqual({
      code: 'source-differs',
      params: { seen: '198.51.100.10', predicted: '203.0.113.254', hop: null },
    });
    expect(disagreement({ ...attempt, servedBy: 's2' }, predicted)).toEqual({
      code: 'server-differs',
      params: { seen: 's2', predicted: 's1', hop: null },
    });
  });
});
