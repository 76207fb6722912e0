import { noSuch } from '../../did-you-mean.ts';
import { ROLES } from '../../terms/role.ts';
import { isAddress } from '../address.ts';
import { balancersOf, linkNamed, linkNames, listenersOf } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, NodeSettings, ScenarioFile } from '../schema.ts';
import type { Action } from '../step-changes.ts';
import type { Path } from '../yaml-file.ts';

export const OF_L4 = ['killLb', 'stopLb', 'startLb', 'restartLb', 'reloadLb'] as const;

export function checkAction(path: Path, action: Action, scenario: ScenarioFile, lab: Lab): Problem[] {
  const nodes = Object.keys(lab.nodes);
  const callers = Object.values(scenario.streams).map(({ from }) => from);
  const inEach = (kinds: readonly (keyof Action)[], wrong: (node: string) => string | null): Problem[] =>
    kinds.flatMap((kind) => {
      const named = action[kind];
      if (!Array.isArray(named)) return [];
      return (named as string[]).flatMap((node) => {
        const message = nodes.includes(node) ? wrong(node) : noSuch('node', node, nodes);
        return message === null ? [] : [{ path: [...path, kind], message, dependsOn: [['streams']] }];
      });
    });
  const l4s = balancersOf(lab);
  const problems = [
    ...inEach(['kill', 'pause'], (node) =>
      callers.includes(node) ? `${node} is the caller of a stream and cannot be stopped` : null,
    ),
    ...inEach(['start', 'resume'], () => null),
    ...inEach(OF_L4, (node) =>
      l4s.includes(node)
        ? scenario.nodes[node]?.lb === 'off'
          ? `the load balancer of ${node} is off`
          : null
        : `${node} is not an l4 node; known: ${l4s.join(', ')}`,
    ),
    ...inEach(['stopListeners', 'startListeners', 'failChecks', 'passChecks'], (node) =>
      listenersOf(node, lab, scenario).length > 0 ? null : `${node} has no listeners`,
    ),
    ...inEach(['flushMacs'], (node) =>
      isSwitch(lab, node) ? null : `${node} is not a switch, so it has no MAC table`,
    ),
    ...inEach(['flushNeighbours'], (node) =>
      isSwitch(lab, node) && typeof lab.nodes[node]!.bridge !== 'string'
        ? `${node} has no IP address, so it has no neighbours`
        : null,
    ),
    ...inEach(['flushConnections'], (node) =>
      l4s.includes(node) || keepsConnections({ ...lab.nodes[node], ...scenario.nodes[node] })
        ? null
        : `${node} does not track connections: only an L4, a stateful firewall or a node with NAT does`,
    ),
  ];
  for (const kind of ['linkDown', 'linkUp', 'flap'] as const) {
    const link = kind === 'flap' ? action.flap?.link : action[kind];
    if (link === undefined) continue;
    if (linkNamed(lab, link) !== null) continue;
    const [a, b] = link;
    const stranger = link.find((node) => !nodes.includes(node));
    const known = link.find((node) => nodes.includes(node));
    const further = known === undefined ? [] : linkNames(lab, known).filter((word) => !nodes.includes(word));
    if (stranger !== undefined)
      problems.push({
        path: [...path, kind],
        message: noSuch('node', stranger, [...nodes, ...further]),
        dependsOn: [],
      });
    else
      problems.push({
        path: [...path, kind],
        message: `there is no link between ${a} and ${b}`,
        dependsOn: [['links']],
      });
  }
  const { announce } = action;
  if (announce !== undefined) {
    const at = [...path, 'announce'];
    const { from, address } = announce;
    if (!nodes.includes(from))
      problems.push({ path: [...at, 'from'], message: noSuch('node', from, nodes), dependsOn: [] });
    if (!isAddress(address) && !scenario.services[address])
      problems.push({
        path: [...at, 'address'],
        message: noSuch('service', address, Object.keys(scenario.services)),
        dependsOn: [['services', address]],
      });
  }
  return problems;
}

function keepsConnections({ firewall, nat = 'none' }: NodeSettings): boolean {
  return firewall === 'stateful' || nat !== 'none';
}

function isSwitch(lab: Lab, name: string): boolean {
  const { role, bridge = false } = lab.nodes[name]!;
  return ROLES[role].switches || bridge !== false;
}
