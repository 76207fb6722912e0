import { noSuch } from '../../did-you-mean.ts';
import { ROLES } from '../../terms/role.ts';
import { isAddress } from '../address.ts';
import { checkLabAddresses, checkScenarioAddresses } from './check-addresses.ts';
import {
  ineffectiveFlowFields,
  ineffectiveLabSettings,
  ineffectiveScenarioSettings,
  ineffectiveServiceFields,
} from './check-effects.ts';
import { sharedMacs } from './check-macs.ts';
import { tooNarrowForIpv6 } from './check-mtu.ts';
import { checkNextHops } from './check-next-hops.ts';
import { checkNeighbours } from './check-neighbours.ts';
import { checkFilter, ineffectiveFilters } from './check-filter.ts';
import { checkNames } from './check-names.ts';
import { checkNat } from './check-nat.ts';
import { checkFlow } from './check-flow.ts';
import { checkSysctls } from './check-sysctls.ts';
import { wrongAnswers, listenersGivenTwice, foreignListeners } from './check-listeners.ts';
import { checkPairs } from './check-pairs.ts';
import { checkProfiles, labWithProfiles, profileLayers } from '../profile-settings.ts';
import { checkTimeline } from './check-timeline.ts';
import { checkServices } from './check-services.ts';
import { checkPorts, checkVlansOfLinks, trunksToPlainSwitches } from './check-vlans.ts';
import { portsIn, type PortsByLink } from '../vlans.ts';
import { ringsOfScenario, switchRings } from './check-rings.ts';
import type { Lab, NodeSettings, ScenarioFile } from '../schema.ts';
import type { Layer } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import { interfaceNames, linkNames, peersOf, serversOf, vlanAddresses } from '../lab-queries.ts';
import { checkLinkNames, interfacesInOneSubnet } from './check-link-names.ts';
import type { Path } from '../yaml-file.ts';

/** Checks that links and nodes of a lab are consistent. */
export function checkLab(lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const linked = new Set<string>();
  for (const [index, link] of lab.links.entries()) {
    for (const name of Object.keys(link)) {
      linked.add(name);
      if (!lab.nodes[name])
        problems.push({
          path: ['links', index, name],
          message: noSuch('node', name, Object.keys(lab.nodes)),
          dependsOn: [['nodes', name]],
        });
    }
  }
  for (const [name, node] of Object.entries(lab.nodes)) {
    if (!linked.has(name)) problems.push({ path: ['nodes', name], message: 'has no link', dependsOn: [['links']] });
    if (ROLES[node.role].switches && node.bridge === false)
      problems.push({ path: ['nodes', name, 'bridge'], message: `an ${node.role} node is always a bridge` });
    problems.push(...checkSettings(['nodes', name], node, name, { lab, services: {} }));
  }
  problems.push(
    ...checkLinkNames(lab),
    ...interfacesInOneSubnet(lab),
    ...checkLabAddresses(lab),
    ...sharedMacs(lab),
    ...switchRings(lab),
    ...ineffectiveLabSettings(lab),
  );
  const portsOf = (name: string): PortsByLink => lab.nodes[name]?.ports ?? {};
  problems.push(...checkVlansOfLinks(lab, portsOf));
  problems.push(...trunksToPlainSwitches(lab, portsOf, (name, peer) => ['nodes', name, 'ports', peer]));
  const layersOf = (name: string): Layer[] => [{ path: ['nodes', name], settings: lab.nodes[name]! }];
  problems.push(...checkNextHops(lab, layersOf, {}), ...tooNarrowForIpv6(lab, layersOf));
  problems.push(...checkNeighbours(lab, layersOf, { services: {}, servers: {}, nodes: {} }));
  return problems;
}

/** Checks that all names in a scenario exist and its parts agree; also after each step. */
export function checkScenario(scenario: ScenarioFile, lab: Lab): Problem[] {
  const settled = (changed: ScenarioFile): Problem[] => checkSettled(changed, lab);
  return [...settled(scenario), ...checkTimeline(scenario, labWithProfiles(lab, scenario), settled)];
}

function checkSettled(scenario: ScenarioFile, bare: Lab): Problem[] {
  const lab = labWithProfiles(bare, scenario);
  const ofProfiles = profileLayers(scenario, bare);
  const problems: Problem[] = checkProfiles(scenario, bare);
  const nodes = Object.keys(lab.nodes);
  const services = Object.keys(scenario.services);
  for (const service of [...services, ...Object.keys(scenario.routeServices)]) {
    if (lab.nodes[service])
      problems.push({
        path: ['services', service],
        message: 'is also the name of a node: rename one of them',
        dependsOn: [],
      });
  }
  problems.push(...checkSettings(['servers'], scenario.servers, null, { lab, services: scenario.services }));
  for (const [name, settings] of Object.entries(scenario.nodes)) {
    if (lab.nodes[name])
      problems.push(...checkSettings(['nodes', name], settings, name, { lab, services: scenario.services }));
    else problems.push({ path: ['nodes', name], message: noSuch('node', name, nodes), dependsOn: [] });
  }
  const layersOf = (name: string): Layer[] => [
    ...(ofProfiles.get(name) ?? []),
    ...(ROLES[lab.nodes[name]!.role].serves ? [{ path: ['servers'], settings: scenario.servers }] : []),
    ...(scenario.nodes[name] ? [{ path: ['nodes', name], settings: scenario.nodes[name] }] : []),
  ];
  problems.push(...checkNextHops(lab, layersOf, scenario.services), ...tooNarrowForIpv6(lab, layersOf));
  problems.push(...checkNeighbours(lab, layersOf, scenario));
  problems.push(...foreignListeners(scenario, lab, layersOf), ...ineffectiveFilters(scenario, lab, layersOf));
  problems.push(...checkServices(scenario, lab), ...checkScenarioAddresses(scenario, lab));
  problems.push(...checkNames(scenario, lab));
  for (const name of Object.keys(scenario.flows)) problems.push(...checkFlow(name, scenario, lab));
  problems.push(...checkPairs(scenario, lab), ...ringsOfScenario(scenario, lab));
  problems.push(
    ...trunksToPlainSwitches(lab, portsIn(lab, scenario), (name, peer) =>
      scenario.nodes[name]?.ports?.[peer] === undefined ? null : ['nodes', name, 'ports', peer],
    ),
  );
  problems.push(
    ...ineffectiveScenarioSettings(scenario, lab),
    ...ineffectiveServiceFields(scenario),
    ...ineffectiveFlowFields(scenario),
  );
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
  const names = node === null ? serversOf(lab) : [node];
  const held = settings.loopback ?? [];
  for (const [index, entry] of held.entries()) {
    if (!isAddress(entry) && !services.includes(entry)) {
      problems.push({
        path: [...path, 'loopback', index],
        message: noSuch('service', entry, services),
        dependsOn: [['services', entry]],
        missing: ['services', entry],
      });
    }
    // Two services may share a VIP.
    const vip = declared[entry]?.vip;
    const isSame = (other: string): boolean => other === entry || other === vip || declared[other]?.vip === entry;
    if (held.slice(0, index).some(isSame)) {
      const address = vip === undefined ? entry : `${entry} (${vip})`;
      problems.push({
        path: [...path, 'loopback', index],
        message: `${address} is given twice`,
        dependsOn: [path, ['services']],
      });
    }
  }
  for (const [field, mode] of [
    ['undoDscp', 'l3dsr'],
    ['tunnelEnd', 'ipip'],
  ] as const) {
    const ofMode = services.filter((name) => declared[name]!.mode === mode);
    for (const [index, name] of (settings[field] ?? []).entries()) {
      if (ofMode.includes(name)) continue;
      problems.push({
        path: [...path, field, index],
        message: noSuch(`${mode} service`, name, ofMode),
        dependsOn: [['services', name]],
        missing: ['services', name],
      });
    }
  }
  for (const { index, message } of listenersGivenTwice(settings.listeners ?? []))
    problems.push({ path: [...path, 'listeners', index], message });
  for (const { index, field, message } of wrongAnswers(settings.listeners ?? []))
    problems.push({ path: [...path, 'listeners', index, field], message });
  const byPeer = [
    ...(settings.down ?? []).map((peer, index) => ({ peer, at: ['down', index] })),
    ...Object.keys(settings.interfaces ?? {}).map((peer) => ({ peer, at: ['interfaces', peer] })),
  ];
  for (const { peer, at } of byPeer) {
    const knownTo = (name: string): string[] => (at[0] === 'down' ? linkNames(lab, name) : interfaceNames(lab, name));
    const strangers = names.filter((name) => !knownTo(name).includes(peer));
    if (strangers.length > 0) {
      const known = [...new Set(strangers.flatMap(knownTo))];
      problems.push({
        path: [...path, ...at],
        message: noSuch(`peer of ${strangers.join(', ')}`, peer, known),
        dependsOn: [lab.nodes[peer] ? ['links'] : ['nodes', peer]],
      });
    }
  }
  if (settings.address !== undefined) {
    const wide = names.filter((name) => peersOf(lab, name).length !== 1);
    const onTrunk = names.filter((name) => !wide.includes(name) && isOnTrunk(lab, name));
    const what = [
      ...(wide.length === 0 ? [] : [`${wide.join(', ')} ${wide.length === 1 ? 'has' : 'have'} more than one link`]),
      ...(onTrunk.length === 0
        ? []
        : [`${onTrunk.join(', ')} ${onTrunk.length === 1 ? 'has' : 'have'} an address in each VLAN`]),
    ];
    problems.push(...what.map((message) => ({ path: [...path, 'address'], message, dependsOn: [['links']] })));
  }
  problems.push(
    ...checkSysctls(path, settings, names, lab),
    ...checkFilter(path, settings, { lab, services: declared }),
  );
  problems.push(...checkNat(path, settings, node, { lab, services: declared }));
  problems.push(...checkPorts(path, settings, names, lab));
  const onlyL4 = (['vipOwner', 'lb'] as const).filter((key) => settings[key] !== undefined);
  if (
    onlyL4.length > 0 &&
    !names.every((name) => lab.nodes[name] !== undefined && ROLES[lab.nodes[name].role].balances)
  ) {
    problems.push(...onlyL4.map((key) => ({ path: [...path, key], message: 'only for l4 nodes' })));
  }
  return problems;
}

function isOnTrunk({ links }: Lab, name: string): boolean {
  return links.some((link) => vlanAddresses(link[name]).size > 0);
}
