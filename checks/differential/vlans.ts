import fc from 'fast-check';
import { mostly } from './settings.ts';
import { isTrunk, type LinkEnd, type Wired } from './wiring.ts';

/** VLANs of the switches. */
export interface Vlans {
  /** On one switch, or with the servers on a second one, behind a trunk. */
  switches: 1 | 2;
  /** Whether trunks to nodes carry their first VLAN untagged. */
  nativeAtNodes: boolean;
  /** VLAN that the trunk between the switches carries untagged, at either end; null for none. */
  native: [number | null, number | null];
  /** One wrong port: its index, modulo the number of ports; null if all are correct. */
  wrong: number | null;
}

const native = mostly<Vlans['native']>(
  [null, null],
  [
    [10, 10],
    [20, 20],
    [10, 20],
    [10, null],
    [null, 20],
  ],
  2,
);

export const vlans: fc.Arbitrary<Vlans | null> = mostly(false, [true], 2).chain((drawn) =>
  drawn
    ? fc.record({
        switches: mostly<Vlans['switches']>(1, [2], 1),
        nativeAtNodes: mostly(false, [true], 2),
        native,
        wrong: mostly(false, [true], 2).chain((isWrong) => (isWrong ? fc.nat(6) : fc.constant(null))),
      })
    : fc.constant(null),
);

interface Port {
  vlan?: number;
  trunk?: number[];
  native?: number;
}
type Ports = Record<string, Port>;

/** The VLAN that replaces each switch of the wiring without VLANs. */
const OF_SWITCH: Record<string, number> = { l2: 10, 'l2-far': 20 };
/** A VLAN without other members. */
const ELSEWHERE = 30;
/** The switch of the servers, if there are two. */
const SECOND = 'l2-servers';

/** The same lab with a VLAN for each former switch, and a trunk to each node with two interfaces. */
export function onTrunks(wired: Wired, drawn: Vlans): Wired & { ports: Record<string, Ports> } {
  const { nodes: former, links: formerLinks } = wired;
  const interfaces = formerLinks.flatMap((link) => {
    const [name, peer] = Object.keys(link) as [string, string];
    const vlan = OF_SWITCH[peer];
    return vlan === undefined ? [] : [{ name, vlan, address: link[name] ?? null }];
  });
  const isServer = (name: string): boolean => former[name]!['role'] === 'server';
  const switchOf = (name: string): string => (drawn.switches === 2 && isServer(name) ? SECOND : 'l2');
  const ports: Record<string, Ports> = { l2: {}, ...(drawn.switches === 2 ? { [SECOND]: {} } : {}) };
  const links = [...new Set(interfaces.map(({ name }) => name))].map((name) => {
    const own = interfaces.filter((one) => one.name === name);
    const { port, end } = attached(own, drawn.nativeAtNodes);
    ports[switchOf(name)]![name] = port;
    return { [name]: end, [switchOf(name)]: null };
  });
  const all = [...new Set(interfaces.map(({ vlan }) => vlan))].toSorted();
  const trunkOf = (untagged: number | null): Port => ({
    trunk: all,
    ...(untagged === null || !all.includes(untagged) ? {} : { native: untagged }),
  });
  if (drawn.switches === 2) {
    ports['l2']![SECOND] = trunkOf(drawn.native[0]);
    ports[SECOND]!['l2'] = trunkOf(drawn.native[1]);
    links.push({ l2: null, [SECOND]: null });
  }
  const nodes = Object.fromEntries(Object.entries(former).filter(([name]) => OF_SWITCH[name] === undefined));
  const switches = Object.entries(ports).map(([name, own]): [string, Wired['nodes'][string]] => [
    name,
    { role: 'l2', ports: own },
  ]);
  return {
    ...wired,
    name: `${wired.name}-vlans`,
    nodes: { ...nodes, ...Object.fromEntries(switches) },
    links: [
      ...formerLinks.filter((link) => Object.keys(link).every((peer) => OF_SWITCH[peer] === undefined)),
      ...links,
    ],
    ports,
  };
}

/** The port of a node with interfaces in these VLANs, and its end of the link. */
function attached(own: { vlan: number; address: LinkEnd }[], isNative: boolean): { port: Port; end: LinkEnd } {
  const [first, ...others] = own as [(typeof own)[number], ...typeof own];
  if (others.length === 0) return { port: { vlan: first.vlan }, end: first.address };
  const trunk = own.map(({ vlan }) => vlan);
  const addresses = (list: typeof own) => Object.fromEntries(list.map(({ vlan, address }) => [vlan, address]));
  if (!isNative || typeof first.address !== 'string') return { port: { trunk }, end: { vlans: addresses(own) } };
  return { port: { trunk, native: first.vlan }, end: { address: first.address, vlans: addresses(others) } };
}

/** Settings of the switch that has the wrong port: it is in a separate VLAN, or carries only one VLAN of its trunk. */
export function misplaced(ports: Record<string, Ports>, index: number): Record<string, { ports: Ports }> {
  const all = Object.entries(ports).flatMap(([at, own]) =>
    Object.entries(own).map(([name, port]) => ({ at, name, port })),
  );
  const { at, name, port } = all[index % all.length]!;
  const { trunk } = port;
  const wrong = trunk === undefined ? { vlan: ELSEWHERE } : { trunk: [trunk[index % trunk.length]!] };
  return { [at]: { ports: { [name]: wrong } } };
}

/** Names of the interfaces that a node has on a link that it calls by this name. */
export function interfacesOf(end: LinkEnd, word: string): string[] {
  if (!isTrunk(end)) return [word];
  return [...('address' in end ? [word] : []), ...Object.keys(end.vlans).map((vlan) => `${word}.${vlan}`)];
}
