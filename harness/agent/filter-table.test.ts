import { filterTable } from './filter-table.ts';

/** The lines that rules make, without those for what is no traffic of a lab. */
function rules(...filter: Parameters<typeof filterTable>[0]): string[] {
  return filterTable(filter)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('meta nfproto'));
}

test('a rule applies to both families, with one counter', () => {
  const filter = [{ action: 'drop' as const, protocol: 'icmp' as const, type: 'too-big' as const, text: '' }];
  expect(rules(...filter)).toEqual([
    'meta nfproto ipv4 icmp type destination-unreachable icmp code frag-needed counter name rule1 drop',
    'meta nfproto ipv6 icmpv6 type packet-too-big counter name rule1 drop',
  ]);
  expect(filterTable(filter).match(/counter rule1 {}/g)).toHaveLength(1);
});

test('a rule with addresses applies only to their families', () => {
  expect(rules({ action: 'drop', protocol: 'udp', port: 53, from: ['198.51.100.0/24'], text: '' })).toEqual([
    'meta nfproto ipv4 ip saddr { 198.51.100.0/24 } udp dport 53 counter name rule1 drop',
  ]);
});

test('reject sends a reset for TCP, and port unreachable otherwise', () => {
  expect(rules({ action: 'reject', to: ['2001:db8::1/128'], text: '' })).toEqual([
    'meta nfproto ipv6 ip6 daddr { 2001:db8::1/128 } meta l4proto tcp counter name rule1 reject with tcp reset',
    'meta nfproto ipv6 ip6 daddr { 2001:db8::1/128 } meta l4proto udp counter name rule1 reject with icmpx port-unreachable',
    'meta nfproto ipv6 ip6 daddr { 2001:db8::1/128 } meta l4proto icmpv6 counter name rule1 reject with icmpx port-unreachable',
    'meta nfproto ipv6 ip6 daddr { 2001:db8::1/128 } meta l4proto { 4, 41 } counter name rule1 reject with icmpx port-unreachable',
  ]);
});

test('rules that accept have no counter', () => {
  expect(filterTable([{ action: 'accept', protocol: 'tcp', text: '' }])).not.toContain('counter');
});
