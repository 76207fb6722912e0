import { predict } from '../model/predict.ts';
import { oneArm, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import { disagreement } from './agreement.ts';
import { judgeAttempt } from './attempt.ts';
import { evidenceOf } from './testing/evidence.ts';

test('what a node says to itself is on no wire, and missing there is no disagreement', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s2'] } },
    servers: { loopback: [VIP_A], conf: QUIET_ARP, listeners: [] },
  });
  const evidence = evidenceOf(sketch, 's1', 'a', {
    client: { answered: false, said: 'ECONNREFUSED', servedBy: null, sourceSeen: null },
  });
  expect(disagreement(judgeAttempt(evidence, 1), predict(evidence.plan, evidence.flow))).toBeNull();
});

test('a flow that should have worked tells why it failed', () => {
  const evidence = evidenceOf(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } }), 'client', 'a');
  const attempt = judgeAttempt(evidence, 1);
  const predicted = { ...predict(evidence.plan, evidence.flow)[0]!, outcome: 'works' as const, cause: null };
  expect(disagreement(attempt, [predicted])?.detail).toBe(
    'the flow fails (reply-not-from-vip at client); predicted was that it works',
  );
});

describe('a flow that works', () => {
  const proxied = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s1', 's2'], proxyIp: '203.0.113.254' } };
  const client = { answered: true, said: '200', servedBy: 's1', sourceSeen: '203.0.113.254' };
  const evidence = evidenceOf(oneArm({ services: proxied }), 'client', 'a', { client });
  const attempt = judgeAttempt(evidence, 1);
  const predicted = predict(evidence.plan, evidence.flow);

  test('agrees with one alternative of the prediction, and need not with the others', () => {
    expect(predicted).toHaveLength(2);
    expect(disagreement(attempt, predicted)).toBeNull();
  });

  test('parts at the first hop that was seen otherwise', () => {
    const request = attempt.observed.request.filter(({ node }) => node !== 'l3');
    const seen = { ...attempt, observed: { ...attempt.observed, request } };
    expect(disagreement(seen, predicted)?.hop).toMatch(/^request, hop 2: seen l2 in l3 .*, predicted l3 in client /);
  });

  test('parts where another source was seen, or another server answered', () => {
    expect(disagreement({ ...attempt, sourceSeen: '198.51.100.10' }, predicted)?.detail).toMatch(/the server saw 198/);
    expect(disagreement({ ...attempt, servedBy: 's2' }, predicted)?.detail).toMatch(/served by s2; predicted was s1/);
  });
});
