import { linkWord } from '../terms/link-word.ts';
import { ROLES } from '../terms/role.ts';
import type { NamedLink } from './lab-queries.ts';
import type { Lab, ScenarioFile } from './schema.ts';

/** A scenario's override of a node's `down` links; undefined without one. */
export function downAnew(
  { servers, nodes }: Pick<ScenarioFile, 'servers' | 'nodes'>,
  lab: Lab,
  name: string,
): string[] | undefined {
  return nodes[name]?.down ?? (ROLES[lab.nodes[name]!.role].serves ? servers.down : undefined);
}

/** What holds a link down, by the nodes whose `down:` does, and how to let go of it; null where none does. */
export function heldDown(
  scenario: Pick<ScenarioFile, 'servers' | 'nodes'>,
  lab: Lab,
  { nodes, number }: NamedLink,
): { by: string; release: string } | null {
  const held = nodes.flatMap((node, index) => {
    const word = linkWord(nodes[1 - index]!, number);
    const down = lab.nodes[node] && (downAnew(scenario, lab, node) ?? lab.nodes[node].down);
    return down?.includes(word) ? [{ node, others: down.filter((one) => one !== word) }] : [];
  });
  if (held.length === 0) return null;
  const released = held.map(({ node, others }) => `${node}: { down: [${others.join(', ')}] }`);
  return {
    by: held.map(({ node }) => `\`down\` of ${node}`).join(' and '),
    release: `\`change: { nodes: { ${released.join(', ')} } }\``,
  };
}
