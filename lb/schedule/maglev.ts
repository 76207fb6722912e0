import type { Weighted } from './smooth-wrr.ts';

/**
 * Lookup table of Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): every slot has a server, slots are
 * distributed by weight, and few slots change when a server is added or removed. `size` must be a prime well above the
 * number of servers. A server's slots depend only on its name, not on the order of `servers`.
 */
export function maglevTable<T extends Weighted & { name: string }>(servers: readonly T[], size: number): T[] {
  const ordered = servers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const heaviest = Math.max(...ordered.map(({ weight }) => weight));
  const walks = ordered.map(({ name, weight }) => ({
    slot: hash(name, 0x811c9dc5) % size,
    step: (hash(name, 0x9e3779b9) % (size - 1)) + 1,
    share: weight / heaviest,
    due: 0,
  }));
  const owner = new Int32Array(size).fill(-1);
  for (let taken = 0; taken < size;) {
    for (let i = 0; i < walks.length && taken < size; i++) {
      const walk = walks[i]!;
      walk.due += walk.share;
      if (walk.due < 1) continue;
      walk.due -= 1;
      while (owner[walk.slot] !== -1) walk.slot = (walk.slot + walk.step) % size;
      owner[walk.slot] = i;
      taken++;
    }
  }
  return Array.from(owner, (i) => ordered[i]!);
}

/** FNV-1a with a final mix, 32 bits. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
