import { ROLES } from '../terms/role.ts';
import { MODES } from '../terms/mode.ts';
import { host, isAddress, isV6 } from './address.ts';
import { idleFlowFields, idleLabSettings, idleScenarioSettings, idleServiceFields } from './check-effects.ts';
import { checkNextHops } from './check-next-hops.ts';
import { checkServices } from './check-services.ts';
import { addressesInScenario, familyName, unknown } from './check-messages.ts';
import type { ServedBy } from '../terms/plan.ts';
import type { Lab, NodeSettings, ScenarioFile } from './schema.ts';
import type { Problem } from './problem.ts';
import { linkAddresses, nodeAddresses, peersOf, serversOf } from './lab-queries.ts';
import type { Path } from './yaml-file.ts';

/** Whether links and nodes of a lab fit together. */
export function checkLab(lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const owners = new Map<string, string>();
  const wires = new Set<string>();
  const linked = new Set<string>();
  for (const [index, link] of lab.links.entries()) {
    const names = Object.keys(link);
    const wire = [...names].sort().join(' – ');
    if (wires.has(wire))
      problems.push({
        path: ['links', index],
        message: `${wire} are linked already; interfaces are named after the peer`,
      });
    wires.add(wire);
    for (const name of names) {
      linked.add(name);
      if (!lab.nodes[name])
        problems.push({ path: ['links', index, name], message: unknown('node', name, Object.keys(lab.nodes)) });
      for (const cidr of linkAddresses(link[name])) {
        const owner = owners.get(host(cidr));
        if (owner)
          problems.push({ path: ['links', index, name], message: `${host(cidr)} belongs to ${owner} already` });
        owners.set(host(cidr), name);
      }
    }
  }
  for (const [name, node] of Object.entries(lab.nodes)) {
    if (!linked.has(name)) problems.push({ path: ['nodes', name], message: 'is not linked to anything' });
    if (ROLES[node.role].switches && node.bridge === false)
      problems.push({ path: ['nodes', name, 'bridge'], message: `an ${node.role} node is always a bridge` });
    problems.push(...checkSettings(['nodes', name], node, name, { lab, services: {} }));
  }
  problems.push(...idleLabSettings(lab));
  problems.push(...checkNextHops(lab, (name) => [{ path: ['nodes', name], settings: lab.nodes[name]! }]));
  return problems;
}

/** Whether every name in a scenario stands for something, and its parts agree. */
export function checkScenario(scenario: ScenarioFile, lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const nodes = Object.keys(lab.nodes);
  const services = Object.keys(scenario.services);
  for (const service of services) {
    if (lab.nodes[service]) problems.push({ path: ['services', service], message: 'has the name of a node' });
  }
  problems.push(...checkSettings(['servers'], scenario.servers, null, { lab, services: scenario.services }));
  for (const [name, settings] of Object.entries(scenario.nodes)) {
    if (lab.nodes[name])
      problems.push(...checkSettings(['nodes', name], settings, name, { lab, services: scenario.services }));
    else problems.push({ path: ['nodes', name], message: unknown('node', name, nodes) });
  }
  problems.push(
    ...checkNextHops(lab, (name) => [
      ...(ROLES[lab.nodes[name]!.role].serves ? [{ path: ['servers'], settings: scenario.servers }] : []),
      ...(scenario.nodes[name] ? [{ path: ['nodes', name], settings: scenario.nodes[name] }] : []),
    ]),
  );
  problems.push(...checkServices(scenario, lab));
  for (const name of Object.keys(scenario.flows)) problems.push(...checkFlow(name, scenario, lab));
  problems.push(...idleScenarioSettings(scenario, lab), ...idleServiceFields(scenario), ...idleFlowFields(scenario));
  return problems;
}

function checkSettings(
  path: Path,
  settings: NodeSettings,
  node: string | null,
  { lab, services: declared }: { lab: Lab; services: ScenarioFile['services'] },
): Problem[] {
  const problems: Problem[] = [];
  const services = Object.keys(declared);
  const l3dsr = services.filter((name) => MODES[declared[name]!.mode].handsOver === 'dscp');
  const names = node === null ? serversOf(lab) : [node];
  for (const [index, entry] of (settings.loopback ?? []).entries()) {
    if (!isAddress(entry) && !services.includes(entry)) {
      problems.push({ path: [...path, 'loopback', index], message: unknown('service', entry, services) });
    }
  }
  for (const [index, name] of (settings.undoDscp ?? []).entries()) {
    const known = l3dsr.includes(name);
    if (!known) problems.push({ path: [...path, 'undoDscp', index], message: unknown('l3dsr service', name, l3dsr) });
  }
  const byPeer = [
    ...(settings.down ?? []).map((peer, index) => ({ peer, at: ['down', index] })),
    ...Object.keys(typeof settings.mtu === 'object' ? settings.mtu : {}).map((peer) => ({ peer, at: ['mtu', peer] })),
  ];
  for (const { peer, at } of byPeer) {
    const strangers = names.filter((name) => !peersOf(lab, name).includes(peer));
    if (strangers.length > 0) {
      const known = [...new Set(strangers.flatMap((name) => peersOf(lab, name)))];
      problems.push({
        path: [...path, ...at],
        message: unknown(`peer of ${strangers.join(', ')}`, peer, known),
      });
    }
  }
  if (settings.address !== undefined) {
    const wide = names.filter((name) => peersOf(lab, name).length !== 1);
    if (wide.length > 0)
      problems.push({
        path: [...path, 'address'],
        message: `${wide.join(', ')} ${wide.length === 1 ? 'has' : 'have'} more than one link`,
      });
  }
  const onlyL4 = (['vipOwner', 'lb'] as const).filter((key) => settings[key] !== undefined);
  if (onlyL4.length > 0 && names.some((name) => lab.nodes[name]?.role !== 'l4')) {
    problems.push(...onlyL4.map((key) => ({ path: [...path, key], message: 'is for l4 nodes only' })));
  }
  return problems;
}

function checkFlow(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const flow = scenario.flows[name]!;
  const path = ['flows', name];
  const nodes = Object.keys(lab.nodes);
  const service = scenario.services[flow.to];
  if (!lab.nodes[flow.from]) problems.push({ path: [...path, 'from'], message: unknown('node', flow.from, nodes) });
  else if (nodeAddresses(lab, flow.from).length === 0)
    problems.push({ path: [...path, 'from'], message: `${flow.from} has no address to call from` });
  const targets = service ? [service.vip] : addressesInScenario(scenario, lab, flow.to);
  const own = addressesInScenario(scenario, lab, flow.from);
  const families = own.map(isV6);
  const [target] = targets;
  if (target !== undefined && own.length > 0 && !targets.some((address) => families.includes(isV6(address)))) {
    problems.push({
      path: [...path, 'from'],
      message: `${flow.from} has no ${familyName(isV6(target))} address to call ${host(target)} from`,
    });
  }
  if (!service && !lab.nodes[flow.to]) {
    problems.push({
      path: [...path, 'to'],
      message: unknown('service or node', flow.to, [...Object.keys(scenario.services), ...nodes]),
    });
  }
  if (!service && lab.nodes[flow.to] && nodeAddresses(lab, flow.to).length === 0) {
    problems.push({ path: [...path, 'to'], message: `${flow.to} has no address to be called at` });
  }
  if (service && flow.port !== undefined)
    problems.push({ path: [...path, 'port'], message: 'a service has its own port' });
  if (service && flow.protocol !== 'icmp' && (flow.protocol === 'udp') !== (service.protocol === 'udp')) {
    problems.push({ path: [...path, 'protocol'], message: `${flow.to} is a ${service.protocol} service` });
  }
  if (!service && flow.port === undefined && flow.protocol !== 'icmp')
    problems.push({ path, message: `needs \`port:\`, since ${flow.to} is a node` });
  const strangers = nodesExpected(flow.expect).filter(({ node }) => !lab.nodes[node]);
  problems.push(
    ...strangers.map(({ at, node }) => ({ path: [...path, 'expect', ...at], message: unknown('node', node, nodes) })),
  );
  return problems;
}

/** Nodes that an expectation names, and where. */
function nodesExpected(expect: ScenarioFile['flows'][string]['expect']): { at: Path; node: string }[] {
  const named = [
    ...listed(['request', 'crosses'], expect.request?.crosses),
    ...listed(['request', 'avoids'], expect.request?.avoids),
    ...listed(['reply', 'crosses'], expect.reply?.crosses),
    ...listed(['reply', 'avoids'], expect.reply?.avoids),
  ];
  if (expect.outcome === 'fails') return expect.at === undefined ? named : [...named, { at: ['at'], node: expect.at }];
  // `self` is the caller, whoever that is.
  return [...named, ...serversExpected(expect.servedBy).filter(({ node }) => node !== 'self')];
}

function serversExpected(servedBy: ServedBy | undefined): { at: Path; node: string }[] {
  if (!servedBy) return [];
  if ('one' in servedBy) return [{ at: ['servedBy'], node: servedBy.one }];
  if ('counts' in servedBy)
    return Object.keys(servedBy.counts).map((node) => ({ at: ['servedBy', 'counts', node], node }));
  return Object.entries(servedBy).flatMap(([kind, names]) => listed(['servedBy', kind], names));
}

function listed(at: Path, names: string[] = []): { at: Path; node: string }[] {
  return names.map((node, index) => ({ at: [...at, index], node }));
}
