import { arp, segment, TCP_KEY } from '../judge/testing/evidence.ts';
import type { Sighting } from '../terms/sighting.ts';
import { quiescence, SILENCE_AFTER_REPETITION_MS, SILENCE_MS, type NewPackets } from './quiescence.ts';

const sent = (flags: string): Sighting => segment(0, ['client', 'out', 'l3'], { seq: 7, flags });
const received = (flags: string): Sighting => segment(0, ['client', 'in', 'l3'], { seq: 9, flags });
const arrived = segment(0, ['l3', 'in', 'client'], { seq: 7, flags: 'S' });
const asked = arp(['l3', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: '203.0.113.80' });
const found = arp(['l3', 'in', 'l2'], { op: 'reply', senderIp: '203.0.113.80', targetIp: '203.0.113.1' });

/** The engine's clock is far from ours. */
const OURS_MS = 5000;
const EPOCH = 1_795_395_713_432_000_000n;

/** An attempt whose packets and clock are in the test's hands. */
class Attempt {
  #clock = OURS_MS;
  readonly #packets: Sighting[] = [];
  #isNew = false;
  readonly #left: () => number;

  constructor(key = TCP_KEY) {
    const newPackets = (): NewPackets | null => {
      if (!this.#isNew) return null;
      this.#isNew = false;
      return { packets: [...this.#packets], epoch: String(EPOCH) };
    };
    this.#left = quiescence(key, newPackets, () => this.#clock).left;
  }

  /** Packets of this moment; captures hand them on 3 ms after that. */
  sees(...packets: Sighting[]): void {
    this.seesLate(3, ...packets);
  }

  seesLate(ms: number, ...packets: Sighting[]): void {
    this.#packets.push(...packets.map((packet) => ({ ...packet, time: (this.#clock - OURS_MS - ms) * 1e6 })));
    this.#isNew = true;
    this.#left();
  }

  leftAfter(ms: number): number {
    this.#clock += ms;
    return this.#left();
  }
}

function repeated(): Attempt {
  const one = new Attempt();
  one.sees(sent('S'));
  expect(one.leftAfter(1000)).toBe(SILENCE_MS.tcp - 1000);
  one.sees(sent('S'));
  return one;
}

test('a retransmitted request may still be answered, so it is waited for, and so is what follows', () => {
  const one = repeated();
  expect(one.leftAfter(SILENCE_AFTER_REPETITION_MS.atRest - 1)).toBe(1);
  one.sees(received('SA'), sent('A'));
  expect(one.leftAfter(SILENCE_AFTER_REPETITION_MS.atRest - 1)).toBe(1);
});

test('an unanswered retransmission decides the attempt', () => {
  expect(repeated().leftAfter(SILENCE_AFTER_REPETITION_MS.atRest)).toBe(0);
});

test('a retransmission that waits for a neighbour is undecided while ARP requests are sent', () => {
  const one = repeated();
  one.sees(arrived);
  expect(one.leftAfter(0)).toBe(SILENCE_AFTER_REPETITION_MS.atRest);
  one.sees(asked);
  expect(one.leftAfter(100)).toBe(SILENCE_AFTER_REPETITION_MS.searching - 100);
  one.sees(asked);
  expect(one.leftAfter(100)).toBe(SILENCE_AFTER_REPETITION_MS.searching - 100);
  one.sees(found);
  expect(one.leftAfter(0)).toBe(SILENCE_AFTER_REPETITION_MS.atRest);
  expect(one.leftAfter(50)).toBe(0);
});

test('a capture that reports late is no reason to wait longer', () => {
  const one = repeated();
  expect(one.leftAfter(100)).toBe(0);
  one.seesLate(102, arrived);
  expect(one.leftAfter(0)).toBe(0);
});

test('silence after a packet that was reported late counts from that packet', () => {
  const one = repeated();
  expect(one.leftAfter(100)).toBe(0);
  one.seesLate(33, arrived);
  expect(one.leftAfter(0)).toBe(SILENCE_AFTER_REPETITION_MS.atRest - 30);
});

test('a refusal decides the attempt immediately', () => {
  const one = new Attempt();
  one.sees(sent('S'), received('SA'), sent('R'));
  expect(one.leftAfter(0)).toBe(0);
});

test.each(['tcp', 'udp', 'icmp'] as const)('%s: packets that stopped end it, ARP requests do not', (protocol) => {
  const one = new Attempt({ ...TCP_KEY, protocol });
  one.sees(sent('S'));
  expect(one.leftAfter(SILENCE_MS[protocol] - 1)).toBe(1);
  one.sees(asked);
  expect(one.leftAfter(1)).toBe(0);
});
