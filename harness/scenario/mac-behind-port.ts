import type { LinkEnd, Plan } from '../terms/plan.ts';
import { linkNameOf } from '../terms/link-name.ts';
import { interfaceAt, nodeOf, otherPortsInVlan } from './lookup.ts';

/**
 * Whether the node with a MAC is behind a port, over wires that are up.
 * @param isOpen which wires count, if not only those that are up
 */
export function isMacBehind(plan: Plan, port: LinkEnd, mac: string, isOpen: typeof isUp = isUp): boolean {
  const far = farEnd(plan, port);
  if (!far || !isOpen(plan, [port, far])) return false;
  const { bridge, interfaces } = nodeOf(plan, far.node);
  if (!bridge) return interfaces.some((i) => i.name === far.iface && i.mac === mac);
  return (
    interfaces.some((i) => i.mac === mac) ||
    otherPortsInVlan(nodeOf(plan, far.node), far.iface).some(({ name }) =>
      isMacBehind(plan, { node: far.node, iface: name }, mac, isOpen),
    )
  );
}

/** Whether a switch has another port toward a MAC, in this port's VLAN. */
export function isMacBehindAnother(plan: Plan, { node, iface }: LinkEnd, mac: string): boolean {
  return otherPortsInVlan(nodeOf(plan, node), iface).some(({ name }) => isMacBehind(plan, { node, iface: name }, mac));
}

/**
 * The wire that is down on a frame's path from a switch, by its nearer node and that node's name for it. Null if
 * another path exists, or none would even with all wires up.
 * @param arrival incoming port
 */
export function cutOnPath(plan: Plan, arrival: LinkEnd, mac: string): { node: string; peer: string } | null {
  const { node } = arrival;
  if (isMacBehind(plan, arrival, mac) || isMacBehindAnother(plan, arrival, mac)) return null;
  for (const { name } of otherPortsInVlan(nodeOf(plan, node), arrival.iface)) {
    const port = { node, iface: name };
    const far = farEnd(plan, port);
    if (!far || !isMacBehind(plan, port, mac, () => true)) continue;
    const cut = isUp(plan, [port, far]) ? cutOnPath(plan, far, mac) : { node, peer: linkNameOf(name) };
    if (cut !== null) return cut;
  }
  return null;
}

/** Whether the wire at an interface is down. */
export function isCut(plan: Plan, end: LinkEnd): boolean {
  const far = farEnd(plan, end);
  return far !== undefined && !isUp(plan, [end, far]);
}

function isUp(plan: Plan, ends: LinkEnd[]): boolean {
  return ends.every((end) => interfaceAt(plan, end)?.up !== false);
}

function farEnd({ links }: Plan, { node, iface }: LinkEnd): LinkEnd | undefined {
  const link = links.find(({ ends }) => ends.some((end) => end.node === node && end.iface === iface));
  return link?.ends.find((end) => end.node !== node);
}
