import type { Hop } from '../../harness/terms/walk.ts';
import type { MacOwner } from './mac-owners.ts';

type Change = Hop['changed'][number];

/**
 * A change at a hop: `ttl 63 → 62`, `encapsulated, 198.51.100.10 > 203.0.113.80 inside`. A MAC of the lab is replaced by the
 * node that has it.
 */
export function changeText({ field, from, to }: Change, ownerOf: MacOwner = () => null): string {
  if (field !== 'carries') return `${field} ${ownerOf(from) ?? from} → ${ownerOf(to) ?? to}`;
  if (from === 'nothing') return `encapsulated, ${to} inside`;
  return to === 'nothing' ? 'decapsulated' : `inside: ${from} → ${to}`;
}
