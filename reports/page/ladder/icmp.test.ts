import { decodeFrame } from '../../../harness/observe/decode.ts';
import { ethernet, icmp, ipv4, ipv6, udp, uint16 } from '../../../harness/observe/testing/frames.ts';
import { icmpText, isEchoReply, isIcmpError } from './icmp.ts';

const MACS = ['02:4c:34:00:01:01', '02:4c:34:00:02:01'] as const;
const V4 = { src: '198.51.100.10', dst: '203.0.113.80' };
const V6 = { src: '2001:db8::a', dst: '2001:db8::80' };

/** Decodes bytes with the decoder that produces results.json. */
function message(version: 4 | 6, type: number, code: number) {
  const quoted =
    version === 4 ? ipv4({ ...V4, protocol: 17 }, udp(20000, 53)) : ipv6({ ...V6, protocol: 17 }, udp(20000, 53));
  const body = icmp(type, code, uint16(0, 1280), quoted);
  const packet = version === 4 ? ipv4({ ...V4, protocol: 1 }, body) : ipv6({ ...V6, protocol: 58 }, body);
  const bytes = ethernet(...MACS, version === 4 ? 0x0800 : 0x86dd, packet);
  return decodeFrame(bytes, bytes.length).icmp!;
}

test.each([
  [4, 0, 0, 'echo reply'],
  [4, 3, 3, 'port unreachable'],
  [4, 3, 4, 'fragmentation needed'],
  [4, 3, 13, 'prohibited'],
  [4, 3, 99, 'unreachable'],
  [4, 8, 0, 'echo request'],
  [4, 11, 0, 'time exceeded'],
  [4, 77, 1, 'type 77 code 1'],
  [6, 1, 0, 'net unreachable'],
  [6, 1, 1, 'prohibited'],
  [6, 1, 3, 'host unreachable'],
  [6, 1, 4, 'port unreachable'],
  [6, 2, 0, 'packet too big'],
  [6, 3, 0, 'time exceeded'],
  [6, 128, 0, 'echo request'],
  [6, 129, 0, 'echo reply'],
  [6, 134, 0, 'ICMPv6 type 134 code 0'],
] as const)('IPv%i, type %i code %i is decoded as: %s', (version, type, code, text) => {
  expect(icmpText(message(version, type, code))).toBe(text);
});

test.each([
  [4, [0, 8], [3, 5, 11]],
  [6, [128, 129], [1, 2, 3]],
] as const)('IPv%i: messages that quote a packet are errors, echo messages are not', (version, echoes, errors) => {
  expect(echoes.map((type) => isIcmpError(message(version, type, 0)))).toEqual([false, false]);
  expect(errors.map((type) => isIcmpError(message(version, type, 0)))).toEqual([true, true, true]);
});

test('echo replies of both families are replies', () => {
  expect([isEchoReply(message(4, 0, 0)), isEchoReply(message(6, 129, 0))]).toEqual([true, true]);
  expect([isEchoReply(message(4, 8, 0)), isEchoReply(message(6, 128, 0)), isEchoReply(message(6, 1, 0))]).toEqual([
    false,
    false,
    false,
  ]);
});
