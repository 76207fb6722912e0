import { didYouMean, noSuch } from '../../did-you-mean.ts';
import { contains, host, isAddress, network } from '../address.ts';
import { addressesInScenario } from './check-messages.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { mac } from '../schema-values.ts';

type Body = Pick<ScenarioFile, 'services' | 'servers' | 'nodes'>;

/**
 * Checks that static neighbour entries are for addresses in subnets of their nodes, and name existing nodes.
 * @param layersOf settings of a node beyond the lab, lowest priority first
 */
export function checkNeighbours(lab: Lab, layersOf: (name: string) => Layer[], body: Body): Problem[] {
  const addressesOf = (name: string): readonly string[] => addressesInScenario(body, lab, name);
  return problemsPerNode(Object.keys(lab.nodes), (name): NodeProblem[] => {
    const layers = layersOf(name);
    const path = pathOf(layers, 'neighbours');
    if (path === null) return [];
    const own = addressesOf(name);
    // For a switch without IP this is reported elsewhere.
    if (own.length === 0) return [];
    const near = (address: string): boolean => own.some((cidr) => contains(network(cidr), address));
    const entries = layers.findLast(({ settings }) => settings.neighbours !== undefined)!.settings.neighbours!;
    return Object.entries(entries).flatMap(([entry, value]): NodeProblem[] => {
      const at = { path: [...path, entry], dependsOn: [...layers.map((layer) => layer.path), ['links']] };
      const vip = body.services[entry]?.vip;
      const isKnown = isAddress(entry) || vip !== undefined || lab.nodes[entry] !== undefined;
      const known = [...Object.keys(lab.nodes), ...Object.keys(body.services)];
      if (!isKnown)
        return [
          {
            ...at,
            what: `\`${entry}\` is not an address, a node or a service${didYouMean(entry, known)}`,
            dependsOn: [
              ['services', entry],
              ['nodes', entry],
            ],
          },
        ];
      const addresses = vip !== undefined ? [vip] : isAddress(entry) ? [entry] : addressesOf(entry).map(host);
      const text = addresses.includes(entry) ? entry : `${entry} (${addresses.join(', ')})`;
      const inReach = addresses.filter(near);
      if (inReach.length === 0) return [{ ...at, what: `${text} is in no subnet of NODES` }];
      if (inReach.some((address) => own.map(host).includes(address)))
        return [{ ...at, what: `${text} is an address of NODES itself` }];
      if (mac.safeParse(value).success) return [];
      if (lab.nodes[value] === undefined)
        return [{ ...at, what: noSuch('node', value, Object.keys(lab.nodes)), dependsOn: [['nodes', value]] }];
      const isThere = addressesOf(value).some((cidr) =>
        own.some(
          (net) => inReach.some((address) => contains(network(net), address)) && contains(network(net), host(cidr)),
        ),
      );
      return isThere ? [] : [{ ...at, what: `${value} has no address in the subnet of NODES that ${text} is in` }];
    });
  });
}
