import fc from 'fast-check';
import { mostly } from './settings.ts';
import { interfacesOf } from './vlans.ts';
import { endsOf, type Wired } from './wiring.ts';

type Settings = Record<string, unknown>;

/** Settings of one interface, at the end of a link; null for none. */
export type OneInterface = { link: number; end: number; settings: Settings } | null;

export const oneInterface: fc.Arbitrary<OneInterface> = mostly(false, [true], 3).chain((drawn) =>
  drawn
    ? fc.record({
        link: fc.nat(9),
        end: fc.nat(1),
        settings: fc.constantFrom<Settings[]>(
          { rpFilter: 1 },
          { rpFilter: 2 },
          { rpFilter: 0 },
          { arpIgnore: 1 },
          { arpIgnore: 2 },
          { arpAnnounce: 2 },
          { arpIgnore: 0, arpAnnounce: 0 },
          { acceptLocal: true },
          { sendRedirects: true },
          { acceptRedirects: true },
          { proxyArp: true },
        ),
      })
    : fc.constant(null),
);

/** The same settings with those of one interface, if it has IP. */
export function withInterface(
  nodes: Record<string, Settings>,
  one: OneInterface,
  { nodes: inLab, links }: Wired,
): Record<string, Settings> {
  if (one === null) return nodes;
  const { name, word } = endsOf(links, one.link % links.length)[one.end]!;
  const { role, bridge } = inLab[name]!;
  if (role === 'l2' || bridge !== undefined) return nodes;
  // Only nodes that forward answer for others, and send redirects.
  if (('proxyArp' in one.settings || 'sendRedirects' in one.settings) && role !== 'l3' && role !== 'l4') return nodes;
  const before = (nodes[name]?.['interfaces'] ?? {}) as Record<string, Settings>;
  const [own = word] = interfacesOf(links[one.link % links.length]![name]!, word);
  const interfaces = { ...before, [own]: { ...before[own], ...one.settings } };
  return { ...nodes, [name]: { ...nodes[name], interfaces } };
}
