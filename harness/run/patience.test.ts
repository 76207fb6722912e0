import { arp, segment, TCP_KEY } from '../judge/testing/evidence.ts';
import type { Sighting } from '../observe/sighting.ts';
import { patience, SILENCE_AFTER_REPETITION_MS, SILENCE_MS } from './patience.ts';

const sent = (flags: string): Sighting => segment(0, ['client', 'out', 'l3'], { seq: 7, flags });
const received = (flags: string): Sighting => segment(0, ['client', 'in', 'l3'], { seq: 9, flags });
const arrived = segment(0, ['l3', 'in', 'client'], { seq: 7, flags: 'S' });
const asked = arp(['l3', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: '203.0.113.80' });

/** An attempt whose packets and clock are in the test's hands. */
function attempt(key = TCP_KEY): { sees(...packets: Sighting[]): void; isOverAfter(ms: number): boolean } {
  const packets: Sighting[] = [];
  let isNew = false;
  let clock = 5000;
  const news = (): Sighting[] | null => (isNew ? ((isNew = false), [...packets]) : null);
  const isOver = patience(key, news, () => clock);
  return {
    sees(...more) {
      packets.push(...more);
      isNew = true;
      isOver();
    },
    isOverAfter(ms) {
      clock += ms;
      return isOver();
    },
  };
}

test('a repeated request may still be answered: it is waited for, and what follows is waited for in turn', () => {
  const one = attempt();
  one.sees(sent('S'));
  expect(one.isOverAfter(1000)).toBe(false);
  one.sees(sent('S'));
  expect(one.isOverAfter(SILENCE_AFTER_REPETITION_MS)).toBe(false);
  one.sees(received('SA'), sent('A'));
  expect(one.isOverAfter(SILENCE_AFTER_REPETITION_MS)).toBe(false);
});

test('a repeated request that stays alone settles it', () => {
  const one = attempt();
  one.sees(sent('S'), sent('S'));
  expect(one.isOverAfter(SILENCE_AFTER_REPETITION_MS + 1)).toBe(true);
});

test('a repeated request that waits for a neighbour is not over while this one is asked for', () => {
  const one = attempt();
  one.sees(sent('S'), sent('S'), arrived);
  expect(one.isOverAfter(100)).toBe(false);
  one.sees(asked);
  expect(one.isOverAfter(100)).toBe(false);
  expect(one.isOverAfter(100)).toBe(true);
});

test('a refused answer settles it at once', () => {
  const one = attempt();
  one.sees(sent('S'), received('SA'), sent('R'));
  expect(one.isOverAfter(0)).toBe(true);
});

test.each(['tcp', 'udp', 'icmp'] as const)(
  '%s: packets that stopped end it, questions for neighbours do not',
  (protocol) => {
    const one = attempt({ ...TCP_KEY, protocol });
    one.sees(sent('S'));
    expect(one.isOverAfter(SILENCE_MS[protocol])).toBe(false);
    one.sees(asked);
    expect(one.isOverAfter(1)).toBe(true);
  },
);
