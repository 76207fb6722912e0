import { contains, host, isV6, network } from './address.ts';
import type { Lab, LabNode, NodeSettings, ScenarioFile } from './schema.ts';
import type { Path } from './yaml-file.ts';

/** A mistake that the schema alone cannot see. */
export interface Problem {
  path: Path;
  message: string;
}

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
    if (node.role === 'l2' && node.bridge === false)
      problems.push({ path: ['nodes', name, 'bridge'], message: 'an l2 node is always a bridge' });
    problems.push(...checkSettings(['nodes', name], node, name, lab, []));
  }
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
  problems.push(...checkSettings(['servers'], scenario.servers, null, lab, services));
  for (const [name, settings] of Object.entries(scenario.nodes)) {
    if (lab.nodes[name]) problems.push(...checkSettings(['nodes', name], settings, name, lab, services));
    else problems.push({ path: ['nodes', name], message: unknown('node', name, nodes) });
  }
  for (const name of services) problems.push(...checkService(name, scenario, lab));
  for (const name of Object.keys(scenario.flows)) problems.push(...checkFlow(name, scenario, lab));
  return problems;
}

function checkSettings(
  path: Path,
  settings: NodeSettings,
  node: string | null,
  lab: Lab,
  services: string[],
): Problem[] {
  const problems: Problem[] = [];
  const names = node === null ? serversOf(lab) : [node];
  const { gateway } = settings;
  if (gateway !== undefined && gateway !== 'none') {
    for (const name of names) {
      if (gatewayAddress(lab, name, gateway, settings.address) === null) {
        problems.push({ path: [...path, 'gateway'], message: `${gateway} has no address in a subnet of ${name}` });
      }
    }
  }
  for (const [index, entry] of (settings.loopback ?? []).entries()) {
    if (!isAddress(entry) && !services.includes(entry)) {
      problems.push({ path: [...path, 'loopback', index], message: unknown('service', entry, services) });
    }
  }
  for (const [index, peer] of (settings.down ?? []).entries()) {
    for (const name of names) {
      if (!peersOf(lab, name).includes(peer))
        problems.push({ path: [...path, 'down', index], message: unknown('peer', peer, peersOf(lab, name)) });
    }
  }
  if (settings.address !== undefined) {
    for (const name of names) {
      if (peersOf(lab, name).length !== 1)
        problems.push({ path: [...path, 'address'], message: `${name} has more than one link` });
    }
  }
  const onlyL4 = (['vipOwner', 'lb'] as const).filter((key) => settings[key] !== undefined);
  if (onlyL4.length > 0 && names.some((name) => lab.nodes[name]?.role !== 'l4')) {
    problems.push(...onlyL4.map((key) => ({ path: [...path, key], message: 'is for l4 nodes only' })));
  }
  return problems;
}

function checkService(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const service = scenario.services[name]!;
  const path = ['services', name];
  const l4s = Object.keys(lab.nodes).filter((node) => lab.nodes[node]!.role === 'l4');
  if (service.l4 !== undefined && !l4s.includes(service.l4))
    problems.push({ path: [...path, 'l4'], message: unknown('l4 node', service.l4, l4s) });
  if (service.l4 === undefined && l4s.length !== 1) {
    problems.push({ path, message: `needs \`l4:\`, since the lab has ${l4s.length} l4 nodes` });
  }
  for (const [index, server] of service.pool.entries()) {
    if (lab.nodes[server]?.role !== 'server')
      problems.push({ path: [...path, 'pool', index], message: unknown('server', server, serversOf(lab)) });
  }
  if (service.proxyIp !== undefined && service.mode !== 'proxy') {
    problems.push({ path: [...path, 'proxyIp'], message: `is for mode proxy; this service is ${service.mode}` });
  }
  if (service.mode === 'proxy' && service.proxyIp === undefined) {
    problems.push({ path: [...path, 'mode'], message: 'proxy needs `proxyIp:` (an address, `auto`, or a list)' });
  }
  if (service.sourceMac === 'keep' && service.mode !== 'dsr') {
    problems.push({ path: [...path, 'sourceMac'], message: `is for mode dsr; this service is ${service.mode}` });
  }
  const rival = Object.entries(scenario.services).find(
    ([other, s]) =>
      other < name &&
      s.vip === service.vip &&
      s.port === service.port &&
      s.protocol === service.protocol &&
      s.l4 === service.l4,
  );
  if (rival)
    problems.push({
      path: [...path, 'vip'],
      message: `${service.vip}:${service.port}/${service.protocol} belongs to ${rival[0]} already`,
    });
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
  const { expect } = flow;
  const named = [
    ...(expect.request?.crosses ?? []),
    ...(expect.request?.avoids ?? []),
    ...(expect.reply?.crosses ?? []),
    ...(expect.reply?.avoids ?? []),
    ...(expect.outcome === 'fails' && expect.at !== undefined ? [expect.at] : []),
    ...(expect.outcome === 'works' && expect.servedBy ? servedByNames(expect.servedBy) : []),
  ];
  for (const node of named) {
    if (!lab.nodes[node]) problems.push({ path: [...path, 'expect'], message: unknown('node', node, nodes) });
  }
  return problems;
}

function servedByNames(servedBy: { one: string } | { eachOf: string[] } | { noneBut: string[] }): string[] {
  if ('one' in servedBy) return [servedBy.one];
  return 'eachOf' in servedBy ? servedBy.eachOf : servedBy.noneBut;
}

/** Addresses (CIDR) of a link's end as the lab writes them. */
export function linkAddresses(end: Lab['links'][number][string] | undefined): string[] {
  if (end === null || end === undefined) return [];
  if (typeof end === 'string') return [end];
  return end.address === undefined ? [] : [end.address].flat();
}

/** All addresses (CIDR) of a node in the lab. */
export function nodeAddresses(lab: Lab, name: string): string[] {
  const bridge = lab.nodes[name]?.bridge;
  return [...lab.links.flatMap((link) => linkAddresses(link[name])), ...(typeof bridge === 'string' ? [bridge] : [])];
}

/**
 * Address of a default gateway as seen from a node: `gateway` is a role, a node or an address.
 * Null when it stands for nothing in a subnet of the node.
 */
export function gatewayAddress(lab: Lab, name: string, gateway: string, ownAddress?: string): string | null {
  const own = (ownAddress === undefined ? nodeAddresses(lab, name) : [ownAddress]).map(network);
  const reachable = (address: string): boolean => own.some((net) => contains(net, address));
  if (isAddress(gateway)) return gateway;
  const candidates = lab.nodes[gateway]
    ? [gateway]
    : Object.keys(lab.nodes).filter((node) => node !== name && lab.nodes[node]!.role === gateway);
  return (
    candidates
      .flatMap((node) => nodeAddresses(lab, node))
      .map(host)
      .find(reachable) ?? null
  );
}

function peersOf(lab: Lab, name: string): string[] {
  return lab.links.filter((link) => name in link).flatMap((link) => Object.keys(link).filter((end) => end !== name));
}

function serversOf(lab: Lab): string[] {
  return Object.entries(lab.nodes)
    .filter(([, node]: [string, LabNode]) => node.role === 'server')
    .map(([name]) => name);
}

function isAddress(text: string): boolean {
  return isV6(text) || /^\d+(\.\d+){3}$/.test(text);
}

function unknown(kind: string, name: string, known: string[]): string {
  return `no ${kind} is named \`${name}\`; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'}`;
}
