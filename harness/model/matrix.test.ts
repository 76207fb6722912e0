import { matrix, outcomeOf } from './matrix.ts';
import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from './testing/labs.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1', 's2'] } } }));

test('alternatives that differ are told apart by the picked server', () => {
  expect(outcomeOf(predict(lab, flow(lab, 's1', 'a')))).toBe('s1: own-address-as-source, s2: reply-not-from-vip');
  expect(outcomeOf(predict(lab, flow(lab, 'client', 'a')))).toBe('reply-not-from-vip');
});

test('a matrix has a row for each flow and a column for each variant', () => {
  const withProxy = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1', 's2'], proxyIp: PIP } } }));
  const cells = (variant: typeof lab) =>
    new Map(['client', 's1'].map((from) => [from, predict(variant, flow(variant, from, 'a'))]));
  const text = matrix(
    ['client', 's1', 'absent'],
    [
      { variant: 'dnat', cells: cells(lab) },
      { variant: 'proxy', cells: cells(withProxy) },
    ],
  );
  expect(text.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['flow', 'dnat', 'proxy'],
    ['client', 'reply-not-from-vip', 'works'],
    ['s1', 's1: own-address-as-source, s2: reply-not-from-vip', 'works'],
    ['absent', '–', '–'],
    [''],
  ]);
});
