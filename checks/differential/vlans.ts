import fc from 'fast-check';
import type { Wired } from './wiring.ts';

/** VLANs of the switches: none, correct ones, or with one wrong port: its index, modulo the number of ports. */
export type Vlans = 'none' | 'as-meant' | number;

export const vlans: fc.Arbitrary<Vlans> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Vlans>('none') },
  { weight: 1, arbitrary: fc.constant<Vlans>('as-meant') },
  { weight: 1, arbitrary: fc.nat(6) },
);

interface Port {
  vlan?: number;
  trunk?: number[];
}

/** The VLAN that replaces each switch of the wiring without VLANs. */
const OF_SWITCH: Record<string, number> = { l2: 10, 'l2-far': 20 };
/** A VLAN without other members. */
const ELSEWHERE = 30;

/** The same lab on one switch, with a VLAN for each former switch, and a trunk to each node with two interfaces. */
export function onTrunks(wired: Wired): Wired & { ports: Record<string, Port> } {
  const nodes = Object.fromEntries(Object.entries(wired.nodes).filter(([name]) => name !== 'l2-far'));
  const interfaces = wired.links.flatMap((link) => {
    const [name, peer] = Object.keys(link) as [string, string];
    const vlan = OF_SWITCH[peer];
    return vlan === undefined ? [] : [{ name, vlan, address: link[name] ?? null }];
  });
  const ports: Record<string, Port> = {};
  const links = [...new Set(interfaces.map(({ name }) => name))].map((name) => {
    const own = interfaces.filter((one) => one.name === name);
    if (own.length === 1) {
      ports[name] = { vlan: own[0]!.vlan };
      return { [name]: own[0]!.address, l2: null };
    }
    ports[name] = { trunk: own.map(({ vlan }) => vlan) };
    return { [name]: { vlans: Object.fromEntries(own.map(({ vlan, address }) => [vlan, address])) }, l2: null };
  });
  return {
    ...wired,
    name: `${wired.name}-vlans`,
    nodes: { ...nodes, l2: { ...nodes['l2'], ports } },
    links: [
      ...wired.links.filter((link) => Object.keys(link).every((peer) => OF_SWITCH[peer] === undefined)),
      ...links,
    ],
    ports,
  };
}

/** The ports, with one changed: it is in a separate VLAN, or carries only one VLAN of its trunk. */
export function misplaced(ports: Record<string, Port>, index: number): Record<string, Port> {
  const names = Object.keys(ports);
  const name = names[index % names.length]!;
  const { trunk } = ports[name]!;
  return { [name]: trunk === undefined ? { vlan: ELSEWHERE } : { trunk: [trunk[index % trunk.length]!] } };
}
