import { noSuch } from '../../did-you-mean.ts';
import { ROLES } from '../../terms/role.ts';
import { trunkInterface } from '../../terms/trunk-interface.ts';
import { linkNames, peerOf, vlanAddresses, linkNameAt } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, NodeSettings } from '../schema.ts';
import type { PortsByLink } from '../vlans.ts';
import type { Path } from '../yaml-file.ts';

/** Longest name of an interface (IFNAMSIZ). */
const LONGEST = 15;
const LAST_VLAN = 4094;

/** Checks the settings of a node's ports, which must be a switch. @param names nodes with these settings */
export function checkPorts(path: Path, { ports = {} }: NodeSettings, names: string[], lab: Lab): Problem[] {
  const entries = Object.entries(ports);
  const at = [...path, 'ports'];
  const [noSwitch] = names.filter((name) => lab.nodes[name] && !ROLES[lab.nodes[name].role].switches);
  if (entries.length > 0 && noSwitch !== undefined) {
    const message = `only for l2 nodes; to put ${noSwitch} on VLANs, use \`vlans: { 10: ADDRESS }\` in its link`;
    return [{ path: at, message, dependsOn: names.map((name) => ['nodes', name, 'role']) }];
  }
  return entries.flatMap(([peer, { vlan, trunk, native }]): Problem[] => {
    const port = [...at, peer];
    const [name] = names;
    if (name !== undefined && lab.nodes[name] && !linkNames(lab, name).includes(peer)) {
      const message = noSuch(`peer of ${name}`, peer, linkNames(lab, name));
      return [{ path: port, message, dependsOn: [['links']] }];
    }
    if (trunk === undefined) {
      if (vlan === undefined) return [{ path: port, message: 'needs `vlan` (for an access port) or `trunk`' }];
      return native === undefined ? [] : [{ path: [...port, 'native'], message: 'only for a port with `trunk`' }];
    }
    const again = trunk.flatMap((one, index) => (trunk.indexOf(one) < index ? [index] : []));
    return [
      ...(vlan === undefined
        ? []
        : [{ path: [...port, 'vlan'], message: '`vlan` (access port) and `trunk` exclude each other' }]),
      ...again.map((index) => ({ path: [...port, 'trunk', index], message: `${trunk[index]} is given twice` })),
      ...(native === undefined || trunk.includes(native)
        ? []
        : [{ path: [...port, 'native'], message: `the trunk does not carry VLAN ${native}: add it to \`trunk\`` }]),
    ];
  });
}

/**
 * Checks that nodes with VLAN interfaces are linked to a switch with these VLANs.
 * @param portsOf VLAN settings of a switch's ports
 */
export function checkVlansOfLinks(lab: Lab, portsOf: (name: string) => PortsByLink): Problem[] {
  return lab.links.flatMap((link, index) =>
    Object.entries(link).flatMap(([name, end]): Problem[] => {
      const peer = peerOf(link, name);
      const vlans = [...vlanAddresses(end).keys()];
      const [node, other] = [lab.nodes[name], lab.nodes[peer]];
      if (typeof end !== 'object' || end?.vlans === undefined || node === undefined || other === undefined) return [];
      const path = ['links', index, name, 'vlans'];
      const dependsOn: Path[] = [
        ['nodes', name],
        ['nodes', peer],
        ['links', index],
      ];
      if (vlans.length === 0) return [{ path, message: 'must not be empty', dependsOn }];
      if (ROLES[node.role].switches || (node.bridge ?? false) !== false)
        return [
          { path, message: `only for nodes with addresses; set the VLANs of ${name} in its \`ports\``, dependsOn },
        ];
      if (Object.keys(portsOf(peer)).length === 0) {
        const why = ROLES[other.role].switches ? 'has no VLANs: set `ports` on it' : 'is not an l2 node';
        return [{ path, message: `must connect to a switch with VLANs, but ${peer} ${why}`, dependsOn }];
      }
      return vlans.flatMap((vlan): Problem[] => {
        const problem = (message: string): Problem[] => [{ path: [...path, String(vlan)], message, dependsOn }];
        if (!Number.isInteger(vlan) || vlan < 1 || vlan > LAST_VLAN)
          return problem(`must be a VLAN ID from 1 to ${LAST_VLAN}`);
        const [longest] = [name, peer]
          .map((one) => trunkInterface(linkNameAt(lab, link, one), vlan))
          .filter((iface) => iface.length > LONGEST);
        return longest === undefined
          ? []
          : problem(
              `the interface name \`${longest}\` is longer than ${LONGEST} characters: give the node a shorter name`,
            );
      });
    }),
  );
}

/**
 * Trunks to switches without VLANs, which would forward tagged frames unchanged to anyone behind them.
 * @param pathOf position of a port's settings; null if reported elsewhere
 */
export function trunksToPlainSwitches(
  lab: Lab,
  portsOf: (name: string) => PortsByLink,
  pathOf: (name: string, linkName: string) => Path | null,
): Problem[] {
  return Object.keys(lab.nodes).flatMap((name) =>
    Object.entries(portsOf(name)).flatMap(([linkName, { trunk }]): Problem[] => {
      const link = lab.links.find((one) => name in one && linkNameAt(lab, one, name) === linkName);
      const peer = link === undefined ? linkName : peerOf(link, name);
      const other = lab.nodes[peer];
      const path = pathOf(name, linkName);
      if (trunk === undefined || path === null || other === undefined) return [];
      const isSwitch = ROLES[other.role].switches || (other.bridge ?? false) !== false;
      if (!isSwitch || Object.keys(portsOf(peer)).length > 0) return [];
      const message = `must connect to a node or a switch with VLANs, but ${peer} has none: set \`ports\` on it, or \`vlan\` here`;
      return [
        {
          path: [...path, 'trunk'],
          message,
          dependsOn: [
            ['nodes', name],
            ['nodes', peer],
          ],
        },
      ];
    }),
  );
}
