import { matrix, outcomeOf } from './matrix.ts';
import { predict } from './predict.ts';
import { flow, mac, plan } from './testing/lab-builder.ts';
import { oneArm, PIP, S1, VIP_A } from './testing/labs.ts';
import { walkTable } from './walk-table.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1', 's2'] } } }));

test('a walk shows both addresses at every hop, whose MACs they are, and marks what changed', () => {
  const [first] = predict(lab, flow(lab, 'client', 'a'));
  const lines = walkTable(first!, lab).split('\n');
  expect(lines[0]).toBe('request');
  const left = lines.find((line) => /^ +l4 +l2 +out/.test(line))!;
  expect(left).toContain(`${S1}:80 *`);
  expect(left).toContain(`${mac(4, 1)} l4 *`);
  expect(left).toContain(`${mac(5, 1)} s1 *`);
  expect(left).not.toContain('198.51.100.10:40000 *');
  expect(lines.every((line) => line === line.trimEnd())).toBe(true);
});

test('a leg that never began is said to be none', () => {
  const [first] = predict(lab, flow(lab, 's1', 'a'));
  expect(walkTable(first!, lab)).toMatch(/\nreply: none\n$/);
});

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
