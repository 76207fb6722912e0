import type { DnsQuestion } from '../terms/plan.ts';

/** Record types (RFC 1035, 3596) and the length of their data. */
const TYPES = { A: { number: 1, bytes: 4 }, AAAA: { number: 28, bytes: 16 } } as const;
const HEADER_BYTES = 12;
const CLASS_IN = 1;
/** RFC 6891: pseudo-record with options of the resolver; servers ignore options that they do not know. */
const OPT = 41;
const UDP_PAYLOAD = 1232;
/** From the range for local use (RFC 6891, 9). */
const TOKEN_OPTION = 65_001;

/** A question as sent by a resolver to an authoritative server (RFC 1035, 4), with the token of the flow. */
export function questionMessage({ name, type }: DnsQuestion, token: string, id: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const option = Buffer.from(token);
  return Buffer.concat([
    // No flags; one question and the OPT record.
    ints16(id, 0, 1, 0, 0, 1),
    ...labels,
    Buffer.from([0]),
    ints16(TYPES[type].number, CLASS_IN),
    Buffer.from([0]),
    ints16(OPT, UDP_PAYLOAD, 0, 0, 4 + option.length, TOKEN_OPTION, option.length),
    option,
  ]);
}

/** An answer: response code (0 if the name exists) and addresses in order. */
export interface DnsAnswer {
  rcode: number;
  addresses: string[];
}

/** Null if the message does not answer this question. */
export function parseDnsAnswer(message: Buffer, { type }: DnsQuestion, id: number): DnsAnswer | null {
  try {
    if (message.readUInt16BE(0) !== id || (message[2]! & 0x80) === 0) return null;
    const rcode = message[3]! & 15;
    let at = HEADER_BYTES;
    for (let left = message.readUInt16BE(4); left > 0; left -= 1) at = afterName(message, at) + 4;
    const addresses: string[] = [];
    for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
      at = afterName(message, at);
      const length = message.readUInt16BE(at + 8);
      const data = message.subarray(at + 10, at + 10 + length);
      const { number, bytes } = TYPES[type];
      if (message.readUInt16BE(at) === number && data.length === bytes) addresses.push(addressText(data));
      at += 10 + length;
    }
    return { rcode, addresses };
  } catch {
    // Truncated message.
    return null;
  }
}

/** Position after a name, which ends at the root or with a pointer (RFC 1035, 4.1.4). */
function afterName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
}

/** The canonical form of an address, as in plans (RFC 5952). */
function addressText(data: Buffer): string {
  if (data.length === 4) return data.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => data.readUInt16BE(2 * i).toString(16)).join(':');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

function ints16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}
