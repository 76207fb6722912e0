import { predict } from '../../harness/model/predict.ts';
import { flow, plan } from '../../harness/model/testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../../harness/model/testing/labs.ts';
import type { Prediction } from '../../harness/terms/walk.ts';
import { matrixText, outcomeOf } from './matrix-text.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1', 's2'] } } }));
const withProxy = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1', 's2'], proxyIp: PIP } } }));
const cells = (variant: typeof lab) =>
  new Map(['client', 's1'].map((from) => [from, predict(variant, flow(variant, from, 'a'))]));
const columns = [
  { variant: 'dnat', cells: cells(lab) },
  { variant: 'proxy', cells: cells(withProxy) },
];

test('alternatives that differ are labelled by server; many servers are folded', () => {
  const alternatives = predict(lab, flow(lab, 's1', 'a'));
  expect(outcomeOf(alternatives)).toBe('s1: own-address-as-source, s2: reply-not-from-vip');
  expect(outcomeOf(predict(lab, flow(lab, 'client', 'a')))).toBe('reply-not-from-vip');
  const others = Array.from({ length: 60 }, (_, i): Prediction => ({ ...alternatives[1]!, picked: `s${i + 2}` }));
  expect(outcomeOf([alternatives[0]!, ...others])).toBe('s1: own-address-as-source, s2 … s61: reply-not-from-vip');
  const even = others.filter((_, i) => i % 2 === 0);
  expect(outcomeOf([alternatives[0]!, ...even])).toBe(
    's1: own-address-as-source, s2/s4/s6 and 27 more: reply-not-from-vip',
  );
});

test('outcomes that no pick decides are alternatives; an L4 without a server is named where there are several', () => {
  const [own, other] = predict(lab, flow(lab, 's1', 'a')) as [Prediction, Prediction];
  const picks = (one: Prediction): Prediction[] => ['s1', 's2'].map((picked) => ({ ...one, picked }));
  expect(outcomeOf([...picks(own), ...picks(other)])).toBe('own-address-as-source or reply-not-from-vip');
  const [without, served] = [
    { ...own, l4: 'l4a', picked: null },
    { ...other, l4: 'l4b', picked: 's2' },
  ];
  expect(outcomeOf([without, served])).toBe('l4a: own-address-as-source, l4b with s2: reply-not-from-vip');
});

test('a matrix has a row for each flow and a column for each variant', () => {
  const text = matrixText(['client', 's1', 'absent'], columns, 120);
  expect(text.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['flow', 'dnat', 'proxy'],
    ['client', 'reply-not-from-vip', 'works'],
    ['s1', 's1: own-address-as-source, s2: reply-not-from-vip', 'works'],
    ['absent', '–', '–'],
    [''],
  ]);
});

test('a matrix wider than the terminal becomes a list of outcomes with their variants', () => {
  const many = ['direct', 'gateway-l3', 'gateway-l4', 'fixed', 'pool', 'automatic'].map((variant, i) => ({
    variant: `proxy-${variant}`,
    cells: columns[i % 2]!.cells,
  }));
  const text = matrixText(['client', 'absent'], many, 60);
  expect(text).toBe(`  client
    reply-not-from-vip
        proxy-direct, proxy-gateway-l4, proxy-pool
    works
        proxy-gateway-l3, proxy-fixed, proxy-automatic
  absent
    –, in all variants
`);
});

test('many callers with equal outcomes, apart from their own server, are one row', () => {
  const servers = Array.from({ length: 60 }, (_, i) => `s${i + 1}`);
  const [own, other] = predict(lab, flow(lab, 's1', 'a')) as [Prediction, Prediction];
  const calledBy = (caller: string): Prediction[] =>
    servers.map((picked) => ({ ...(picked === caller ? own : other), picked }));
  const flows = servers.map((name) => `${name}-to-a`);
  const callers = new Map(servers.map((name) => [`${name}-to-a`, name]));
  const all = new Map(servers.map((name) => [`${name}-to-a`, calledBy(name)]));
  const rows = matrixText(flows, [{ variant: 'dnat', cells: all }], 120, callers)
    .trimEnd()
    .split('\n')
    .slice(1);
  expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual([
    ['s1-to-a and 59 more', 'itself: own-address-as-source, others: reply-not-from-vip'],
  ]);
  const few = matrixText(flows.slice(0, 2), [{ variant: 'dnat', cells: all }], 120, callers);
  expect(few).toContain('s2-to-a  s1/s3 … s60: reply-not-from-vip, s2: own-address-as-source');
});
