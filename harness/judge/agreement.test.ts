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
