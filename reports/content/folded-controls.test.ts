import type { ControlResult } from '../../harness/terms/reason.ts';
import { cause } from '../../harness/terms/cause.ts';
import { foldedControls } from './folded-controls.ts';

const ping = (i: number): ControlResult => ({
  from: 'l4',
  to: `s${i}`,
  address: `203.0.113.${100 + i}`,
  protocol: 'icmp',
  port: 0,
  works: true,
  client: 'answered',
  cause: null,
});
const pings = Array.from({ length: 60 }, (_, i) => ping(i + 1));

test('controls with equal results are folded, and a failed one is separate', () => {
  const failed: ControlResult = {
    ...ping(7),
    works: false,
    client: 'no-answer',
    cause: cause('no-neighbour', 'arp-unanswered', { node: 'l4', address: '203.0.113.107' }),
  };
  const controls = pings.map((control) => (control.to === 's7' ? failed : control));
  const folded = { ...ping(1), to: 's1 … s6, s8 … s60', address: '203.0.113.101 … 203.0.113.160' };
  expect(foldedControls(controls)).toEqual([folded, failed]);
});

test('a few controls are listed separately', () => {
  expect(foldedControls(pings.slice(0, 4))).toEqual(pings.slice(0, 4));
});
