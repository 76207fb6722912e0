import fc from 'fast-check';
import { contains } from '../scenario/address.ts';
import { wireSubnet } from './subnets.ts';

const number = fc.nat((1 << 18) - 1);

test('a wire has an unused subnet, with a gateway and two ends', () => {
  fc.assert(
    fc.property(number, (n) => {
      const { subnet, gateway, ends } = wireSubnet(n);
      expect(contains('100.64.0.0/10', subnet)).toBe(true);
      const addresses = [subnet.split('/')[0]!, gateway, ...ends];
      expect(addresses.every((address) => contains(subnet, address))).toBe(true);
      expect(new Set(addresses).size).toBe(4);
    }),
  );
});

test('no two wires overlap until all subnets were used', () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(contains(wireSubnet(a).subnet, wireSubnet(b).gateway)).toBe(a === b);
    }),
  );
  expect(wireSubnet(1 << 18)).toEqual(wireSubnet(0));
});
