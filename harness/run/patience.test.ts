import { arp, segment, TCP_KEY } from '../judge/testing/evidence.ts';
import type { Sighting } from '../observe/sighting.ts';
import { patience, SILENCE_AFTER_REPETITION_MS, SILENCE_MS } from './patience.ts';

const sent = (flags: string, ms = 0): Sighting => segment(ms * 1e6, ['client', 'out', 'l3'], { seq: 7, flags });
const received = (flags: string): Sighting => segment(0, ['client', 'in', 'l3'], { seq: 9, flags });
const arrived = segment(0, ['l3', 'in', 'client'], { seq: 7, flags: 'S' });
const asked = arp(['l3', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: '203.0.113.80' });
const found = arp(['l3', 'in', 'l2'], { op: 'reply', senderIp: '203.0.113.80', targetIp: '203.0.113.1' });

/** An attempt whose packets and clock are in the test's hands. */
function attempt(key = TCP_KEY): { sees(...packets: Sighting[]): void; leftAfter(ms: number): number } {
  const packets: Sighting[] = [];
  let isNew = false;
  let clock = 5000;
  const news = (): Sighting[] | null => (isNew ? ((isNew = false), [...packets]) : null);
  const left = patience(key, news, () => clock);
  return {
    sees(...more) {
      packets.push(...more);
      isNew = true;
      left();
    },
    leftAfter(ms) {
      clock += ms;
      return left();
    },
  };
}

test('a repeated request may still be answered: it is waited for, and what follows is waited for in turn', () => {
  const one = attempt();
  one.sees(sent('S'));
  expect(one.leftAfter(1000)).toBe(SILENCE_MS.tcp - 1000);
  one.sees(sent('S', 1001));
  expect(one.leftAfter(SILENCE_AFTER_REPETITION_MS.atRest - 1)).toBe(1);
  one.sees(received('SA'), sent('A', 1002));
  expect(one.leftAfter(SILENCE_AFTER_REPETITION_MS.atRest - 1)).toBe(1);
});

test('a repeated request that stays alone settles it', () => {
  const one = attempt();
  one.sees(sent('S'), sent('S', 1001));
  expect(one.leftAfter(SILENCE_AFTER_REPETITION_MS.atRest)).toBe(0);
});

test('a repeated request that waits for a neighbour is not over while this one is asked for', () => {
  const one = attempt();
  one.sees(sent('S'), sent('S', 1001), arrived);
  expect(one.leftAfter(0)).toBe(SILENCE_AFTER_REPETITION_MS.atRest);
  one.sees(asked);
  expect(one.leftAfter(100)).toBe(SILENCE_AFTER_REPETITION_MS.searching - 100);
  one.sees(asked);
  expect(one.leftAfter(100)).toBe(SILENCE_AFTER_REPETITION_MS.searching - 100);
  one.sees(found);
  expect(one.leftAfter(0)).toBe(SILENCE_AFTER_REPETITION_MS.atRest);
  expect(one.leftAfter(50)).toBe(0);
});

test('a refused answer settles it at once', () => {
  const one = attempt();
  one.sees(sent('S'), received('SA'), sent('R'));
  expect(one.leftAfter(0)).toBe(0);
});

test.each(['tcp', 'udp', 'icmp'] as const)(
  '%s: packets that stopped end it, questions for neighbours do not',
  (protocol) => {
    const one = attempt({ ...TCP_KEY, protocol });
    one.sees(sent('S'));
    expect(one.leftAfter(SILENCE_MS[protocol] - 1)).toBe(1);
    one.sees(asked);
    expect(one.leftAfter(1)).toBe(0);
  },
);
