import { relevantIncreases } from './counters.ts';

test('only counters of errors that rose are kept; a new counter starts at zero', () => {
  const before = { l3: { IpInReceives: 10, IpInAddrErrors: 2 }, l4: { 'l4lab wanted.web': 3 }, s1: { TcpOutRsts: 1 } };
  const after = {
    l3: { IpInReceives: 20, IpInAddrErrors: 2, TcpExtIPReversePathFilter: 1 },
    l4: { 'l4lab wanted.web': 5 },
    s1: { TcpOutRsts: 1, TcpInSegs: 9 },
  };
  expect(relevantIncreases(before, after)).toEqual({
    l3: { TcpExtIPReversePathFilter: 1 },
    l4: { 'l4lab wanted.web': 2 },
  });
});
