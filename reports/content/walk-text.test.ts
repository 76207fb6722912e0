import { predict } from '../../harness/model/predict.ts';
import { flow, mac, plan } from '../../harness/model/testing/lab-builder.ts';
import { oneArm, S1, VIP_A } from '../../harness/model/testing/labs.ts';
import type { Hop } from '../../harness/terms/walk.ts';
import { walkText } from './walk-text.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1', 's2'] } } }));

test('a walk shows both addresses at every hop, owners of MACs, and changes', () => {
  const lines = walkText(predict(lab, flow(lab, 'client', 'a'))[0]!, lab).split('\n');
  const left = lines.find((line) => / l4 +out l2 /.test(line))!;
  expect(left).toContain(`${S1}:80`);
  expect(left).toContain(`${mac(lab, 'l4', 'l2')} l4`);
  expect(left).toContain(`${mac(lab, 's1', 'l2')} s1`);
  expect(left).toMatch(new RegExp(`dst ip ${VIP_A} → ${S1}, ttl 63 → 62$`));
  expect(lines.every((line) => line === line.trimEnd())).toBe(true);
});

test('a flow that never left its caller is described as such', () => {
  expect(walkText({ request: [], reply: [] })).toBe('No packet of this flow was on a wire.\n');
});

test('the table has the first round of a loop, and one line for the others', () => {
  const [there] = predict(lab, flow(lab, 'client', 'a'))[0]!.request;
  const request = Array.from({ length: 126 }, (_, i): Hop => {
    const [node, iface] = i % 4 < 2 ? ['l3', 'l2'] : ['l2', 'l3'];
    return { ...there!, node, iface, direction: i % 2 === 0 ? 'in' : 'out', ttl: 64 - Math.ceil(i / 2), changed: [] };
  });
  const lines = walkText({ request, reply: [] }).trimEnd().split('\n').slice(1);
  expect(lines).toHaveLength(5);
  expect(lines[4]).toMatch(/^ +request +… 122 hops more, ttl 62 to 1$/);
});
