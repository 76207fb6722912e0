import { noSuch } from '../../did-you-mean.ts';
import { ROLES } from '../../terms/role.ts';
import { broadcastOf, host, isV6, network } from '../address.ts';
import { familyName } from './check-messages.ts';
import { interfacesAt, linkNames, nodeAddresses } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, NodeSettings, ScenarioFile } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/**
 * Source NAT on invalid interfaces, or to invalid source addresses.
 * @param path of the node's settings
 * @param node null for the settings of all servers
 */
export function checkNat(
  path: Path,
  { nat }: NodeSettings,
  node: string | null,
  { lab, services }: { lab: Lab; services: ScenarioFile['services'] },
): Problem[] {
  if (nat === undefined) return [];
  const at = (...fields: Path): Path => [...path, 'nat', ...fields];
  const role = lab.nodes[node ?? '']?.role ?? 'server';
  if (!ROLES[role].translates)
    return [{ path: at(), message: 'only for l3 nodes', dependsOn: [['nodes', node ?? '', 'role']] }];
  if (nat === 'none') return [];
  const interfaces = interfacesOf(lab, node!);
  const out = [nat.out].flat();
  const place = (field: 'out' | 'to', index: number): Path => at(field, ...(Array.isArray(nat[field]) ? [index] : []));
  const wrongOut = out.flatMap((name, index): Problem[] => {
    const dependsOn = [['links']];
    if (out.indexOf(name) < index) return [{ path: place('out', index), message: `${name} is given twice` }];
    if (interfaces.has(name)) return [];
    const vlans = [...interfaces.keys()].filter((other) => other.startsWith(`${name}.`));
    const message =
      vlans.length > 0
        ? `${node} has one interface per VLAN there: ${vlans.join(', ')}`
        : linkNames(lab, node!).includes(name)
          ? `the interface of ${node} toward ${name} has no address`
          : noSuch(`interface of ${node}`, name, [...interfaces.keys()]);
    return [{ path: place('out', index), message, dependsOn }];
  });
  if (nat.to === 'masquerade') return wrongOut;
  const families = out.flatMap((name) => (interfaces.get(name) ?? []).map(isV6));
  const to = [nat.to].flat();
  const wrongTo = to.flatMap((address, index): Problem[] => {
    const dependsOn = [['links'], ['nodes'], ['services']];
    const found = (message: string): Problem[] => [{ path: place('to', index), message, dependsOn }];
    if (to.slice(0, index).some((other) => isV6(other) === isV6(address)))
      return found(`is a second ${familyName(isV6(address))} address; only one per family is allowed`);
    if (families.length > 0 && !families.includes(isV6(address)))
      return found(`is an ${familyName(isV6(address))} address, but ${node} has none toward ${out.join(', ')}`);
    const owner = Object.keys(lab.nodes).find(
      (name) => name !== node && nodeAddresses(lab, name).some((cidr) => host(cidr) === address),
    );
    if (owner !== undefined) return found(`${address} is the address of ${owner}, which would get the replies`);
    const [service] = Object.entries(services).find(([, { vip }]) => vip === address) ?? [];
    if (service !== undefined) return found(`${address} is the VIP of ${service}`);
    const subnet = Object.keys(lab.nodes)
      .flatMap((name) => nodeAddresses(lab, name))
      .find((cidr) => broadcastOf(cidr) === address);
    return subnet === undefined ? [] : found(`${address} is the broadcast address of ${network(subnet)}`);
  });
  return [...wrongOut, ...wrongTo];
}

/** Addresses (CIDR) of a node's interfaces that have any, by name. */
function interfacesOf(lab: Lab, node: string): Map<string, string[]> {
  const all = lab.links.filter((link) => node in link).flatMap((link) => interfacesAt(lab, link, node));
  return new Map(all.filter(({ addresses }) => addresses.length > 0).map((one) => [one.name, one.addresses]));
}
