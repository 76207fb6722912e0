import { pingOutcome } from './ping-errors.ts';

test.each([
  ['ping: connect: Network is unreachable', 'ENETUNREACH'],
  ['From 203.0.113.1 icmp_seq=1 Destination Host Unreachable', 'EHOSTUNREACH'],
  ['ping: connect: Invalid argument', 'EINVAL'],
  ['ping: connect: Permission denied', 'EACCES'],
  ['ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules', 'EACCES'],
  ['From 203.0.113.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)', 'EMSGSIZE'],
  ['1 packets transmitted, 0 received, 100% packet loss, time 0ms', 'timeout'],
])('%s', (printed, outcome) => {
  expect(pingOutcome(printed)).toBe(outcome);
});
