import { pcapng } from './pcapng.ts';
import { blocksOf } from './testing/pcapng-blocks.ts';

const frames = [
  {
    time: 1_795_305_600_123_456_789n,
    iface: 'client/l3',
    bytes: Buffer.from('0123456789abcdef'),
    comment: 'hop 1: client → l3',
  },
  { time: 1_795_305_600_123_460_000n, iface: 'l3/client', bytes: Buffer.from('0123456789abc'), length: 1500 },
  { time: 1_795_305_600_123_470_000n, iface: 'client/l3', bytes: Buffer.from('0123') },
];
const blocks = blocksOf(Buffer.from(pcapng(frames)));

test('one section, an Ethernet interface for each name, then the packets in their order', () => {
  expect(blocks.map(({ type }) => type)).toEqual([0x0a0d0d0a, 1, 1, 6, 6, 6]);
  expect(blocks[0]!.body.readUInt32LE(0)).toBe(0x1a2b3c4d);
  expect(blocks[1]!.body.readUInt16LE(0)).toBe(1);
  expect(blocks[1]!.body.toString()).toContain('client/l3');
  expect(blocks.slice(3).map(({ body }) => body.readUInt32LE(0))).toEqual([0, 1, 0]);
});

test('stamps keep their nanoseconds, and frames both of their lengths', () => {
  const [, second] = blocks.slice(3);
  const time = (BigInt(second!.body.readUInt32LE(4)) << 32n) | BigInt(second!.body.readUInt32LE(8));
  expect(time).toBe(frames[1]!.time);
  expect(second!.body.readUInt32LE(12)).toBe(13);
  expect(second!.body.readUInt32LE(16)).toBe(1500);
  expect(second!.body.subarray(20, 33).toString()).toBe('0123456789abc');
});

test('a comment stands at its packet, in UTF-8, and only there', () => {
  expect(blocks[3]!.body.toString()).toContain('hop 1: client → l3');
  expect(blocks[5]!.body).toHaveLength(24);
});
