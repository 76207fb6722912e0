import { linkName } from '../terms/link-name.ts';
import { ROLES } from '../terms/role.ts';
import type { NamedLink } from './lab-queries.ts';
import type { Lab, ScenarioFile } from './schema.ts';

/** A scenario's override of a node's `down` links; undefined without one. */
export function downOverride(
  { servers, nodes }: Pick<ScenarioFile, 'servers' | 'nodes'>,
  lab: Lab,
  name: string,
): string[] | undefined {
  return nodes[name]?.down ?? (ROLES[lab.nodes[name]!.role].serves ? servers.down : undefined);
}

/** Which nodes' `down:` keeps a link down, and how to undo it; null if none. */
export function keptDown(
  scenario: Pick<ScenarioFile, 'servers' | 'nodes'>,
  lab: Lab,
  { nodes, number }: NamedLink,
): { by: string; release: string } | null {
  const held = nodes.flatMap((node, index) => {
    const linkLabel = linkName(nodes[1 - index]!, number);
    const down = lab.nodes[node] && (downOverride(scenario, lab, node) ?? lab.nodes[node].down);
    return down?.includes(linkLabel) ? [{ node, others: down.filter((one) => one !== linkLabel) }] : [];
  });
  if (held.length === 0) return null;
  const released = held.map(({ node, others }) => `${node}: { down: [${others.join(', ')}] }`);
  return {
    by: held.map(({ node }) => `\`down\` of ${node}`).join(' and '),
    release: `\`change: { nodes: { ${released.join(', ')} } }\``,
  };
}
