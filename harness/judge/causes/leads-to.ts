import { nodeOf, portsBeside } from '../../scenario/lookup.ts';
import type { LinkEnd, Plan } from '../../terms/plan.ts';

/** Whether the node with a MAC is behind a port, over wires that are up. */
export function leadsTo(plan: Plan, { node, iface }: LinkEnd, mac: string): boolean {
  const link = plan.links.find(({ ends }) => ends.some((end) => end.node === node && end.iface === iface));
  const far = link?.ends.find((end) => end.node !== node);
  const ends = link?.ends ?? [];
  const isUp = ends.every((end) => nodeOf(plan, end.node).interfaces.find((i) => i.name === end.iface)?.up !== false);
  if (!far || !isUp) return false;
  const { bridge, interfaces } = nodeOf(plan, far.node);
  if (!bridge) return interfaces.some((i) => i.name === far.iface && i.mac === mac);
  return (
    interfaces.some((i) => i.mac === mac) ||
    portsBeside(nodeOf(plan, far.node), far.iface).some(({ name }) =>
      leadsTo(plan, { node: far.node, iface: name }, mac),
    )
  );
}
