import type { HostFacts } from './facts.ts';
import { deviceFor, ingressDevices, onLink } from './facts.ts';

const plain = { index: 0, mac: '', master: null, mtu: 1500, addresses: [] };
const FACTS: HostFacts = {
  interfaces: [
    { ...plain, name: 'lo', addresses: [{ address: '127.0.0.1', prefix: 8 }] },
    {
      ...plain,
      name: 'br0',
      addresses: [
        { address: '203.0.113.2', prefix: 24 },
        { address: '2001:db8::2', prefix: 64 },
      ],
    },
    { ...plain, name: 'up', master: 'br0' },
    { ...plain, name: 'down', master: 'br0' },
    {
      ...plain,
      name: 'side',
      addresses: [
        { address: '198.51.100.2', prefix: 25 },
        { address: '203.0.113.66', prefix: 32 },
      ],
    },
  ],
  routes: [
    { to: '0.0.0.0/0', dev: 'br0' },
    { to: '198.51.100.0/24', dev: 'br0' },
    { to: '198.51.100.200/32', dev: 'side' },
  ],
};

it.each([
  ['203.0.113.80', 'br0'],
  ['203.0.113.66', 'br0'],
  ['2001:db8::80', 'br0'],
  ['198.51.100.130', null],
])('%s is on the link of %s', (address, device) => {
  expect(onLink(FACTS, address)).toBe(device);
});

it.each([
  ['203.0.113.80', 'br0'],
  ['198.51.100.5', 'side'],
  ['198.51.100.130', 'br0'],
  ['198.51.100.200', 'side'],
  ['192.0.2.1', 'br0'],
  ['2001:db8:1::1', null],
])('%s is reached through %s', (address, device) => {
  expect(deviceFor(FACTS, address)).toBe(device);
});

it('frames arrive at the ports of a bridge, not at the bridge', () => {
  expect(ingressDevices(FACTS)).toEqual(['up', 'down', 'side']);
});
