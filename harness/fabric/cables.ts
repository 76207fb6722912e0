import type { WiredInterface } from '../agent/protocol.ts';
import type { LinkPlan } from '../terms/plan.ts';
import { cableKey } from './cable-key.ts';
import { trunkDevice, trunkVlan } from '../terms/trunk-interface.ts';
import type { BareNode } from './lab-topology.ts';

/** One network of the engine: a wire of the plan, or all wires of a tagged trunk. */
export interface Cable {
  /** At least one. */
  links: LinkPlan[];
  /** Whether frames of VLANs have tags. */
  tagged: boolean;
}

/** @param tags whether the kernel supports tags; otherwise each VLAN of a trunk has its own cable */
export function cablesOf(links: LinkPlan[], tags: boolean): Cable[] {
  if (!tags) return links.map((link) => ({ links: [link], tagged: false }));
  return [...new Set(links.map(cableKey))].map((key) => {
    const sameCable = links.filter((link) => cableKey(link) === key);
    return { links: sameCable, tagged: sameCable.some(({ vlan }) => vlan !== undefined) };
  });
}

/** A node's interfaces at its end of a cable. */
export function endAt({ name, ports }: BareNode, { links, tagged }: Cable, wireAddress: string): WiredInterface {
  const ifaces = links.flatMap(({ ends }) => ends.flatMap(({ node, iface }) => (node === name ? [iface] : [])));
  const own = ports.filter((port) => ifaces.includes(port.name)).map(({ name, mac }) => ({ name, mac }));
  const [first] = own as [Pick<WiredInterface, 'name' | 'mac'>];
  if (!tagged) return { wireAddress, ...first };
  const carries = own.map((port) => ({ ...port, vlan: trunkVlan(port.name) }));
  return { wireAddress, name: trunkDevice(first.name), mac: first.mac, carries };
}
