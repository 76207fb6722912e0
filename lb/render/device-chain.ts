import type { Chain } from './ruleset.ts';

/** A chain at `ingress` or `egress` of these interfaces; none where there are none, since nft refuses an empty list. */
export function deviceChain(
  name: string,
  devices: Iterable<string>,
  { place, priority = 'filter' }: { place: 'ingress' | 'egress'; priority?: string },
  rules: string[],
): Chain[] {
  const names = [...devices].map((device) => `"${device}"`).join(', ');
  if (names === '') return [];
  return [{ name, hook: `type filter hook ${place} devices = { ${names} } priority ${priority}`, rules }];
}
