import fc from 'fast-check';
import { canonical, contains, host, hostRoute, isV6, network } from './address.ts';

const v4 = fc.ipV4();
const v6 = fc.ipV6().filter((text) => !text.includes('.'));
const cidr = fc.oneof(
  fc.tuple(v4, fc.nat(32)).map(([ip, length]) => `${ip}/${length}`),
  fc.tuple(v6, fc.nat(128)).map(([ip, length]) => `${ip}/${length}`),
);

/** The bits of an address, counted by hand. */
function bits(address: string): string {
  const groups = isV6(address) ? expand(address).map((g) => [Number.parseInt(g, 16), 16]) : octets(address);
  return groups.map(([value, size]) => value!.toString(2).padStart(size!, '0')).join('');
}

function octets(address: string): number[][] {
  return address.split('.').map((octet) => [Number(octet), 8]);
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('::').map((half) => half);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}

test('an address is in a network with the same prefix, never in one of the other family', () => {
  fc.assert(
    fc.property(cidr, fc.oneof(v4, v6), (net, address) => {
      const length = Number(net.split('/')[1]);
      const agrees = bits(host(net)).slice(0, length) === bits(address).slice(0, length);
      expect(contains(net, address)).toBe(isV6(net) === isV6(address) && agrees);
    }),
  );
});

test('the network of an interface address contains it and has zero host bits', () => {
  fc.assert(
    fc.property(cidr, (address) => {
      const net = network(address);
      const length = Number(address.split('/')[1]);
      expect(contains(net, address)).toBe(true);
      expect(network(net)).toBe(net);
      expect(bits(host(net))).toBe(
        bits(host(address))
          .slice(0, length)
          .padEnd(isV6(address) ? 128 : 32, '0'),
      );
    }),
  );
});

test('a host route contains only its own address', () => {
  fc.assert(
    fc.property(fc.oneof(v4, v6), fc.oneof(v4, v6), (address, other) => {
      expect(contains(hostRoute(address), address)).toBe(true);
      expect(contains(hostRoute(address), other)).toBe(canonical(address) === canonical(other));
    }),
  );
});

test('IPv6 addresses are normalised', () => {
  expect(canonical('2001:DB8:0:0:0:0:0:0080')).toBe('2001:db8::80');
  expect(canonical('203.0.113.80')).toBe('203.0.113.80');
});
