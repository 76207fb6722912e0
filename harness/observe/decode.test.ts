import fc from 'fast-check';
import { decodeFrame, ICMP } from './decode.ts';
import { arp, ethernet, icmp, ipv4, ipv6, tcp, udp, uint16, v4Bytes, v6Bytes } from './testing/frames.ts';
import type { Frame } from '../terms/sighting.ts';

const A = '02:4c:34:00:01:01';
const B = '02:4c:34:00:02:01';
const CLIENT = '198.51.100.10';
const VIP = '203.0.113.80';
const SYN_ACK = 0x12;

function decoded(type: number, body: Buffer): Frame {
  const bytes = ethernet(A, B, type, body);
  return decodeFrame(bytes, bytes.length);
}

const overIpv4 = (protocol: number, payload: Buffer): Frame =>
  decoded(0x0800, ipv4({ src: CLIENT, dst: VIP, protocol }, payload));

test('every frame has MACs and a length', () => {
  expect(decodeFrame(ethernet(A, B, 0x88cc, Buffer.alloc(0)), 1514)).toEqual({ srcMac: A, dstMac: B, length: 1514 });
});

test.each([
  [1 as const, 'request'],
  [2 as const, 'reply'],
])('ARP %d is a %s', (op, name) => {
  const { arp: message } = decoded(0x0806, arp(op, { mac: A, ip: '203.0.113.1' }, VIP));
  expect(message).toEqual({ op: name, senderMac: A, senderIp: '203.0.113.1', targetIp: VIP });
});

describe('neighbour discovery is decoded as ARP', () => {
  const [router, multicast, target] = ['fe80::1', 'ff02::1:ff00:80', '2001:db8:5::80'];
  const message = (type: number, src: string, dst: string): Frame =>
    decoded(0x86dd, ipv6({ src, dst, protocol: 58, ttl: 255 }, icmp(type, 0, Buffer.alloc(4), v6Bytes(target))));

  test.each([
    ['a solicitation', 135, router, multicast, { op: 'request', senderIp: router, targetIp: target }],
    ['an advertisement', 136, target, router, { op: 'reply', senderIp: target, targetIp: router }],
    ['one that nobody asked for', 136, target, 'ff02::1', { op: 'reply', senderIp: target, targetIp: target }],
  ])('%s', (_, type, src, dst, reported) => {
    expect(message(type, src, dst)).toMatchObject({ arp: { senderMac: A, ...reported } });
  });

  test('other ICMPv6 is not ARP', () => {
    expect(message(128, router, target)).toMatchObject({ icmp: { type: ICMP.echoRequest } });
  });
});

test('an IPv4 header', () => {
  const { ip } = decoded(
    0x0800,
    ipv4({ src: CLIENT, dst: VIP, protocol: 6, ttl: 63, id: 4711, dscp: 46 }, Buffer.alloc(0)),
  );
  expect(ip).toEqual({ version: 4, src: CLIENT, dst: VIP, ttl: 63, protocol: 6, id: 4711, dscp: 46 });
});

test('a TCP segment behind IP and TCP options, with its payload counted', () => {
  const segment = tcp(
    { srcPort: 20000, dstPort: 80, flags: SYN_ACK, seq: 0xfffffffe, ack: 7, timestamp: 0xfffffffd },
    'hello',
  );
  const frame = decoded(0x0800, ipv4({ src: CLIENT, dst: VIP, protocol: 6, options: 8 }, segment));
  expect(frame.tcp).toEqual({
    srcPort: 20000,
    dstPort: 80,
    seq: 0xfffffffe,
    ack: 7,
    flags: 'SA',
    payloadLength: 5,
    timestamp: 0xfffffffd,
    mss: 1460,
  });
});

test.each([
  [0x02, 'S'],
  [0x11, 'FA'],
  [0x14, 'RA'],
  [0x18, 'PA'],
])('TCP flags %d are %s', (flags, letters) => {
  expect(overIpv4(6, tcp({ srcPort: 1, dstPort: 2, flags })).tcp?.flags).toBe(letters);
});

test('padding of a short frame is not payload', () => {
  const bytes = Buffer.concat([
    ethernet(A, B, 0x0800, ipv4({ src: CLIENT, dst: VIP, protocol: 6 }, tcp({ srcPort: 1, dstPort: 2, flags: 16 }))),
    Buffer.alloc(6),
  ]);
  expect(decodeFrame(bytes, 60).tcp?.payloadLength).toBe(0);
});

test('a datagram with the token of its flow', () => {
  const frame = overIpv4(17, udp(20001, 53, 'l4lab-0a1b2c3d 0'));
  expect([frame.udp, frame.token]).toEqual([{ srcPort: 20001, dstPort: 53 }, 'l4lab-0a1b2c3d']);
});

test('a later fragment has no ports', () => {
  const frame = decoded(0x0800, ipv4({ src: CLIENT, dst: VIP, protocol: 17, fragmentOffset: 185 }, udp(1, 2)));
  expect([frame.udp, frame.ip?.dst]).toEqual([undefined, VIP]);
});

test('an echo request', () => {
  expect(overIpv4(1, icmp(8, 0, uint16(77, 3))).icmp).toEqual({ type: ICMP.echoRequest, code: 0, id: 77, seq: 3 });
});

const COMPLAINT = ipv4({ src: CLIENT, dst: VIP, protocol: 6 }, tcp({ srcPort: 20000, dstPort: 80, flags: 2 }));
const QUOTED = { src: CLIENT, dst: VIP, protocol: 6, srcPort: 20000, dstPort: 80 };

test.each([
  ['port unreachable', icmp(3, 3, uint16(0, 0), COMPLAINT), { type: ICMP.unreachable, code: 3 }],
  ['fragmentation needed', icmp(3, 4, uint16(0, 1400), COMPLAINT), { type: ICMP.unreachable, code: 4, mtu: 1400 }],
  ['time exceeded', icmp(11, 0, uint16(0, 0), COMPLAINT), { type: ICMP.timeExceeded, code: 0 }],
  [
    'a redirect',
    icmp(5, 1, v4Bytes('203.0.113.1'), COMPLAINT),
    { type: ICMP.redirect, code: 1, gateway: '203.0.113.1' },
  ],
])('%s quotes the packet that it is about', (_, body, expected) => {
  expect(overIpv4(1, body).icmp).toEqual({ id: 0, seq: 0, ...expected, inner: QUOTED });
});

test('an ICMP error about an echo request quotes its id in place of ports', () => {
  const echo = ipv4({ src: CLIENT, dst: VIP, protocol: 1 }, icmp(8, 0, uint16(77, 3)));
  const { inner } = overIpv4(1, icmp(3, 4, uint16(0, 1400), echo)).icmp!;
  expect(inner).toEqual({ src: CLIENT, dst: VIP, protocol: 1, srcPort: 77, dstPort: 77 });
});

test('an ICMP error with a truncated quotation has none', () => {
  expect(overIpv4(1, icmp(3, 3, uint16(0, 0), COMPLAINT.subarray(0, 20))).icmp).toEqual({
    type: 3,
    code: 3,
    id: 0,
    seq: 0,
  });
});

describe('IPv6', () => {
  const fields = { src: '2001:db8::a', dst: '2001:db8:0:0::80' };

  test('a segment', () => {
    const frame = decoded(
      0x86dd,
      ipv6({ ...fields, protocol: 6, ttl: 61, dscp: 10 }, tcp({ srcPort: 9, dstPort: 80, flags: 2 }, 'abc')),
    );
    expect(frame.ip).toEqual({
      version: 6,
      src: '2001:db8::a',
      dst: '2001:db8::80',
      ttl: 61,
      protocol: 6,
      id: 0,
      dscp: 10,
    });
    expect(frame.tcp).toMatchObject({ dstPort: 80, flags: 'S', payloadLength: 3 });
  });

  test.each([
    [128, 0, { type: ICMP.echoRequest }],
    [129, 0, { type: ICMP.echoReply }],
    [1, 0, { type: ICMP.unreachable, code: 0 }],
    [1, 1, { type: ICMP.unreachable, code: 13 }],
    [1, 3, { type: ICMP.unreachable, code: 1 }],
    [1, 4, { type: ICMP.unreachable, code: 3 }],
    [2, 0, { type: ICMP.tooBig, mtu: 1280 }],
    [3, 0, { type: ICMP.timeExceeded }],
  ])('ICMPv6 type %d, code %d has the numbers of its IPv4 counterpart', (type, code, expected) => {
    const frame = decoded(0x86dd, ipv6({ ...fields, protocol: 58 }, icmp(type, code, uint16(0, 1280))));
    expect(frame.icmp).toMatchObject(expected);
  });

  test('the first fragment of an echo request has its id, later ones only addresses; the same in quotations', () => {
    const piece = (offset: number): Buffer =>
      ipv6(
        { ...fields, protocol: 44 },
        Buffer.concat([Buffer.from([58, 0]), uint16((offset << 3) | 1, 0, 9), icmp(128, 0, uint16(77, 3))]),
      );
    const first = decoded(0x86dd, piece(0));
    expect([first.ip?.protocol, first.icmp]).toMatchObject([58, { type: ICMP.echoRequest, id: 77, seq: 3 }]);
    const later = decoded(0x86dd, piece(154));
    expect([later.ip?.dst, later.icmp]).toEqual(['2001:db8::80', undefined]);
    const error = decoded(0x86dd, ipv6({ ...fields, protocol: 58 }, icmp(2, 0, uint16(0, 1280), piece(0))));
    expect(error.icmp?.inner).toMatchObject({ protocol: 58, srcPort: 77, dstPort: 77 });
  });

  test('neighbour discovery is neither an echo nor an error', () => {
    const { icmp: message } = decoded(0x86dd, ipv6({ ...fields, protocol: 58 }, icmp(135, 0, uint16(0, 0))));
    expect(Object.values(ICMP)).not.toContain(message?.type);
  });

  test('a quotation', () => {
    const icmpError = ipv6({ ...fields, protocol: 17 }, udp(5, 53));
    const frame = decoded(0x86dd, ipv6({ ...fields, protocol: 58 }, icmp(1, 4, uint16(0, 0), icmpError)));
    expect(frame.icmp?.inner).toEqual({
      src: '2001:db8::a',
      dst: '2001:db8::80',
      protocol: 17,
      srcPort: 5,
      dstPort: 53,
    });
  });
});

test('an ICMPv6 redirect names the better next hop and quotes the packet in an option', () => {
  const [target, dst] = [Buffer.from('20010db8000000000000000000000012', 'hex'), Buffer.alloc(16)];
  const itsMac = Buffer.from([2, 1, 2, 0, 0, 0, 0, 0x12]);
  const quoted = ipv6({ src: '2001:db8::a', dst: '2001:db8::12', protocol: 17 }, udp(5, 53));
  const options = Buffer.concat([itsMac, Buffer.from([4, 7, 0, 0, 0, 0, 0, 0]), quoted]);
  const body = icmp(137, 0, uint16(0, 0), Buffer.concat([target, dst, options]));
  const frame = decoded(0x86dd, ipv6({ src: 'fe80::1', dst: '2001:db8::a', protocol: 58 }, body));
  expect(frame.icmp).toMatchObject({ type: ICMP.redirect, gateway: '2001:db8::12' });
  expect(frame.icmp?.inner).toMatchObject({ src: '2001:db8::a', dst: '2001:db8::12', srcPort: 5, dstPort: 53 });
});

describe('arbitrary frames', () => {
  const types = fc.constantFrom(0x0806, 0x0800, 0x86dd, 0x8100, 0);
  const noise = fc
    .tuple(types, fc.uint8Array({ maxLength: 120 }))
    .map(([type, body]) => ethernet(A, B, type, Buffer.from(body)));
  const whole = fc.constantFrom(
    ethernet(A, B, 0x0806, arp(1, { mac: A, ip: CLIENT }, VIP)),
    ethernet(A, B, 0x0800, ipv4({ src: CLIENT, dst: VIP, protocol: 6 }, tcp({ srcPort: 1, dstPort: 2, flags: 2 }))),
    ethernet(A, B, 0x0800, ipv4({ src: CLIENT, dst: VIP, protocol: 1 }, icmp(3, 3, uint16(0, 0), COMPLAINT))),
    ethernet(
      A,
      B,
      0x86dd,
      ipv6({ src: '::1', dst: '::2', protocol: 58 }, icmp(2, 0, uint16(0, 1280), Buffer.alloc(48))),
    ),
  );
  const cut = fc.tuple(whole, fc.nat(140)).map(([bytes, end]) => bytes.subarray(0, end));
  const flipped = fc.tuple(whole, fc.nat(139), fc.nat(255)).map(([bytes, at, value]) => {
    const copy = Buffer.from(bytes);
    if (at < copy.length) copy[at] = value;
    return copy;
  });

  test('are decoded as far as possible, without an error', () => {
    fc.assert(
      fc.property(fc.oneof(noise, cut, flipped), (bytes) => {
        expect(decodeFrame(bytes, bytes.length).length).toBe(bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a tunnelled packet (RFC 2003, 2473, 4213)', () => {
  const segment = tcp({ srcPort: 40000, dstPort: 80, flags: 2, seq: 7 }, 'l4lab-aaaaaaaa');

  test.each([
    ['IPv4', 0x0800, 4, ipv4, '198.51.100.10', '203.0.113.80', '203.0.113.2', '203.0.113.11'],
    ['IPv6', 0x86dd, 41, ipv6, '2001:db8::1', '2001:db8::80', '2001:db8::2', '2001:db8::11'],
  ] as const)('%s', (_, type, protocol, ip, client, vip, l4, server) => {
    const inside = ip({ src: client, dst: vip, protocol: 6, ttl: 62 }, segment);
    const bytes = ethernet(A, B, type, ip({ src: l4, dst: server, protocol, ttl: 64 }, inside));
    const frame = decodeFrame(bytes, bytes.length);
    expect(frame.ip).toMatchObject({ src: l4, dst: server, ttl: 64, protocol });
    expect(frame.inside).toMatchObject({ src: client, dst: vip, ttl: 62, protocol: 6 });
    expect(frame).toMatchObject({ tcp: { srcPort: 40000, dstPort: 80, seq: 7 }, token: 'l4lab-aaaaaaaa' });
  });

  test('of the other family', () => {
    const inside4 = ipv4({ src: '198.51.100.10', dst: '203.0.113.80', protocol: 6, ttl: 62 }, segment);
    const in6 = ethernet(
      A,
      B,
      0x86dd,
      ipv6({ src: '2001:db8::2', dst: '2001:db8::11', protocol: 4, ttl: 64 }, inside4),
    );
    expect(decodeFrame(in6, in6.length)).toMatchObject({
      ip: { version: 6, dst: '2001:db8::11', protocol: 4 },
      inside: { version: 4, src: '198.51.100.10', dst: '203.0.113.80', ttl: 62 },
      tcp: { srcPort: 40000, seq: 7 },
    });
    const inside6 = ipv6({ src: '2001:db8::1', dst: '2001:db8::80', protocol: 6, ttl: 62 }, segment);
    const in4 = ethernet(
      A,
      B,
      0x0800,
      ipv4({ src: '203.0.113.2', dst: '203.0.113.11', protocol: 41, ttl: 64 }, inside6),
    );
    expect(decodeFrame(in4, in4.length)).toMatchObject({
      ip: { version: 4, dst: '203.0.113.11', protocol: 41 },
      inside: { version: 6, src: '2001:db8::1', dst: '2001:db8::80', ttl: 62 },
      tcp: { srcPort: 40000, seq: 7 },
    });
  });

  test('an ICMP error about it quotes both', () => {
    const inside = ipv4({ src: '198.51.100.10', dst: '203.0.113.80', protocol: 6 }, segment);
    const outer = ipv4({ src: '203.0.113.2', dst: '203.0.113.11', protocol: 4 }, inside);
    const error = ipv4({ src: '203.0.113.11', dst: '203.0.113.2', protocol: 1 }, icmp(3, 2, uint16(0, 0), outer));
    const bytes = ethernet(A, B, 0x0800, error);
    expect(decodeFrame(bytes, bytes.length).icmp?.inner).toEqual({
      src: '203.0.113.2',
      dst: '203.0.113.11',
      protocol: 4,
      srcPort: 40000,
      dstPort: 80,
      inside: { src: '198.51.100.10', dst: '203.0.113.80', protocol: 6 },
    });
  });
});
