import fc from 'fast-check';
import { PcapReader } from './pcap.ts';

interface Record_ {
  seconds: number;
  nanoseconds: number;
  length: number;
  bytes: Uint8Array;
}

const record: fc.Arbitrary<Record_> = fc.record({
  seconds: fc.nat(0xffff_ffff),
  nanoseconds: fc.nat(999_999_999),
  length: fc.integer({ min: 200, max: 65_535 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
});

function uint32(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => buffer.writeUInt32LE(value, index * 4));
  return buffer;
}

function stream(records: Record_[]): Buffer {
  const frames = records.flatMap(({ seconds, nanoseconds, length, bytes }) => [
    uint32(seconds, nanoseconds, bytes.length, length),
    Buffer.from(bytes),
  ]);
  return Buffer.concat([uint32(0xa1b23c4d, 0x0004_0002, 0, 0, 400, 1), ...frames]);
}

test('frames are read unchanged, wherever the stream is split', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 12 }), (records, sizes) => {
      const whole = stream(records);
      const reader = new PcapReader();
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) pieces.push(whole.subarray(at, (at += size)));
      pieces.push(whole.subarray(at));
      expect(pieces.flatMap((piece) => reader.read(piece))).toEqual(
        records.map(({ seconds, nanoseconds, length, bytes }) => [
          String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)).padStart(10, '0'),
          length,
          Buffer.from(bytes).toString('base64'),
        ]),
      );
    }),
  );
});

test('byte by byte', () => {
  const whole = stream([{ seconds: 1, nanoseconds: 7, length: 60, bytes: Uint8Array.of(1, 2, 3) }]);
  const reader = new PcapReader();
  const frames = [...whole].map((byte) => reader.read(Buffer.of(byte)));
  expect(frames.at(-1)).toEqual([['1000000007', 60, 'AQID']]);
  expect(frames.slice(0, -1).flat()).toEqual([]);
});

test('a stream with microseconds is refused, because times would be wrong by a factor of a thousand', () => {
  expect(() => new PcapReader().read(Buffer.concat([uint32(0xa1b2c3d4), Buffer.alloc(20)]))).toThrow('nanosecond pcap');
});
