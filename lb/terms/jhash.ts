/** Fixed, so that a restarted load balancer, and another one with the same configuration, hash alike. */
export const HASH_SEED = 0x6c346c62;

/** A power of two: how much of the golden ratio's neighbour the kernel starts with (JHASH_INITVAL). */
const START = 0xdeadbeef;
const BLOCK = 12;

/**
 * Bob Jenkins' hash as the kernel has it (include/linux/jhash.h, `jhash`) and nft's `jhash` uses it, on a machine whose
 * lowest byte comes first.
 */
export function jhash(key: Uint8Array, seed: number): number {
  const padded = new Uint8Array(Math.max(1, Math.ceil(key.length / BLOCK)) * BLOCK);
  padded.set(key);
  const words = new DataView(padded.buffer);
  let a = (START + key.length + seed) | 0;
  let [b, c] = [a, a];
  const take = (offset: number): void => {
    a = (a + words.getInt32(offset, true)) | 0;
    b = (b + words.getInt32(offset + 4, true)) | 0;
    c = (c + words.getInt32(offset + 8, true)) | 0;
  };
  let offset = 0;
  for (; key.length - offset > BLOCK; offset += BLOCK) {
    take(offset);
    a = (a - c) ^ rotated(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotated(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 4);
    b = (b + a) | 0;
  }
  if (key.length === 0) return c >>> 0;
  take(offset);
  c = (c ^ b) - rotated(b, 14);
  a = (a ^ c) - rotated(c, 11);
  b = (b ^ a) - rotated(a, 25);
  c = (c ^ b) - rotated(b, 16);
  a = (a ^ c) - rotated(c, 4);
  b = (b ^ a) - rotated(a, 14);
  c = (c ^ b) - rotated(b, 24);
  return c >>> 0;
}

/** A hash as one of so many numbers from 0 on (reciprocal_scale of include/linux/kernel.h), as nft's `mod` has it. */
export function scaled(hash: number, count: number): number {
  return Number((BigInt(hash) * BigInt(count)) >> 32n);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
