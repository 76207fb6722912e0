import { runText, nameRuns, namesText } from '../../messages/names.ts';
import { linkNumber } from '../../../harness/terms/link-name.ts';
import type { LinkEnd, NodePlan, Plan } from '../../../harness/terms/plan.ts';
import { nodeLabel } from './node-label.ts';

type Drawn = Pick<Plan, 'nodes' | 'links' | 'services'>;

/** Maximum number of nodes of one kind that are readable side by side. */
const MAX_SEPARATE = 6;

/**
 * A plan to draw: many nodes with the same peer that differ only in their addresses are replaced by one, with the
 * names of all.
 * @param shown nodes that are drawn separately, because the report mentions them
 */
export function foldAlike(plan: Drawn, shown: Set<string>): Drawn {
  const groups = new Map<string, NodePlan[]>();
  for (const node of plan.nodes) {
    if (node.interfaces.length !== 1 || shown.has(node.name)) continue;
    const key = groupKey(node, plan);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const replacements = new Map<string, NodePlan>();
  for (const alike of groups.values()) {
    if (alike.length <= MAX_SEPARATE) continue;
    const one = folded(alike);
    for (const { name } of alike) replacements.set(name, one);
  }
  if (replacements.size === 0) return plan;
  const peers = (node: NodePlan): NodePlan => ({
    ...node,
    interfaces: distinct(
      node.interfaces.map((i) => {
        const one = replacements.get(i.peer)?.name;
        return one === undefined ? i : { ...i, name: one, peer: one };
      }),
      ({ name }) => name,
    ),
  });
  return {
    nodes: [...new Set(plan.nodes.map((node) => replacements.get(node.name) ?? peers(node)))],
    links: distinct(
      plan.links.map(({ ends: [a, b] }) => ({
        ends: [nameOf(a), nameOf(b)] as [LinkEnd, LinkEnd],
        link: linkNumber({ name: a.iface, peer: b.node }),
      })),
      ({ ends, link }) => [...ends.map(({ node }) => node), link].join(' '),
    ),
    services: plan.services,
  };

  function nameOf<E extends { node: string }>(end: E): E {
    return { ...end, node: replacements.get(end.node)?.name ?? end.node };
  }
}

/** Peers of a node, and its label without its own addresses. */
function groupKey(node: NodePlan, { services }: Drawn): string {
  const { role, lines } = nodeLabel(node, services);
  return JSON.stringify([role, node.interfaces[0]!.peer, lines.filter(({ kind }) => kind !== 'address')]);
}

function folded(alike: NodePlan[]): NodePlan {
  const [first, last] = [alike[0]!, alike.at(-1)!];
  const [iface] = first.interfaces;
  const addresses = iface!.addresses.map((address, i) =>
    runText([address.split('/')[0]!, last.interfaces[0]!.addresses[i] ?? '']),
  );
  const runs = nameRuns(alike.map(({ name }) => name));
  const name = runs.length < 4 ? namesText(runs.flat()) : `${runText(runs[0]!)}, … (${alike.length})`;
  return { ...first, name, interfaces: [{ ...iface!, addresses }] };
}

function distinct<T>(items: T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
