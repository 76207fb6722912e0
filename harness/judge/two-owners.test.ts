import { mac } from '../model/testing/lab-builder.ts';
import { L3, VIP_A } from '../model/testing/labs.ts';
import type { Sighting } from '../terms/sighting.ts';
import { arp } from './testing/evidence.ts';
import { pairLab } from './testing/over-time.ts';
import { addressesWithTwoMacs } from './two-owners.ts';

const plan = pairLab('dsr', [[]]);
const [l3, l4, l4b] = ['l3', 'l4', 'l4b'].map((node) => mac(plan, node, 'l2')) as [string, string, string];

const asks = (ms: number): Sighting => {
  const { frame, ...seen } = arp(['l3', 'out', 'l2'], { op: 'request', senderIp: L3, targetIp: VIP_A });
  return { ...seen, time: ms * 1e6, frame: { ...frame, srcMac: l3 } };
};
const answers = (ms: number, by: string): Sighting => {
  const { frame, ...seen } = arp(['l3', 'in', 'l2'], { op: 'reply', senderIp: VIP_A, targetIp: L3 });
  return {
    ...seen,
    time: ms * 1e6,
    frame: { ...frame, srcMac: by, dstMac: l3, arp: { ...frame.arp!, senderMac: by } },
  };
};

test('two replies to one ARP request are two owners; replies to different requests are not', () => {
  const found = (...packets: Sighting[]): string[] => [...addressesWithTwoMacs({ packets, plan })];
  expect(found(asks(5), answers(6, l4), answers(7, l4b))).toEqual([VIP_A]);
  expect(found(asks(5), answers(6, l4), answers(6.5, l4))).toEqual([]);
  expect(found(asks(5), answers(6, l4), asks(500), answers(501, l4b))).toEqual([]);
});
