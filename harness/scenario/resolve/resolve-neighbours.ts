import type { NodePlan, StaticNeighbour } from '../../terms/plan.ts';
import { contains, host, network } from '../address.ts';
import { interfaceAddresses } from '../lookup.ts';
import type { NodeSettings, ScenarioFile } from '../schema.ts';
import { mac } from '../schema-values.ts';

/**
 * Adds static neighbour entries to nodes; omits those without an address in a subnet of the node, or without a MAC.
 */
export function withNeighbours(
  nodes: NodePlan[],
  settingsOf: (name: string) => NodeSettings,
  services: ScenarioFile['services'],
): NodePlan[] {
  return nodes.map((node) => {
    const entries = Object.entries(settingsOf(node.name).neighbours ?? {});
    const neighbours = entries.flatMap(([word, value]) =>
      addressesFor(word, nodes, services).flatMap((address) => entryOf(nodes, node, { address, value })),
    );
    return neighbours.length === 0 ? node : { ...node, neighbours };
  });
}

function addressesFor(word: string, nodes: NodePlan[], services: ScenarioFile['services']): string[] {
  const vip = services[word]?.vip;
  const named = nodes.find(({ name }) => name === word);
  return vip !== undefined ? [vip] : named === undefined ? [word] : interfaceAddresses(named);
}

function entryOf(
  nodes: NodePlan[],
  { interfaces }: NodePlan,
  { address, value }: { address: string; value: string },
): StaticNeighbour[] {
  const at = interfaces.find(({ addresses }) => addresses.some((cidr) => contains(network(cidr), address)));
  if (at === undefined) return [];
  const isNear = (cidrs: readonly string[], others: readonly string[]): boolean =>
    cidrs.some((cidr) => others.some((other) => contains(network(cidr), host(other))));
  const candidates = (nodes.find(({ name }) => name === value)?.interfaces ?? []).filter((one) =>
    isNear(at.addresses, one.addresses),
  );
  // A prefix that is too short also contains addresses of other segments.
  const there =
    candidates.find(({ addresses }) => addresses.some((cidr) => host(cidr) === address)) ??
    candidates.find(({ addresses }) => isNear(addresses, at.addresses)) ??
    candidates[0];
  const found = mac.safeParse(value).success ? value : there?.mac;
  return found === undefined ? [] : [{ address, dev: at.name, mac: found }];
}
