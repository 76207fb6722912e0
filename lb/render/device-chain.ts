import { carriers, type HostFacts } from '../terms/facts.ts';
import type { Chain } from './ruleset.ts';

/** The type of the frame is that of 802.1Q. By its name, nft would ask for the kind of an incoming interface as well. */
const TAGGED = '@ll,96,16 0x8100';

/**
 * A chain at `ingress` or `egress` of these interfaces; none where there are none, since nft refuses an empty list. Frames of a
 * VLAN that has an interface above one of these meet the rules there, and not here, where they have a tag.
 */
export function deviceChain(
  name: string,
  devices: Iterable<string>,
  { place, facts, priority = 'filter' }: { place: 'ingress' | 'egress'; facts: HostFacts; priority?: string },
  rules: string[],
): Chain[] {
  const quoted = (names: string[]): string => names.map((device) => `"${device}"`).join(', ');
  const all = [...devices];
  if (all.length === 0) return [];
  const tagged = all.filter((device) => carriers(facts).has(device));
  const skip = `meta ${place === 'ingress' ? 'iifname' : 'oifname'} { ${quoted(tagged)} } ${TAGGED} accept`;
  const hook = `type filter hook ${place} devices = { ${quoted(all)} } priority ${priority}`;
  return [{ name, hook, rules: tagged.length === 0 ? rules : [skip, ...rules] }];
}
