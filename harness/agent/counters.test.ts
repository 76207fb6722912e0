import { kernelCounters, namedLines, pairedLines } from './counters.ts';

test('lines in pairs, as in /proc/net/snmp: what is zero is left out', () => {
  const text = 'Ip: Forwarding InAddrErrors\nIp: 1 0\nTcpExt: ListenDrops IPReversePathFilter\nTcpExt: 0 7\n';
  expect(pairedLines(text)).toEqual({ IpForwarding: 1, TcpExtIPReversePathFilter: 7 });
});

test('lines with a name each, as in /proc/net/snmp6', () => {
  expect(namedLines('Ip6InReceives                   \t12\nIp6InNoRoutes                   \t0\n')).toEqual({
    Ip6InReceives: 12,
  });
});

test("this very machine's counters can be read", () => {
  expect(kernelCounters()['IpDefaultTTL']).toBeGreaterThan(0);
});
