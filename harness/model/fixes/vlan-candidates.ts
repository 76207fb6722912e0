import { linkNameAt, peerOf } from '../../scenario/lab-queries.ts';
import type { SwitchPort } from '../../scenario/vlans.ts';
import { ROLES } from '../../terms/role.ts';
import type { Fix } from '../../terms/fix.ts';
import { calledBy, onNodes, type Candidate, type Failure } from './candidate.ts';

/** Codes of fixes with a switch port and a VLAN as parameters. */
export type VlanFix = Extract<Fix, { params: { port: string } }>['code'];

/** A switch port. */
interface At {
  node: string;
  /** The switch's name for its link. */
  port: string;
}

/** One change of a port. */
interface Step {
  code: VlanFix;
  at: At;
  vlan: number;
}

/** Gives both ends of a link the same VLANs, by a change of either one. */
export function otherVlans(failure: Failure): Candidate[] {
  const { detail } = failure.cause;
  const change = (...steps: Step[]): Candidate => changeOf(failure, steps);
  switch (detail.code) {
    case 'vlan-not-carried':
      return allowed(failure, detail.params).map((steps) => change(...steps));
    case 'untagged-not-carried': {
      const { trunk = [] } = portOf(failure, detail.params);
      const far = farEnd(failure, detail.params);
      return [
        ...trunk.map((vlan) => change({ code: 'native-vlan', at: detail.params, vlan })),
        ...withoutNative(failure, far).map((step) => change(step)),
      ];
    }
    case 'vlans-differ': {
      const { node, vlan: wrong, other: vlan, asker } = detail.params;
      const servers = calledBy(failure).map((port) => ({ node, port }));
      const alike = servers.filter((server) => portOf(failure, server).vlan === wrong);
      return [
        change(untagged(failure, detail.params, vlan)),
        ...(alike.length < 2 ? [] : [change(...alike.map((at): Step => ({ code: 'port-in-vlan', at, vlan })))]),
        ...portsToward(failure, asker, vlan).map((at) => change(untagged(failure, at, wrong))),
      ];
    }
    case 'address-in-other-vlan': {
      const { vlan, other, asker } = detail.params;
      return portsToward(failure, asker, other).map((at) => change(untagged(failure, at, vlan)));
    }
    case 'native-vlans-differ': {
      const { vlan, other } = detail.params;
      const far = farEnd(failure, detail.params);
      return [
        change(untagged(failure, detail.params, other)),
        ...(far === null ? [] : [change(untagged(failure, far, vlan))]),
      ];
    }
    case 'native-vlan-tagged': {
      const { vlan, other } = detail.params;
      const far = farEnd(failure, detail.params);
      // A node may send its untagged frames in any of the others.
      const { trunk = [] } = far === null ? portOf(failure, detail.params) : {};
      const natives = other === null ? trunk.filter((one) => one !== vlan) : [other];
      return [
        ...natives.map((one) => change(untagged(failure, detail.params, one))),
        ...(far === null ? [] : [change(untagged(failure, far, vlan))]),
        ...(other === null ? withoutNative(failure, detail.params) : []).map((step) => change(step)),
      ];
    }
    default:
      return [];
  }
}

/** Lets a trunk carry a VLAN: at this end and, if the other one lacks it, there too; without a tag if it is native there. */
function allowed(failure: Failure, { node, port, vlan }: At & { vlan: number }): Step[][] {
  const at = { node, port };
  const { trunk } = portOf(failure, at);
  if (trunk === undefined) return [];
  // The port carries the VLAN without a tag, toward a node that sends tags.
  if (trunk.includes(vlan)) return [withoutNative(failure, at)];
  const far = farEnd(failure, at);
  const other = far === null ? {} : portOf(failure, far);
  const allow: Step = { code: 'allow-vlan', at, vlan };
  if (far !== null && other.trunk?.includes(vlan) === false) return [[allow, { code: 'allow-vlan', at: far, vlan }]];
  return [other.native === vlan ? [allow, { code: 'native-vlan', at, vlan }] : [allow]];
}

function withoutNative(failure: Failure, at: At | null): Step[] {
  const native = at === null ? undefined : portOf(failure, at).native;
  return at === null || native === undefined ? [] : [{ code: 'without-native-vlan', at, vlan: native }];
}

/** Puts the untagged frames of a port in a VLAN. */
function untagged(failure: Failure, at: At, vlan: number): Step {
  return { code: portOf(failure, at).trunk === undefined ? 'port-in-vlan' : 'native-vlan', at, vlan };
}

/** Switch ports toward a node that put its untagged frames in a VLAN. */
function portsToward({ lab, plan }: Failure, name: string, vlan: number): At[] {
  return lab.links.flatMap((link) => {
    if (!(name in link)) return [];
    const at = { node: peerOf(link, name), port: linkNameAt(lab, link, peerOf(link, name)) };
    const own = plan.nodes.find(({ name: node }) => node === at.node)?.interfaces;
    return own?.some((one) => one.name === at.port && one.vlan === vlan) === true ? [at] : [];
  });
}

/** The other end of a switch port, if it is a switch too. */
function farEnd({ lab }: Failure, { node, port }: At): At | null {
  const link = lab.links.find((one) => node in one && linkNameAt(lab, one, node) === port);
  const peer = link === undefined ? undefined : peerOf(link, node);
  if (link === undefined || peer === undefined || !ROLES[lab.nodes[peer]!.role].switches) return null;
  return { node: peer, port: linkNameAt(lab, link, peer) };
}

/** Overrides the lab's port settings as a whole, so they are repeated in full. */
function changeOf(failure: Failure, steps: Step[]): Candidate {
  const settings = new Map<string, Record<string, Record<string, unknown>>>();
  for (const { code, at, vlan } of steps) {
    const ports = settings.get(at.node) ?? {};
    const before = ports[at.port] ?? portOf(failure, at);
    settings.set(at.node, { ...ports, [at.port]: { ...before, ...settingsOf(code, before, vlan) } });
  }
  const fixes = steps.map(({ code, at, vlan }): Fix => ({ code, params: { node: at.node, port: at.port, vlan } }));
  return onNodes(fixes, [...settings.keys()], (node) => ({ ports: settings.get(node) }));
}

function settingsOf(code: VlanFix, { trunk = [] }: SwitchPort, vlan: number): Record<string, unknown> {
  const carried = [...new Set([...trunk, vlan])].sort((a, b) => a - b);
  switch (code) {
    case 'allow-vlan':
      return { trunk: carried };
    case 'native-vlan':
      return { trunk: carried, native: vlan };
    case 'without-native-vlan':
      return { native: null };
    case 'port-in-vlan':
      return { vlan };
  }
}

function portOf({ scenario, lab }: Failure, { node, port }: At): SwitchPort {
  return scenario.nodes[node]?.ports?.[port] ?? lab.nodes[node]?.ports?.[port] ?? {};
}
