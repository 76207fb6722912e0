import { ROLES } from '../../terms/role.ts';
import { isV6 } from '../address.ts';
import { interfaceSetting } from '../interface-settings.ts';
import { linkAddresses, wordAt } from '../lab-queries.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import type { Lab, LabNode } from '../schema.ts';

/** Smallest MTU that IPv6 works with, bytes (RFC 8200, section 5); Linux takes IPv6 off a device with less. */
const LEAST_FOR_IPV6 = 1280;

/**
 * Interfaces with an address of IPv6 and an MTU that IPv6 does not allow.
 * @param layersOf what is said of a node beyond the lab, the weakest first
 */
export function tooNarrowForIpv6(lab: Lab, layersOf: (name: string) => Layer[]): Problem[] {
  return problemsPerNode(Object.keys(lab.nodes), (name) => problemsOf(lab, name, layersOf(name)));
}

function problemsOf(lab: Lab, name: string, layers: Layer[]): NodeProblem[] {
  const settings = Object.assign({}, lab.nodes[name]!, ...layers.map((layer) => layer.settings)) as LabNode;
  const all = [{ path: [], settings: lab.nodes[name]! }, ...layers];
  return lab.links.flatMap((link) => {
    if (!(name in link)) return [];
    const declared = interfaceSetting(all, { name: wordAt(lab, link, name) }, 'mtu');
    const bytes = declared?.value ?? LEAST_FOR_IPV6;
    if (declared === null || bytes >= LEAST_FOR_IPV6 || !addressesOf(settings, link[name]).some(isV6)) return [];
    // What the lab says is told of the lab.
    const isHere = layers.some((layer) => layer.path.every((step, i) => declared.path[i] === step));
    const path = isHere ? declared.path : pathOf(layers, 'address');
    if (path === null) return [];
    const what = `must be at least ${LEAST_FOR_IPV6} for the IPv6 address of NODES (RFC 8200), not ${bytes}: below that Linux disables IPv6 on the interface`;
    return [{ path, what, dependsOn: [...layers.map((layer) => layer.path), ['links'], ['nodes', name]] }];
  });
}

/** Addresses by which an interface speaks: of a port, those of its bridge. */
function addressesOf({ role, bridge, address }: LabNode, end: Lab['links'][number][string] | undefined): string[] {
  if (typeof bridge === 'string') return [bridge];
  if (ROLES[role].switches || bridge === true) return [];
  return address === undefined ? linkAddresses(end) : [address];
}
