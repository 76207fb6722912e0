import type { SwitchPort } from '../scenario/vlans.ts';
import type { Fix } from '../terms/fix.ts';
import { onNodes, type Candidate, type Failure, type Patch } from './candidate.ts';

/** Codes of fixes that name a port of a switch and a VLAN. */
export type VlanFix = Extract<Fix, { params: { port: string } }>['code'];

/** The port at which VLANs do not agree in the other VLAN, or with one more. */
export function otherVlans(failure: Failure): Candidate[] {
  const { detail } = failure.cause;
  switch (detail.code) {
    case 'vlan-not-carried': {
      const { node, port, vlan } = detail.params;
      const { trunk } = portOf(failure, node, port);
      if (trunk === undefined) return [];
      return [set(failure, 'allow-vlan', { node, port, vlan }, { trunk: [...trunk, vlan].sort((a, b) => a - b) })];
    }
    case 'untagged-not-carried': {
      const { node, port } = detail.params;
      const { trunk = [] } = portOf(failure, node, port);
      return trunk.map((vlan) => set(failure, 'native-vlan', { node, port, vlan }, { native: vlan }));
    }
    case 'vlans-differ':
    case 'native-vlans-differ': {
      const { node, port, other: vlan } = detail.params;
      const { trunk } = portOf(failure, node, port);
      return trunk === undefined
        ? [set(failure, 'port-in-vlan', { node, port, vlan }, { vlan })]
        : [set(failure, 'native-vlan', { node, port, vlan }, { trunk: [...new Set([...trunk, vlan])], native: vlan })];
    }
    default:
      return [];
  }
}

/** What the lab says of a port gives way as a whole, so that all of it is said again. */
function set(
  failure: Failure,
  code: VlanFix,
  params: { node: string; port: string; vlan: number },
  settings: SwitchPort,
): Candidate {
  const { node, port } = params;
  const ports: Patch = { [port]: { ...portOf(failure, node, port), ...settings } };
  return onNodes([{ code, params }], [node], () => ({ ports }));
}

function portOf({ scenario, lab }: Failure, node: string, port: string): SwitchPort {
  return scenario.nodes[node]?.ports?.[port] ?? lab.nodes[node]?.ports?.[port] ?? {};
}
