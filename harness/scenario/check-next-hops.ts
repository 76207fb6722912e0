import type { Problem } from './problem.ts';
import { contains, isAddress, network } from './address.ts';
import type { Lab, NodeSettings } from './schema.ts';
import { gatewayAddresses, nodeAddresses } from './lab-queries.ts';
import type { Path } from './yaml-file.ts';

/** Settings of a node, and where they are written. */
interface Layer {
  path: Path;
  settings: NodeSettings;
}

/**
 * Whether every next hop lies in a subnet of its node: the kernel would refuse the route otherwise.
 * @param layersOf what is said of a node beyond the lab, the weakest first; nodes of which nothing is said are not looked at
 */
export function checkNextHops(lab: Lab, layersOf: (name: string) => Layer[]): Problem[] {
  const found = new Map<string, { path: Path; hop: string; nodes: string[] }>();
  for (const name of Object.keys(lab.nodes)) {
    for (const { path, hop } of unreachableHops(lab, name, layersOf(name))) {
      const key = JSON.stringify([path, hop]);
      found.set(key, { path, hop, nodes: [...(found.get(key)?.nodes ?? []), name] });
    }
  }
  return [...found.values()].map(({ path, hop, nodes }) => ({
    path,
    message: problemWith(lab, hop, nodes.join(', ')),
  }));
}

function problemWith(lab: Lab, hop: string, nodes: string): string {
  if (isAddress(hop)) return `${hop} is in no subnet of ${nodes}`;
  const stands = Object.entries(lab.nodes).some(([name, { role }]) => name === hop || role === hop);
  return stands
    ? `${hop} has no address in a subnet of ${nodes}`
    : `\`${hop}\` is neither the name nor the role of a node`;
}

function unreachableHops(lab: Lab, name: string, layers: Layer[]): { path: Path; hop: string }[] {
  const settings: NodeSettings = Object.assign(
    {},
    lab.nodes[name]!,
    ...layers.map((layer) => layer.settings),
  ) as NodeSettings;
  const { gateway, address, routes = [] } = settings;
  // A next hop that was right may have become wrong by a new address.
  const written = (key: 'gateway' | 'routes'): Path | null => pathOf(layers, key) ?? pathOf(layers, 'address');
  const unreachable: { path: Path; hop: string }[] = [];
  const gatewayPath = written('gateway');
  if (
    gatewayPath &&
    gateway !== undefined &&
    gateway !== 'none' &&
    gatewayAddresses(lab, name, gateway, address).length === 0
  )
    unreachable.push({ path: gatewayPath, hop: gateway });
  const own = (address === undefined ? nodeAddresses(lab, name) : [address]).map(network);
  const routesPath = written('routes');
  for (const [index, { via }] of routes.entries()) {
    if (routesPath && !own.some((net) => contains(net, via)))
      unreachable.push({ path: routesPath.at(-1) === 'routes' ? [...routesPath, index, 'via'] : routesPath, hop: via });
  }
  return unreachable;
}

function pathOf(layers: Layer[], key: keyof NodeSettings): Path | null {
  const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
  return layer ? [...layer.path, key] : null;
}
