import { noSuch } from '../../did-you-mean.ts';
import { isDirect } from '../../terms/mode.ts';
import { isV6 } from '../address.ts';
import { balancersOf, nodeAddresses } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import { hasCommonSubnet } from '../common-subnet.ts';
import type { Lab, ScenarioFile } from '../schema.ts';

/** Checks that members of pairs receive each other's advertisements, and balance the same services. */
export function checkPairs(scenario: ScenarioFile, lab: Lab): Problem[] {
  const l4s = balancersOf(lab);
  return Object.entries(scenario.pairs).flatMap(([name, pair]): Problem[] => {
    const path = ['pairs', name];
    const strangers = pair.nodes.flatMap((node, index): Problem[] =>
      l4s.includes(node)
        ? []
        : [{ path: [...path, 'nodes', index], message: noSuch('l4 node', node, l4s), dependsOn: [] }],
    );
    if (strangers.length > 0) return strangers;
    return [
      ...membersTwice(scenario, name),
      ...prioritiesOf(scenario, name),
      ...addressesOf(scenario, lab, name),
      ...servicesOf(scenario, name),
      ...settingsOf(scenario, lab, name),
    ];
  });
}

function membersTwice({ pairs }: ScenarioFile, name: string): Problem[] {
  const { nodes } = pairs[name]!;
  return nodes.flatMap((node, index): Problem[] => {
    const path = ['pairs', name, 'nodes', index];
    if (nodes.indexOf(node) < index) return [{ path, message: `${node} is given twice` }];
    const names = Object.keys(pairs);
    const before = names.slice(0, names.indexOf(name)).find((other) => pairs[other]!.nodes.includes(node));
    return before === undefined ? [] : [{ path, message: `${node} is already a member of ${before}` }];
  });
}

function prioritiesOf({ pairs }: ScenarioFile, name: string): Problem[] {
  const { nodes, priorities } = pairs[name]!;
  if (priorities === undefined) return [];
  const path = ['pairs', name, 'priorities'];
  if (priorities.length !== nodes.length)
    return [{ path, message: `needs one for each of the ${nodes.length} nodes, not ${priorities.length}` }];
  return new Set(priorities).size === priorities.length
    ? []
    : [{ path, message: 'must differ: equal priorities leave the master undefined' }];
}

function addressesOf(scenario: ScenarioFile, lab: Lab, name: string): Problem[] {
  const { nodes, subnet } = scenario.pairs[name]!;
  const own = nodes.map((node) => {
    const replaced = scenario.nodes[node]?.address;
    return (replaced === undefined ? nodeAddresses(lab, node) : [replaced]).filter((cidr) => !isV6(cidr));
  });
  if (hasCommonSubnet(own, subnet)) return [];
  const message = `${nodes.join(', ')} ${subnet === undefined ? 'have no common IPv4 subnet' : `do not all have an address in ${subnet}`} for their advertisements`;
  const field = subnet === undefined ? 'nodes' : 'subnet';
  return [{ path: ['pairs', name, field], message, dependsOn: [['pairs', name], ['nodes'], ['links']] }];
}

function servicesOf({ pairs, services }: ScenarioFile, name: string): Problem[] {
  const { nodes, sync } = pairs[name]!;
  const own = Object.entries(services).filter(([, { l4 }]) => [l4 ?? []].flat().some((node) => nodes.includes(node)));
  const problems = own.flatMap(([service, { l4 }]): Problem[] => {
    const without = nodes.filter((node) => ![l4 ?? []].flat().includes(node));
    if (without.length === 0) return [];
    const message = `is balanced by a member of the pair ${name}, but not by ${without.join(', ')}: write \`l4: [${nodes.join(', ')}]\``;
    return [
      {
        path: ['services', service, 'l4'],
        message,
        dependsOn: [
          ['pairs', name],
          ['services', service],
        ],
      },
    ];
  });
  if (own.length === 0)
    problems.push({
      path: ['pairs', name],
      message: 'has no service: list its nodes in `l4:` of a service',
      dependsOn: [['services']],
    });
  if (sync === 'conntrackd' && own.every(([, service]) => isDirect(service)))
    problems.push({
      path: ['pairs', name, 'sync'],
      message: 'has no effect: only services in dnat and proxy have connections to share',
      dependsOn: [['services']],
    });
  return problems;
}

/** A pair has the addresses of its services itself. */
function settingsOf(scenario: ScenarioFile, lab: Lab, name: string): Problem[] {
  return scenario.pairs[name]!.nodes.flatMap((node): Problem[] => {
    const path = scenario.nodes[node]?.vipOwner === undefined ? ['pairs', name] : ['nodes', node, 'vipOwner'];
    const declared = scenario.nodes[node]?.vipOwner ?? lab.nodes[node]!.vipOwner;
    if (declared === undefined) return [];
    return [
      {
        path,
        message: `${node} is a member of ${name}, whose master holds the VIPs`,
        dependsOn: [['pairs', name]],
      },
    ];
  });
}
