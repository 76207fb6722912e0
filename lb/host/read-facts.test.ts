import { parseFacts } from './read-facts.ts';

/** Output of iproute2 6.1 on Linux 6.1 with ipip, sit and ip6_tunnel loaded, without fields that are not read. */
const LINKS = [
  { ifindex: 1, ifname: 'lo', link_type: 'loopback', address: '00:00:00:00:00:00', addr_info: [] },
  { ifindex: 2, link: null, ifname: 'tunl0', link_type: 'ipip', address: '0.0.0.0', broadcast: '0.0.0.0' },
  { ifindex: 3, link: null, ifname: 'sit0', link_type: 'sit', address: '0.0.0.0', broadcast: '0.0.0.0' },
  { ifindex: 4, link: null, ifname: 'ip6tnl0', link_type: 'tunnel6', address: '::', permaddr: 'ea2f:f3de:d35c::' },
  { ifindex: 5, ifname: 'gre0', link_type: 'gre', address: '0.0.0.0', broadcast: '0.0.0.0' },
  { ifindex: 6, ifname: 'wg0', link_type: 'none', addr_info: [{ local: '192.0.2.1', prefixlen: 24 }] },
  { ifindex: 7, ifname: 'br0', link_type: 'ether', address: '02:00:00:00:00:07' },
  { ifindex: 8, ifname: 'eth0', link_type: 'ether', address: '02:00:00:00:00:08', master: 'br0' },
];

test('only an Ethernet interface has a MAC, although others have link-layer addresses', () => {
  const { interfaces } = parseFacts(`${JSON.stringify(LINKS)}\n[]\n`);
  expect(Object.fromEntries(interfaces.map(({ name, mac }) => [name, mac]))).toEqual({
    lo: '',
    tunl0: '',
    sit0: '',
    ip6tnl0: '',
    gre0: '',
    wg0: '',
    br0: '02:00:00:00:00:07',
    eth0: '02:00:00:00:00:08',
  });
});

test('a VLAN interface has a lower device, and the ends of a veth pair in one namespace have none', () => {
  const shown = [
    { ifindex: 2, ifname: 'eth0', link_type: 'ether', address: '02:00:00:00:00:02' },
    { ifindex: 3, link: 'eth0', ifname: 'eth0.10', link_type: 'ether', address: '02:00:00:00:00:02' },
    { ifindex: 4, link: 'b', ifname: 'a', link_type: 'ether', address: '02:00:00:00:00:04' },
    { ifindex: 5, link: 'a', ifname: 'b', link_type: 'ether', address: '02:00:00:00:00:05' },
    { ifindex: 6, link: null, ifname: 'tunl0', link_type: 'ipip', address: '0.0.0.0' },
  ];
  const { interfaces } = parseFacts(`${JSON.stringify(shown)}\n[]\n`);
  expect(interfaces.flatMap(({ name, above }) => (above === undefined ? [] : [[name, above]]))).toEqual([
    ['eth0.10', 'eth0'],
  ]);
});

test('a blackhole route has no interface, although IPv6 shows it with `lo`', () => {
  const shown = [
    { type: 'blackhole', dst: '10.0.0.0/8', flags: [] },
    { type: 'unreachable', dst: '2001:db8::/64', dev: 'lo', metric: 1024, flags: [], pref: 'medium' },
    { dst: '192.0.2.0/24', dev: 'eth0', flags: [] },
  ];
  expect(parseFacts(`[]\n${JSON.stringify(shown)}\n`).routes).toEqual([{ to: '192.0.2.0/24', dev: 'eth0' }]);
});
