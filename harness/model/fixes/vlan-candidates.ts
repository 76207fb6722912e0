import type { SwitchPort } from '../../scenario/vlans.ts';
import type { Fix } from '../../terms/fix.ts';
import { calledBy, onNodes, type Candidate, type Failure } from './candidate.ts';

/** Codes of fixes with a switch port and a VLAN as parameters. */
export type VlanFix = Extract<Fix, { params: { port: string } }>['code'];

/** Moves the port where VLANs differ to the other VLAN, or adds it. */
export function otherVlans(failure: Failure): Candidate[] {
  const { detail } = failure.cause;
  switch (detail.code) {
    case 'vlan-not-carried': {
      const { node, port, vlan } = detail.params;
      const { trunk } = portOf(failure, node, port);
      if (trunk === undefined) return [];
      return [
        set(failure, 'allow-vlan', { node, ports: [port], vlan }, { trunk: [...trunk, vlan].sort((a, b) => a - b) }),
      ];
    }
    case 'untagged-not-carried': {
      const { node, port } = detail.params;
      const { trunk = [] } = portOf(failure, node, port);
      return trunk.map((vlan) => set(failure, 'native-vlan', { node, ports: [port], vlan }, { native: vlan }));
    }
    case 'vlans-differ': {
      const { node, port, vlan: wrong, other: vlan } = detail.params;
      const alike = calledBy(failure).filter((server) => portOf(failure, node, server).vlan === wrong);
      const single = set(failure, 'port-in-vlan', { node, ports: [port], vlan }, { vlan });
      return alike.length < 2
        ? [single]
        : [single, set(failure, 'port-in-vlan', { node, ports: alike, vlan }, { vlan })];
    }
    case 'native-vlans-differ': {
      const { node, port, other: vlan } = detail.params;
      const { trunk } = portOf(failure, node, port);
      if (trunk === undefined) return [set(failure, 'port-in-vlan', { node, ports: [port], vlan }, { vlan })];
      const settings = { trunk: [...new Set([...trunk, vlan])], native: vlan };
      return [set(failure, 'native-vlan', { node, ports: [port], vlan }, settings)];
    }
    default:
      return [];
  }
}

/** Overrides the lab's port settings as a whole, so they are repeated in full. */
function set(
  failure: Failure,
  code: VlanFix,
  { node, ports, vlan }: { node: string; ports: string[]; vlan: number },
  settings: SwitchPort,
): Candidate {
  const fixes = ports.map((port): Fix => ({ code, params: { node, port, vlan } }));
  const changed = ports.map((port) => [port, { ...portOf(failure, node, port), ...settings }] as const);
  return onNodes(fixes, [node], () => ({ ports: Object.fromEntries(changed) }));
}

function portOf({ scenario, lab }: Failure, node: string, port: string): SwitchPort {
  return scenario.nodes[node]?.ports?.[port] ?? lab.nodes[node]?.ports?.[port] ?? {};
}
