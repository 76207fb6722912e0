import type { HostFacts } from '../facts/facts.ts';
import { deviceChain } from './device-chain.ts';

const FACTS: HostFacts = {
  interfaces: [
    { name: 'eth0', index: 2, mac: '02:00:00:00:00:02', master: null, mtu: 1500, addresses: [] },
    { name: 'eth0.10', index: 3, mac: '02:00:00:00:00:02', master: null, mtu: 1500, above: 'eth0', addresses: [] },
    { name: 'eth1', index: 4, mac: '02:00:00:00:00:04', master: null, mtu: 1500, addresses: [] },
  ],
  routes: [],
};

const rulesAt = (devices: string[], place: 'ingress' | 'egress'): string[] =>
  deviceChain('c', devices, { place, facts: FACTS }, ['notrack']).flatMap(({ rules }) => rules);

test('a tagged frame is processed once, at its VLAN interface', () => {
  expect(rulesAt(['eth0', 'eth0.10', 'eth1'], 'ingress')).toEqual([
    'meta iifname { "eth0" } @ll,96,16 0x8100 accept',
    'notrack',
  ]);
  expect(rulesAt(['eth0', 'eth1'], 'egress')).toEqual(['meta oifname { "eth0" } @ll,96,16 0x8100 accept', 'notrack']);
  expect(rulesAt(['eth0.10', 'eth1'], 'egress')).toEqual(['notrack']);
});
