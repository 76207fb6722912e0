import { predict } from '../../harness/model/predict.ts';
import { flow, mac, plan } from '../../harness/model/testing/lab-builder.ts';
import { oneArm, S1, VIP_A } from '../../harness/model/testing/labs.ts';
import { walkText } from './walk-text.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1', 's2'] } } }));

test('a walk shows both addresses at every hop, whose MACs they are, and what changed', () => {
  const lines = walkText(predict(lab, flow(lab, 'client', 'a'))[0]!, lab).split('\n');
  const left = lines.find((line) => / l4 +out l2 /.test(line))!;
  expect(left).toContain(`${S1}:80`);
  expect(left).toContain(`${mac(lab, 'l4', 'l2')} l4`);
  expect(left).toContain(`${mac(lab, 's1', 'l2')} s1`);
  expect(left).toMatch(new RegExp(`dst ip ${VIP_A} → ${S1}, ttl 63 → 62$`));
  expect(lines.every((line) => line === line.trimEnd())).toBe(true);
});

test('a flow that never left its caller is said to be on no wire', () => {
  expect(walkText({ request: [], reply: [] })).toBe('No packet of this flow was on a wire.\n');
});
