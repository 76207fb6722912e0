import { ROLES } from '../../terms/role.ts';
import { isV6 } from '../address.ts';
import { interfaceSetting } from '../interface-settings.ts';
import { linkAddresses, linkNameAt } from '../lab-queries.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import type { Lab, LabNode } from '../schema.ts';

/** Minimum MTU of IPv6, bytes (RFC 8200, section 5); Linux disables IPv6 on a device with less. */
const MIN_MTU_IPV6 = 1280;

/**
 * Interfaces with an IPv6 address and an MTU that is too small for IPv6.
 * @param layersOf settings of a node beyond the lab, lowest priority first
 */
export function tooNarrowForIpv6(lab: Lab, layersOf: (name: string) => Layer[]): Problem[] {
  return problemsPerNode(Object.keys(lab.nodes), (name) => problemsOf(lab, name, layersOf(name)));
}

function problemsOf(lab: Lab, name: string, layers: Layer[]): NodeProblem[] {
  const settings = Object.assign({}, lab.nodes[name]!, ...layers.map((layer) => layer.settings)) as LabNode;
  const all = [{ path: [], settings: lab.nodes[name]! }, ...layers];
  return lab.links.flatMap((link) => {
    if (!(name in link)) return [];
    const declared = interfaceSetting(all, { name: linkNameAt(lab, link, name) }, 'mtu');
    const bytes = declared?.value ?? MIN_MTU_IPV6;
    if (declared === null || bytes >= MIN_MTU_IPV6 || !addressesOf(settings, link[name]).some(isV6)) return [];
    // Settings of the lab are reported for the lab.
    const isHere = layers.some((layer) => layer.path.every((step, i) => declared.path[i] === step));
    const path = isHere ? declared.path : pathOf(layers, 'address');
    if (path === null) return [];
    const what = `must be at least ${MIN_MTU_IPV6} for the IPv6 address of NODES (RFC 8200), not ${bytes}: below that Linux disables IPv6 on the interface`;
    return [{ path, what, dependsOn: [...layers.map((layer) => layer.path), ['links'], ['nodes', name]] }];
  });
}

/** IP addresses used on an interface: for a port, those of its bridge. */
function addressesOf({ role, bridge, address }: LabNode, end: Lab['links'][number][string] | undefined): string[] {
  if (typeof bridge === 'string') return [bridge];
  if (ROLES[role].switches || bridge === true) return [];
  return address === undefined ? linkAddresses(end) : [address];
}
