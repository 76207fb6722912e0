import { ROLES } from '../terms/role.ts';
import { trunkInterface } from '../terms/trunk-interface.ts';
import type { InterfacePlan, LinkPlan } from '../terms/plan.ts';
import { untaggedAddresses, vlanAddresses, wordAt } from './lab-queries.ts';
import type { Lab, NodeSettings, ScenarioFile } from './schema.ts';

export type SwitchPort = NonNullable<NodeSettings['ports']>[string];

/** The VLAN of a port of which a switch with VLANs says nothing, as IEEE 802.1Q has it. */
const DEFAULT_VLAN = 1;

/** A wire of a link: for frames without a tag, or for those of one VLAN of a trunk. */
export interface LinkWire {
  plan: LinkPlan;
  /** What is at either end, by node. */
  ends: Record<string, WireEnd>;
}

type WireEnd = Pick<InterfacePlan, 'name' | 'addresses' | 'vlan' | 'closed'>;

/** What an end of a link does with frames without a tag (`untagged`), and with those of which VLANs. */
type Speaks =
  | { is: 'switch'; untagged: number | null; tagged: Set<number> }
  /** A switch without VLANs, which looks at no tag. */
  | { is: 'bridge' }
  | { is: 'host'; untagged: string[] | null; tagged: Map<number, string[]> };

/**
 * The wires of a link: each stands for the frames of one tag, since kernels without 802.1Q are to run a lab as well. One
 * that either end sends by is there although the other end takes nothing from it.
 * @param portsOf ports of a node of which it says VLANs; empty where it has none
 */
export function wiresOf(lab: Lab, link: Lab['links'][number], portsOf: (name: string) => PortsByWord): LinkWire[] {
  const [a, b] = Object.keys(link) as [string, string];
  const speaks = { [a]: speaksOf(lab, link, a, portsOf(a)), [b]: speaksOf(lab, link, b, portsOf(b)) };
  return tagsOf(speaks[a]!, speaks[b]!).map((tag): LinkWire => {
    const end = (node: string): WireEnd => {
      const word = wordAt(lab, link, node);
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

/** Ports of a switch of which VLANs are said, by its words for links. */
export type PortsByWord = Record<string, SwitchPort>;

/** Ports of switches with their VLANs: each as the scenario says it, else the lab. */
export function portsIn(lab: Lab, { nodes }: Pick<ScenarioFile, 'nodes'>): (name: string) => PortsByWord {
  return (name) => ({ ...lab.nodes[name]!.ports, ...nodes[name]?.ports });
}

/** The VLAN of a port's frames without a tag; null where a trunk has no native one. */
function untaggedVlan({ vlan, trunk, native }: SwitchPort): number | null {
  return trunk === undefined ? (vlan ?? DEFAULT_VLAN) : (native ?? null);
}

function speaksOf(lab: Lab, link: Lab['links'][number], name: string, ports: PortsByWord): Speaks {
  const { role, bridge = false } = lab.nodes[name]!;
  if (!ROLES[role].switches && bridge === false)
    return { is: 'host', untagged: untaggedAddresses(link[name]), tagged: vlanAddresses(link[name]) };
  if (Object.keys(ports).length === 0) return { is: 'bridge' };
  const port = ports[wordAt(lab, link, name)] ?? {};
  const untagged = untaggedVlan(port);
  return { is: 'switch', untagged, tagged: new Set(port.trunk?.filter((vlan) => vlan !== untagged)) };
}

/** Null stands for frames without a tag. */
function tagsOf(a: Speaks, b: Speaks): (number | null)[] {
  if (a.is === 'bridge' || b.is === 'bridge') return [null];
  // Of what a switch sends to a node, that whose tag the node has no interface for is lost.
  const hosts = [a, b].filter(({ is }) => is === 'host');
  const speaking = hosts.length > 0 ? hosts : [a, b];
  const tagged = speaking.flatMap(({ tagged }) => [...tagged.keys()]);
  const isUntagged = speaking.some(({ untagged }) => untagged !== null);
  return [...(isUntagged ? [null] : []), ...[...new Set(tagged)].sort((x, y) => x - y)];
}

function wireEnd(end: Speaks, tag: number | null): Omit<WireEnd, 'name'> {
  if (end.is === 'bridge') return { addresses: [] };
  if (end.is === 'host') {
    const addresses = tag === null ? end.untagged : end.tagged.get(tag);
    return { addresses: addresses ?? [], ...(tag === null ? {} : { vlan: tag }) };
  }
  const vlan = tag ?? end.untagged;
  const carries = tag === null ? end.untagged !== null : end.tagged.has(tag);
  return { addresses: [], ...(vlan === null ? {} : { vlan }), ...(carries ? {} : { closed: true }) };
}
