import { ROLES } from '../../terms/role.ts';
import { downOverride } from '../down-links.ts';
import { linkNameAt } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';

/** Links that close a loop of switches: without a spanning tree broadcasts would circulate forever. */
export function switchRings(lab: Lab): Problem[] {
  const bridges = (name: string): boolean => {
    const node = lab.nodes[name];
    return node !== undefined && (ROLES[node.role].switches || (node.bridge ?? false) !== false);
  };
  /** Connected switches, by switch. */
  const segments = new Map<string, Set<string>>();
  const segmentOf = (name: string): Set<string> => segments.get(name) ?? new Set([name]);
  return lab.links.flatMap((link, index) => {
    const [a, b] = Object.keys(link) as [string, string];
    const isCut = [a, b].some((name) => lab.nodes[name]?.down?.includes(linkNameAt(lab, link, name)));
    if (!bridges(a) || !bridges(b) || isCut) return [];
    if (segmentOf(a).has(b)) {
      const message = `${a} – ${linkNameAt(lab, link, a)} makes a loop of switches, in which broadcasts circulate forever: remove a link, or set it \`down\``;
      return [{ path: ['links', index], message, dependsOn: [['links'], ['nodes']] }];
    }
    const joined = new Set([...segmentOf(a), ...segmentOf(b)]);
    for (const name of joined) segments.set(name, joined);
    return [];
  });
}

/** The same for links that a scenario brings up by overriding `down`. */
export function ringsOfScenario({ servers, nodes }: ScenarioFile, lab: Lab): Problem[] {
  const downOf = (name: string): string[] | undefined => downOverride({ servers, nodes }, lab, name);
  const opened = Object.keys(lab.nodes).filter((name) => downOf(name) !== undefined && lab.nodes[name]!.down);
  if (opened.length === 0) return [];
  const settled = Object.entries(lab.nodes).map(([name, node]) => {
    const down = downOf(name) ?? node.down;
    return [name, down === undefined ? node : { ...node, down }] as const;
  });
  const [ring] = switchRings({ ...lab, nodes: Object.fromEntries(settled) });
  if (ring === undefined) return [];
  const [name] = opened as [string];
  const path = nodes[name]?.down ? ['nodes', name, 'down'] : ['servers', 'down'];
  return [{ path, message: ring.message, dependsOn: [['nodes'], ['servers']] }];
}
