import { kernelCounters, namedLines, pairedLines } from './counters.ts';

test('reads pairs of lines, as in /proc/net/snmp, without zeros', () => {
  const text = 'Ip: Forwarding InAddrErrors\nIp: 1 0\nTcpExt: ListenDrops IPReversePathFilter\nTcpExt: 0 7\n';
  expect(pairedLines(text)).toEqual({ IpForwarding: 1, TcpExtIPReversePathFilter: 7 });
});

test('reads lines with a name each, as in /proc/net/snmp6', () => {
  expect(namedLines('Ip6InReceives                   \t12\nIp6InNoRoutes                   \t0\n')).toEqual({
    Ip6InReceives: 12,
  });
});

test('reads the counters of this machine', () => {
  expect(kernelCounters()['IpDefaultTTL']).toBeGreaterThan(0);
});
