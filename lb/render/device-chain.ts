import { carriers, type HostFacts } from '../facts/facts.ts';
import type { Chain } from './ruleset.ts';

/** EtherType 802.1Q as raw bytes: if given by name, nft also matches the type of the incoming interface. */
const TAGGED = '@ll,96,16 0x8100';

/**
 * A chain at `ingress` or `egress` of these interfaces; none without interfaces, because nft rejects an empty list. On
 * an interface with VLAN interfaces above it, tagged frames skip the rules, which apply on the VLAN interface.
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
