import fc from 'fast-check';
import { Address4 } from 'ip-address';
import { covers, prefix } from './prefix.ts';

test('a network covers exactly the addresses that share its leading bits', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (net, address, length) => {
      const cidr = `${net}/${length}`;
      expect(covers(prefix(cidr), address)).toBe(new Address4(address).isInSubnet(new Address4(cidr)));
    }),
  );
});

test('address families never cover one another', () => {
  expect(covers(prefix('0.0.0.0/0'), '2001:db8::1')).toBe(false);
  expect(covers(prefix('::/0'), '198.51.100.1')).toBe(false);
  expect(covers(prefix('2001:db8::/32'), '2001:db8:1::80')).toBe(true);
});
