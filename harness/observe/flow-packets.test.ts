import { flowArp, flowPackets, type FlowKey } from './flow-packets.ts';
import { decodeFrame } from './decode.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm } from '../model/testing/labs.ts';
import type { Sighting } from '../terms/sighting.ts';
import { arp, ethernet, icmp, ipv4, tcp, udp, uint16 } from './testing/frames.ts';

const [MAC_A, MAC_B] = ['02:4c:34:00:01:01', '02:4c:34:00:02:01'];
const [CLIENT, VIP, PIP, S1] = ['198.51.100.10', '203.0.113.80', '203.0.113.254', '203.0.113.11'];
const [SYN, SYN_ACK, ACK, RST] = [0x02, 0x12, 0x10, 0x04];
const KEY: FlowKey = {
  caller: 'client',
  protocol: 'tcp',
  address: VIP,
  port: 80,
  serverPorts: [],
  sourcePort: 20000,
  token: 'l4lab-aaaaaaaa',
};

function sighting(node: string, type: number, body: Buffer): Sighting {
  const bytes = ethernet(MAC_A, MAC_B, type, body);
  return { time: 0, node, iface: 'x', direction: 'out', frame: decodeFrame(bytes, bytes.length) };
}

type End = [ip: string, port: number];

function segment(
  node: string,
  [src, srcPort]: End,
  [dst, dstPort]: End,
  flags: number,
  seq: number,
  ack = 0,
  payload = '',
): Sighting {
  return sighting(node, 0x0800, ipv4({ src, dst, protocol: 6 }, tcp({ srcPort, dstPort, flags, seq, ack }, payload)));
}

function belonging(all: Sighting[], key: FlowKey = KEY): Sighting[] {
  const found = flowPackets(all, key);
  return all.filter((one) => found.includes(one));
}

test('a connection through source NAT that changes the port, there and back', () => {
  const all = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('l4', [PIP, 61000], [S1, 80], SYN, 100),
    segment('s1', [S1, 80], [PIP, 61000], SYN_ACK, 900, 101),
    segment('l4', [VIP, 80], [CLIENT, 20000], SYN_ACK, 900, 101),
    segment('client', [CLIENT, 20000], [VIP, 80], ACK, 101, 901),
    segment('l4', [PIP, 61000], [S1, 80], ACK, 101, 901),
  ];
  expect(belonging(all)).toEqual(all);
});

test("an L4's own balanced call: it leaves with the address of a server, which the L4 did not call", () => {
  const key: FlowKey = { ...KEY, caller: 'l4', ownServers: [{ address: S1, port: 8080 }] };
  const all = [
    segment('l4', [PIP, 20000], [S1, 8080], SYN, 100),
    segment('s1', [S1, 8080], [PIP, 20000], SYN_ACK, 900, 101),
    segment('l4', [PIP, 20000], [S1, 8080], ACK, 101, 901),
  ];
  const others = [segment('l4', [PIP, 20001], [S1, 8080], SYN, 500), segment('l4', [PIP, 20000], [S1, 80], SYN, 600)];
  expect(belonging([...all, ...others], key)).toEqual(all);
});

test('a connection that another load balancer takes over after the handshake, with another server', () => {
  const all = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('l4', [PIP, 61000], [S1, 80], SYN, 100),
    segment('client', [CLIENT, 20000], [VIP, 80], ACK, 101, 901),
    segment('l4b', ['203.0.113.4', 61000], ['203.0.113.12', 80], ACK, 101, 901),
    segment('s2', ['203.0.113.12', 80], ['203.0.113.4', 61000], RST, 901),
    segment('l4b', [VIP, 80], [CLIENT, 20000], RST, 901),
  ];
  const other = segment('l4b', ['203.0.113.4', 61001], ['203.0.113.12', 80], ACK, 102, 901);
  expect(belonging([...all, other])).toEqual(all);
});

test('an answer from an address that was never called, and its rejection', () => {
  const all = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('l4', [CLIENT, 20000], [S1, 80], SYN, 100),
    segment('s1', [S1, 80], [CLIENT, 20000], SYN_ACK, 900, 101),
    segment('client', [CLIENT, 20000], [S1, 80], RST, 101),
  ];
  expect(belonging(all)).toEqual(all);
});

test('source NAT that starts after the handshake is matched by the destination port', () => {
  const all = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('l4', [VIP, 80], [CLIENT, 20000], SYN_ACK, 900, 101),
    segment('client', ['198.51.100.1', 80], [CLIENT, 20000], ACK, 901, 150),
    segment('client', [CLIENT, 20000], ['198.51.100.1', 80], RST, 150),
  ];
  const other = segment('client', ['198.51.100.1', 80], [CLIENT, 20001], ACK, 701, 150);
  expect(belonging([...all, other])).toEqual(all);
});

test("source NAT that starts after the handshake, of a server's segment to the proxy IP: its numbers continue the SYN-ACK", () => {
  const all = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('l4', [PIP, 61000], [S1, 80], SYN, 100),
    segment('s1', [S1, 80], [PIP, 61000], SYN_ACK, 900, 101),
    segment('s1', [S1, 80], [PIP, 61000], ACK, 901, 201),
    segment('l3', ['203.0.113.1', 1024], [PIP, 61000], ACK, 901, 201),
    segment('l4', [PIP, 61000], ['203.0.113.1', 1024], RST, 201),
  ];
  const other = segment('l3', ['203.0.113.1', 1025], [PIP, 61001], ACK, 701, 201);
  expect(belonging([...all, other])).toEqual(all);
});

test('acknowledgement numbers wrap from the last sequence number to 0', () => {
  const all = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 0xffffffff),
    segment('s1', [S1, 80], [PIP, 9], SYN_ACK, 5, 0),
  ];
  expect(belonging(all)).toEqual(all);
});

test('a full proxy: its own connection to the server is identified by the token', () => {
  const own = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('client', [CLIENT, 20000], [VIP, 80], ACK, 101, 7, `${KEY.token} 0\n`),
    segment('l4', [PIP, 61000], [S1, 80], ACK, 5000, 8, `${KEY.token} 0\n`),
    segment('s1', [S1, 80], [PIP, 61000], ACK, 8, 5010, `{"token":"${KEY.token}"}\n`),
  ];
  expect(belonging(own)).toEqual(own);
});

test.each([
  ['another source port', segment('client', [CLIENT, 20001], [VIP, 80], SYN, 200)],
  ['another destination', segment('client', [CLIENT, 20000], [S1, 80], SYN, 200)],
  ['another port', segment('client', [CLIENT, 20000], [VIP, 8080], SYN, 200)],
  ['another token', segment('l4', [PIP, 61001], [S1, 80], ACK, 5000, 8, 'l4lab-bbbbbbbb 0\n')],
  ['a probe of the L4', segment('l4', [PIP, 61002], [S1, 80], SYN, 300)],
  ['the same numbers at another node', segment('s1', [S1, 20000], [VIP, 80], SYN, 400)],
])('%s is another flow', (_, stranger) => {
  expect(belonging([segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100), stranger])).not.toContain(stranger);
});

test('an ICMP error belongs to the flow whose packet it quotes', () => {
  const quoted = (port: number): Buffer =>
    ipv4({ src: CLIENT, dst: VIP, protocol: 6 }, tcp({ srcPort: port, dstPort: 80, flags: SYN }));
  const error = (port: number): Sighting =>
    sighting(
      'l3',
      0x0800,
      ipv4({ src: '198.51.100.1', dst: CLIENT, protocol: 1 }, icmp(3, 1, uint16(0, 0), quoted(port))),
    );
  const all = [segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100), error(20000), error(20001)];
  expect(belonging(all)).toEqual(all.slice(0, 2));
});

test('datagrams and echoes are identified only by their token', () => {
  const datagram = (token: string, src: string, dst: string): Sighting =>
    sighting('x', 0x0800, ipv4({ src, dst, protocol: 17 }, udp(20000, 53, `${token} 0`)));
  const echo = (token: string, type: number): Sighting =>
    sighting(
      'x',
      0x0800,
      ipv4({ src: CLIENT, dst: VIP, protocol: 1 }, icmp(type, 0, uint16(1, 1), Buffer.from(token))),
    );
  const all = [datagram(KEY.token, CLIENT, VIP), datagram(KEY.token, PIP, S1), datagram('l4lab-bbbbbbbb', CLIENT, VIP)];
  expect(belonging(all, { ...KEY, protocol: 'udp' })).toEqual(all.slice(0, 2));
  const echoes = [echo(KEY.token, 8), echo(KEY.token, 0), echo('l4lab-bbbbbbbb', 8)];
  expect(belonging(echoes, { ...KEY, protocol: 'icmp' })).toEqual(echoes.slice(0, 2));
});

test('a DNS answer with a translated source belongs to the query from its port, and so do errors about it', () => {
  const datagram = ([src, srcPort]: End, [dst, dstPort]: End, payload: string): Sighting =>
    sighting('x', 0x0800, ipv4({ src, dst, protocol: 17 }, udp(srcPort, dstPort, payload)));
  const asked = datagram([CLIENT, 20000], [S1, 53], `${KEY.token} 0`);
  const answer = (port: number): Sighting => datagram([PIP, 53], [CLIENT, port], 'answer');
  const quoted = ipv4({ src: PIP, dst: CLIENT, protocol: 17 }, uint16(53, 20000));
  const error = sighting(
    'client',
    0x0800,
    ipv4({ src: CLIENT, dst: PIP, protocol: 1 }, icmp(3, 3, uint16(0, 0), quoted)),
  );
  const all = [asked, answer(20000), error, answer(20001)];
  expect(belonging(all, { ...KEY, protocol: 'udp', address: S1, port: 53 })).toEqual(all.slice(0, 3));
});

test('an ICMP error about a connection does not belong to an echo between the same addresses', () => {
  const request = icmp(8, 0, uint16(1, 1), Buffer.from(KEY.token));
  const echo = sighting('client', 0x0800, ipv4({ src: CLIENT, dst: S1, protocol: 1 }, request));
  const error = (quoted: Buffer): Sighting =>
    sighting('l3', 0x0800, ipv4({ src: '198.51.100.1', dst: CLIENT, protocol: 1 }, icmp(3, 1, uint16(0, 0), quoted)));
  const aboutTcp = error(ipv4({ src: CLIENT, dst: S1, protocol: 6 }, tcp({ srcPort: 20001, dstPort: 80, flags: SYN })));
  const aboutEcho = error(ipv4({ src: CLIENT, dst: S1, protocol: 1 }, request));
  expect(belonging([echo, aboutTcp, aboutEcho], { ...KEY, protocol: 'icmp' })).toEqual([echo, aboutEcho]);
});

test('ARP for the addresses of its packets belongs to it', () => {
  const lab = plan(oneArm({ services: {} }));
  const mac = (node: string): string => lab.nodes.find(({ name }) => name === node)!.interfaces.at(-1)!.mac;
  const packets = [segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100)];
  const message = (node: string, direction: 'in' | 'out', from: string, to: string, body: Buffer): Sighting => {
    const bytes = ethernet(from, to, 0x0806, body);
    return { time: 0, node, iface: 'l2', direction, frame: decodeFrame(bytes, bytes.length) };
  };
  const question = arp(1, { mac: mac('l3'), ip: '203.0.113.1' }, VIP);
  const asks = message('l3', 'out', mac('l3'), 'ff:ff:ff:ff:ff:ff', question);
  const floods = message('l2', 'out', mac('l3'), 'ff:ff:ff:ff:ff:ff', question);
  const answers = message('l4', 'out', mac('l4'), mac('l3'), arp(2, { mac: mac('l4'), ip: VIP }, '203.0.113.1'));
  const learns = { ...answers, node: 'l3', direction: 'in' as const };
  const other = message(
    'l3',
    'out',
    mac('l3'),
    'ff:ff:ff:ff:ff:ff',
    arp(1, { mac: mac('l3'), ip: '203.0.113.1' }, '203.0.113.21'),
  );
  expect(flowArp([...packets, asks, floods, answers, learns, other], packets, [], lab)).toEqual([
    asks,
    answers,
    learns,
  ]);
});

test('an error about a packet that l3dsr translated but that never left', () => {
  const icmpError = (srcPort: number) => {
    const quoted = ipv4({ src: CLIENT, dst: S1, protocol: 6 }, tcp({ srcPort, dstPort: 80, flags: SYN, seq: 100 }));
    return sighting(
      'l4',
      0x0800,
      ipv4({ src: '203.0.113.2', dst: CLIENT, protocol: 1 }, icmp(3, 1, uint16(0, 0), quoted)),
    );
  };
  const mine = [segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100), icmpError(20000)];
  expect(belonging([...mine, icmpError(20001)])).toEqual(mine);
});

test('an error about a packet that NAT and then l3dsr translated, where it ended', () => {
  const NAT = '203.0.113.129';
  const quoted = ipv4({ src: NAT, dst: VIP, protocol: 6 }, tcp({ srcPort: 5316, dstPort: 80, flags: SYN, seq: 100 }));
  const expired = sighting('s1', 0x0800, ipv4({ src: S1, dst: NAT, protocol: 1 }, icmp(11, 0, uint16(0, 0), quoted)));
  const mine = [
    segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
    segment('l3', [NAT, 5316], [S1, 80], SYN, 100),
    expired,
  ];
  expect(belonging(mine)).toEqual(mine);
  expect(belonging([mine[0]!, expired])).toEqual([mine[0]]);
});

describe('in a tunnel', () => {
  const L4 = '203.0.113.2';
  const inside = ipv4(
    { src: CLIENT, dst: VIP, protocol: 6 },
    tcp({ srcPort: 20000, dstPort: 80, flags: SYN, seq: 100 }),
  );
  const outer = ipv4({ src: L4, dst: S1, protocol: 4 }, inside);

  test('a packet, and the error that a server sends about it to the load balancer', () => {
    const refused = ipv4({ src: S1, dst: L4, protocol: 1 }, icmp(3, 2, uint16(0, 0), outer));
    const all = [
      segment('client', [CLIENT, 20000], [VIP, 80], SYN, 100),
      sighting('l4', 0x0800, outer),
      sighting('s1', 0x0800, refused),
    ];
    expect(belonging(all)).toEqual(all);
  });
});
