import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import { inLineBridge, oneArm, VIP_A } from './testing/labs.ts';

const service = { pool: ['s1'], mode: 'dsr' as const, check: 'tcp' as const };

test('the addressed L4 refuses for a dsr service without a server', () => {
  const lab = plan(oneArm({ services: { a: { ...service, vip: VIP_A } } }));
  expect(predict(lab, flow(lab, 'client', 'a'))).toMatchObject([
    { cause: { code: 'no-server-available', node: 'l4' } },
  ]);
});

test('frames for other nodes pass a switch whose dsr service has no server', () => {
  const lab = plan(inLineBridge({ services: { a: { ...service, vip: '192.0.2.80' } } }));
  const [{ cause, request } = { request: [] }, ...others] = predict(lab, flow(lab, 's1', 'a'));
  expect(others).toEqual([]);
  expect(request.map(({ node }) => node)).toEqual(['s1', 'l2', 'l2', 'l4', 'l4', 'l3']);
  expect(cause).toMatchObject({ code: 'no-route', node: 'l3' });
});
