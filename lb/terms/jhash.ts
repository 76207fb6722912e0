/** Fixed, so that a restarted load balancer, and another one with the same configuration, get the same hashes. */
export const HASH_SEED = 0x6c346c62;

/** JHASH_INITVAL of the kernel. */
const START = 0xdeadbeef;
/** Bytes per round. */
const BLOCK = 12;

/**
 * Bob Jenkins' hash, as in the kernel (`jhash` of include/linux/jhash.h) and in nft's `jhash`, on a little-endian machine.
 * @param key not empty
 */
export function jhash(key: Uint8Array, seed: number): number {
  const padded = new Uint8Array(Math.ceil(key.length / BLOCK) * BLOCK);
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

/** A hash scaled to 0 … count - 1, as by nft's `mod` (reciprocal_scale of include/linux/kernel.h). */
export function scaled(hash: number, count: number): number {
  return Number((BigInt(hash) * BigInt(count)) >> 32n);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
