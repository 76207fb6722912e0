import { carriers, type HostFacts } from '../terms/facts.ts';
import type { Chain } from './ruleset.ts';

/** EtherType 802.1Q, as raw bytes: for its name, nft would also match the type of the incoming interface. */
const TAGGED = '@ll,96,16 0x8100';

/**
 * A chain at `ingress` or `egress` of these interfaces; none without interfaces, because nft refuses an empty list. A tagged
 * frame skips the rules on an interface with VLAN interfaces above it: they apply on the interface of its VLAN.
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
