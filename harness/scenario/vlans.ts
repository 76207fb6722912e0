import { ROLES } from '../terms/role.ts';
import { trunkInterface } from '../terms/trunk-interface.ts';
import type { InterfacePlan, LinkPlan } from '../terms/plan.ts';
import { untaggedAddresses, vlanAddresses, linkNameAt } from './lab-queries.ts';
import type { Lab, NodeSettings, ScenarioFile } from './schema.ts';

export type SwitchPort = NonNullable<NodeSettings['ports']>[string];

/** Default VLAN of a port on a switch with VLANs (IEEE 802.1Q). */
const DEFAULT_VLAN = 1;

/** A wire of a link: for untagged frames, or for one VLAN of a trunk. */
export interface LinkWire {
  plan: LinkPlan;
  /** Both ends, by node. */
  ends: Record<string, WireEnd>;
}

type WireEnd = Pick<InterfacePlan, 'name' | 'addresses' | 'vlan' | 'closed'>;

/** Which untagged (`untagged`) and tagged frames an end of a link accepts. */
type LinkEndKind =
  | { is: 'switch'; untagged: number | null; tagged: Set<number> }
  /** A switch without VLANs, which ignores tags. */
  | { is: 'bridge' }
  | { is: 'host'; untagged: string[] | null; tagged: Map<number, string[]> };

/**
 * The wires of a link: one for each tag, because labs must also run on kernels without 802.1Q. Includes tags that only
 * one end sends.
 * @param portsOf VLAN settings of a node's ports; empty without VLANs
 */
export function wiresOf(lab: Lab, link: Lab['links'][number], portsOf: (name: string) => PortsByLink): LinkWire[] {
  const [a, b] = Object.keys(link) as [string, string];
  const speaks = { [a]: speaksOf(lab, link, a, portsOf(a)), [b]: speaksOf(lab, link, b, portsOf(b)) };
  return tagsOf(speaks[a]!, speaks[b]!).map((tag): LinkWire => {
    const end = (node: string): WireEnd => {
      const word = linkNameAt(lab, link, node);
      return { name: tag === null ? word : trunkInterface(word, tag), ...wireEnd(speaks[node]!, tag) };
    };
    const ends = { [a]: end(a), [b]: end(b) };
    return {
      plan: {
        ends: [
          { node: a, iface: ends[a]!.name },
          { node: b, iface: ends[b]!.name },
        ],
        ...(tag === null ? {} : { vlan: tag }),
      },
      ends,
    };
  });
}

/** Switch ports with VLAN settings, by the switch's name for the link. */
export type PortsByLink = Record<string, SwitchPort>;

/** VLAN settings of switch ports: the scenario's, otherwise the lab's. */
export function portsIn(lab: Lab, { nodes }: Pick<ScenarioFile, 'nodes'>): (name: string) => PortsByLink {
  return (name) => ({ ...lab.nodes[name]!.ports, ...nodes[name]?.ports });
}

/** The VLAN of a port's untagged frames; null for a trunk without native VLAN. */
function untaggedVlan({ vlan, trunk, native }: SwitchPort): number | null {
  return trunk === undefined ? (vlan ?? DEFAULT_VLAN) : (native ?? null);
}

function speaksOf(lab: Lab, link: Lab['links'][number], name: string, ports: PortsByLink): LinkEndKind {
  const { role, bridge = false } = lab.nodes[name]!;
  if (!ROLES[role].switches && bridge === false)
    return { is: 'host', untagged: untaggedAddresses(link[name]), tagged: vlanAddresses(link[name]) };
  if (Object.keys(ports).length === 0) return { is: 'bridge' };
  const port = ports[linkNameAt(lab, link, name)] ?? {};
  const untagged = untaggedVlan(port);
  return { is: 'switch', untagged, tagged: new Set(port.trunk?.filter((vlan) => vlan !== untagged)) };
}

/** Null means untagged. */
function tagsOf(a: LinkEndKind, b: LinkEndKind): (number | null)[] {
  if (a.is === 'bridge' || b.is === 'bridge') return [null];
  // Frames from a switch whose tag a node has no interface for are lost.
  const hosts = [a, b].filter(({ is }) => is === 'host');
  const speaking = hosts.length > 0 ? hosts : [a, b];
  const tagged = speaking.flatMap(({ tagged }) => [...tagged.keys()]);
  const isUntagged = speaking.some(({ untagged }) => untagged !== null);
  return [...(isUntagged ? [null] : []), ...[...new Set(tagged)].sort((x, y) => x - y)];
}

function wireEnd(end: LinkEndKind, tag: number | null): Omit<WireEnd, 'name'> {
  if (end.is === 'bridge') return { addresses: [] };
  if (end.is === 'host') {
    const addresses = tag === null ? end.untagged : end.tagged.get(tag);
    return { addresses: addresses ?? [], ...(tag === null ? {} : { vlan: tag }) };
  }
  const vlan = tag ?? end.untagged;
  const carries = tag === null ? end.untagged !== null : end.tagged.has(tag);
  return { addresses: [], ...(vlan === null ? {} : { vlan }), ...(carries ? {} : { closed: true }) };
}
