import { natTable } from './nat-table.ts';

function rules(...nat: Parameters<typeof natTable>): string[] {
  return natTable(...nat)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('oifname'));
}

test('masquerade is for both families', () => {
  expect(rules({ out: ['isp', 'sw.10'], to: [] })).toEqual(['oifname { "isp", "sw.10" } masquerade']);
});

test('an address is for its own family', () => {
  expect(rules({ out: ['isp'], to: ['192.0.2.1', '2001:db8::1'] })).toEqual([
    'meta nfproto ipv4 oifname { "isp" } snat ip to 192.0.2.1',
    'meta nfproto ipv6 oifname { "isp" } snat ip6 to 2001:db8::1',
  ]);
});
