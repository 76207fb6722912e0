import { broadcastOf, host, network } from '../address.ts';
import { addressesInScenario } from './check-messages.ts';
import { l4sOf, nodeAddresses, serversOf, untaggedAddresses, vlanAddresses } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/** Checks that each address of a lab is valid for a host and belongs to one node. */
export function checkLabAddresses(lab: Lab): Problem[] {
  const given: { path: Path; node: string; cidr: string }[] = [
    ...lab.links.flatMap((link, index) =>
      Object.entries(link).flatMap(([node, end]) => [
        ...(untaggedAddresses(end) ?? []).map((cidr) => ({
          path: ['links', index, node, ...(typeof end === 'string' ? [] : ['address'])],
          node,
          cidr,
        })),
        ...[...vlanAddresses(end)].flatMap(([vlan, cidrs]) =>
          cidrs.map((cidr) => ({ path: ['links', index, node, 'vlans', String(vlan)], node, cidr })),
        ),
      ]),
    ),
    ...Object.entries(lab.nodes).flatMap(([node, { bridge }]) =>
      typeof bridge === 'string' ? [{ path: ['nodes', node, 'bridge'], node, cidr: bridge }] : [],
    ),
  ];
  const owners = new Map<string, string>();
  return given.flatMap(({ path, node, cidr }) => {
    const owner = owners.get(host(cidr));
    owners.set(host(cidr), node);
    return [
      ...(owner === undefined ? [] : [{ path, message: `${host(cidr)} already belongs to ${owner}`, dependsOn: [] }]),
      ...broadcastProblems(path, host(cidr), [cidr]),
    ];
  });
}

/** Checks that addresses given by a scenario are not used by others. */
export function checkScenarioAddresses(scenario: ScenarioFile, lab: Lab): Problem[] {
  const owners = new Map<string, string[]>();
  for (const name of Object.keys(lab.nodes)) {
    for (const cidr of addressesInScenario(scenario, lab, name)) {
      owners.set(host(cidr), [...(owners.get(host(cidr)) ?? []), name]);
    }
  }
  return [...replacedAddresses(scenario, lab, owners), ...serviceAddresses(scenario, lab, owners)];
}

type Owners = Map<string, string[]>;

/** Replaced addresses that also belong to another node. */
function replacedAddresses(scenario: ScenarioFile, lab: Lab, owners: Owners): Problem[] {
  const servers = serversOf(lab).filter((name) => scenario.nodes[name]?.address === undefined);
  const replaced: { path: Path; address: string | undefined; nodes: string[] }[] = [
    { path: ['servers', 'address'], address: scenario.servers.address, nodes: servers },
    ...Object.entries(scenario.nodes).map(([name, { address }]) => ({
      path: ['nodes', name, 'address'],
      address,
      nodes: [name],
    })),
  ];
  return replaced.flatMap(({ path, address, nodes }) => {
    if (address === undefined || nodes.every((name) => !lab.nodes[name])) return [];
    const others = (owners.get(host(address)) ?? []).filter((name) => name !== nodes[0]);
    const dependsOn = [['servers'], ['nodes']];
    return [
      ...(others.length === 0
        ? []
        : [{ path, message: `${host(address)} already belongs to ${others.join(', ')}`, dependsOn }]),
      ...broadcastProblems(path, host(address), [address]),
    ];
  });
}

/** VIPs and proxy IPs that are the address of a node other than the L4, or of no host at all. */
function serviceAddresses(scenario: ScenarioFile, lab: Lab, owners: Owners): Problem[] {
  const subnets = Object.keys(lab.nodes).flatMap((name) => nodeAddresses(lab, name));
  return Object.entries(scenario.services).flatMap(([name, { vip, proxyIp, l4 }]) => {
    const own = l4sOf(lab, { l4 });
    const entity = ['services', name];
    const given: { path: Path; address: string }[] = [
      { path: [...entity, 'vip'], address: vip },
      ...(typeof proxyIp === 'string' ? [{ path: [...entity, 'proxyIp'], address: proxyIp }] : []),
      ...(Array.isArray(proxyIp)
        ? proxyIp.map((address, index) => ({ path: [...entity, 'proxyIp', index], address }))
        : []),
    ];
    return given.flatMap(({ path, address }) => {
      const owner = owners.get(address)?.find((node) => !own.includes(node));
      const message = `${address} is the address of ${owner}, which would get the packets`;
      return [
        ...(owner === undefined || own.length === 0
          ? []
          : [{ path, message, dependsOn: [entity, ['servers'], ['nodes']] }]),
        ...broadcastProblems(path, address, subnets),
      ];
    });
  });
}

function broadcastProblems(path: Path, address: string, cidrs: string[]): Problem[] {
  const subnet = cidrs.find((cidr) => broadcastOf(cidr) === address);
  return subnet === undefined
    ? []
    : [{ path, message: `${address} is the broadcast address of ${network(subnet)}`, dependsOn: [] }];
}
