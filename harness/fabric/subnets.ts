import { randomInt } from 'node:crypto';

/** A throwaway subnet for one wire: required by the engine, never used by labs. */
export interface WireSubnet {
  /** CIDR, /28 out of 100.64.0.0/10 (RFC 6598), which no lab uses. */
  subnet: string;
  /** The same bits in fd4c:… /64 (RFC 4193). */
  subnet6: string;
  gateway: string;
  /** Addresses of both ends. */
  ends: [string, string];
}

const COUNT = 1 << 18;

/** The n-th wire subnet; n is taken modulo 2^18. */
export function wireSubnet(n: number): WireSubnet {
  const base = ((100 << 24) | (64 << 16)) + ((n % COUNT) << 4);
  const address = (offset: number): string => {
    const value = base + offset;
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  };
  const group = (value: number): string => (value & 0xffff).toString(16);
  const subnet6 = `fd4c:6c34:${group(base >>> 16)}:${group(base)}::/64`;
  return { subnet: `${address(0)}/28`, subnet6, gateway: address(1), ends: [address(2), address(3)] };
}

/** Random start, so that labs of several processes rarely collide. */
export function randomStart(): number {
  return randomInt(COUNT);
}
