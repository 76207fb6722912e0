import type { LinkEnd, Plan } from '../terms/plan.ts';
import { wordOf } from '../terms/link-word.ts';
import { interfaceAt, nodeOf, portsBeside } from './lookup.ts';

/**
 * Whether the node with a MAC is behind a port, over wires that are up.
 * @param isOpen which wires count, where those that are down do too
 */
export function isMacBehind(plan: Plan, port: LinkEnd, mac: string, isOpen: typeof isUp = isUp): boolean {
  const far = farEnd(plan, port);
  if (!far || !isOpen(plan, [port, far])) return false;
  const { bridge, interfaces } = nodeOf(plan, far.node);
  if (!bridge) return interfaces.some((i) => i.name === far.iface && i.mac === mac);
  return (
    interfaces.some((i) => i.mac === mac) ||
    portsBeside(nodeOf(plan, far.node), far.iface).some(({ name }) =>
      isMacBehind(plan, { node: far.node, iface: name }, mac, isOpen),
    )
  );
}

/** Whether a switch has another port that leads to a MAC, in the VLAN of this one. */
export function isMacBehindAnother(plan: Plan, { node, iface }: LinkEnd, mac: string): boolean {
  return portsBeside(nodeOf(plan, node), iface).some(({ name }) => isMacBehind(plan, { node, iface: name }, mac));
}

/**
 * The wire that is down on the way of a frame that came to a switch, by the nearer one of its nodes, and what that calls it. Null
 * where a way leads to the MAC, or none would if all wires were up.
 * @param arrival the port by which it came
 */
export function cutOnPath(plan: Plan, arrival: LinkEnd, mac: string): { node: string; peer: string } | null {
  const { node } = arrival;
  if (isMacBehind(plan, arrival, mac) || isMacBehindAnother(plan, arrival, mac)) return null;
  for (const { name } of portsBeside(nodeOf(plan, node), arrival.iface)) {
    const port = { node, iface: name };
    const far = farEnd(plan, port);
    if (!far || !isMacBehind(plan, port, mac, () => true)) continue;
    const cut = isUp(plan, [port, far]) ? cutOnPath(plan, far, mac) : { node, peer: wordOf(name) };
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
