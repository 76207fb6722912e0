import * as z from 'zod';
import { bytesOf, canonical } from './address.ts';

const cidr = z.union([z.cidrv4(), z.cidrv6()]);

/** Whether a text is a network such as `198.51.100.0/24`: an address with a prefix length and zero host bits. */
export function isNetwork(text: string): boolean {
  if (!cidr.safeParse(text).success) return false;
  const [address, length] = text.split('/') as [string, string];
  return bytesOf(address).every((byte, i) => {
    const kept = Math.min(8, Math.max(0, Number(length) - 8 * i));
    return (byte & (0xff >> kept)) === 0;
  });
}

/** The canonical form of a network. */
export function canonicalNetwork(network: string): string {
  const [address, length] = network.split('/') as [string, string];
  return `${canonical(address)}/${Number(length)}`;
}
