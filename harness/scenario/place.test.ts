import { cause } from '../terms/cause.ts';
import { isAt } from './place.ts';

test('a VLAN that a trunk does not carry is at the trunk, and at the interface of the VLAN', () => {
  const params = { node: 'sw', port: 'l3', vlan: 20, asker: 'l3', address: '203.0.113.11' };
  const found = cause('vlan-mismatch', 'vlan-not-carried', params);
  const places = ['sw', 'sw.l3', 'sw.l3.20', 'sw.l3.10', 'sw.s1', 'l3'];
  expect(
    places.filter((place) => isAt({ nodes: [], services: [], links: [], flows: [] } as never, found, place)),
  ).toEqual(['sw', 'sw.l3', 'sw.l3.20']);
});
