import { ROLES } from '../../terms/role.ts';
import { downOverride } from '../down-links.ts';
import { linkNameAt } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { portsIn, type PortsByLink, wiresOf } from '../vlans.ts';
import type { Path } from '../yaml-file.ts';

/** A link that closes a loop of switches: without a spanning tree broadcasts would circulate forever. */
interface Ring {
  link: number;
  ends: [string, string];
  message: string;
}

/** Loops of a lab's switches. */
export function switchRings(lab: Lab): Problem[] {
  return ringsOf(lab, (name) => lab.nodes[name]?.ports ?? {}).map(({ link, message }) => ({
    path: ['links', link],
    message,
    dependsOn: [['links'], ['nodes']],
  }));
}

/** The same for links that a scenario brings up by overriding `down`, and for ports that it puts into other VLANs. */
export function ringsOfScenario({ servers, nodes }: ScenarioFile, lab: Lab): Problem[] {
  const downOf = (name: string): string[] | undefined => downOverride({ servers, nodes }, lab, name);
  const opened = Object.keys(lab.nodes).filter((name) => downOf(name) !== undefined && lab.nodes[name]!.down);
  const replugged = Object.keys(nodes).filter((name) => lab.nodes[name] && nodes[name]!.ports !== undefined);
  if (opened.length === 0 && replugged.length === 0) return [];
  const settled = Object.entries(lab.nodes).map(([name, node]) => {
    const down = downOf(name) ?? node.down;
    return [name, down === undefined ? node : { ...node, down }] as const;
  });
  const [ring] = ringsOf({ ...lab, nodes: Object.fromEntries(settled) }, portsIn(lab, { nodes }));
  if (ring === undefined) return [];
  const at = (names: string[]): string | undefined => ring.ends.find((end) => names.includes(end)) ?? names[0];
  const [byPorts, byDown] = [at(replugged), at(opened)];
  const ofDown: Path = byDown !== undefined && nodes[byDown]?.down ? ['nodes', byDown, 'down'] : ['servers', 'down'];
  const path = byPorts === undefined ? ofDown : ['nodes', byPorts, 'ports'];
  return [{ path, message: ring.message, dependsOn: [['nodes'], ['servers']] }];
}

/** @param portsOf VLAN settings of a node's ports */
function ringsOf(lab: Lab, portsOf: (name: string) => PortsByLink): Ring[] {
  const bridges = (name: string): boolean => {
    const node = lab.nodes[name];
    return node !== undefined && (ROLES[node.role].switches || (node.bridge ?? false) !== false);
  };
  /** Connected bridges, by bridge: a switch has one for each VLAN. */
  const segments = new Map<string, Set<string>>();
  const segmentOf = (bridge: string): Set<string> => segments.get(bridge) ?? new Set([bridge]);
  return lab.links.flatMap((link, index): Ring[] => {
    const [a, b] = Object.keys(link) as [string, string];
    const isCut = [a, b].some((name) => lab.nodes[name]?.down?.includes(linkNameAt(lab, link, name)));
    if (!bridges(a) || !bridges(b) || isCut) return [];
    const closing = wiresOf(lab, link, portsOf).flatMap(({ ends }): (number | undefined)[] => {
      const [near, far] = [ends[a]!, ends[b]!];
      if (near.closed === true || far.closed === true) return [];
      const [from, to] = [`${a} ${near.vlan ?? ''}`, `${b} ${far.vlan ?? ''}`];
      if (segmentOf(from).has(to)) return [near.vlan ?? far.vlan];
      const joined = new Set([...segmentOf(from), ...segmentOf(to)]);
      for (const bridge of joined) segments.set(bridge, joined);
      return [];
    });
    if (closing.length === 0) return [];
    const vlans = closing.filter((vlan) => vlan !== undefined);
    return [{ link: index, ends: [a, b], message: messageFor(`${a} – ${linkNameAt(lab, link, a)}`, vlans) }];
  });
}

function messageFor(link: string, vlans: number[]): string {
  const loop = (place: string): string =>
    `${link} makes a loop of switches${place}, in which broadcasts circulate forever`;
  if (vlans.length === 0) return `${loop('')}: remove a link, or set it \`down\``;
  const word = vlans.length === 1 ? 'VLAN' : 'VLANs';
  const place = ` in ${word} ${vlans.join(', ')}`;
  return `${loop(place)}: take the ${word} off a port, remove a link, or set it \`down\``;
}
