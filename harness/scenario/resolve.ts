import { ROLES } from '../terms/role.ts';
import { alternativesOf } from '../terms/expectation.ts';
import { DNS_PORT } from '../terms/by-name.ts';
import type { LbConfig } from '../../lb/terms/config.ts';
import { contains, host, hostRoute, isV6, network } from './address.ts';

import type {
  BalancerPlan,
  FlowPlan,
  InterfacePlan,
  NodePlan,
  Plan,
  ServicePlan,
  SingleExpectation,
  StreamExpectation,
} from '../terms/plan.ts';
import type { Scenario, Variant } from './read.ts';
import { interfaceSettings, type Lab, type LabNode, type NodeSettings, type ScenarioFile } from './schema.ts';
import { interfaceSetting, type InterfaceSettings } from './interface-settings.ts';
import { DEFAULT_MTU, interfaceAddresses, ownerOf } from './lookup.ts';
import { addressOfRecord, withNames } from './names.ts';
import { stableMac } from './stable-mac.ts';
import { labWithProfiles } from './profile-settings.ts';
import { hopAddresses } from './check-route-services.ts';
import { resolveFilter } from './resolve-filter.ts';
import { withNeighbours } from './resolve-neighbours.ts';
import { resolveRoutes } from './resolve-routes.ts';
import type { Layer } from './per-node.ts';
import { resolvePairs, resolveTimeline } from './resolve-timeline.ts';
import { stepped } from './step-changes.ts';
import { sysctls } from './sysctls.ts';
import { portsIn, type PortsByWord, wiresOf } from './vlans.ts';
import { l4sOf, listenersOf, namedSources, nodeAddresses, peerOf, wordAt } from './lab-queries.ts';

type Service = ScenarioFile['services'][string];

/** Everything resolved: what a variant of a scenario means in addresses, MACs, routes and settings. */
export function resolvePlan(scenario: Scenario, variant: Variant): Plan {
  const body = variant.scenario;
  const lab = labWithProfiles(scenario.lab, body);
  const names = Object.keys(lab.nodes);
  const ipv6 = names.some((name) => nodeAddresses(lab, name).some(isV6));
  const bodies = [body, ...stepped(body).after.map((step) => step.scenario)];
  const resolve = (of: ScenarioFile): Pick<Plan, 'nodes' | 'services'> => {
    const everyServer = withPoolsOf(of, bodies);
    const lab = labWithProfiles(scenario.lab, everyServer);
    return {
      nodes: withNeighbours(
        names.map((name) => {
          const node = resolveNode(name, lab, everyServer, ipv6);
          return node.balancer === null ? node : { ...node, balancer: balancerOf(name, lab, of) };
        }),
        (name) => settingsOf(name, lab, of),
        of.services,
      ),
      services: Object.keys(of.services).map((name) => resolveService(name, lab, of)),
    };
  };
  const { nodes, services } = resolve(body);
  const pairs = resolvePairs(body, { nodes, services });
  const call = (flow: Called): ResolvedCall => resolveCall(flow, nodes, body);
  const expected = (expect: StreamExpectation): StreamExpectation => withSource(expect, lab);
  const timeline = resolveTimeline(body, { resolve, call, expected, locate: (path) => variant.locate(path) });
  return {
    lab: scenario.labName,
    scenario: scenario.name,
    variant: variant.name,
    nodes,
    links: lab.links.flatMap((link) => wiresOf(lab, link, portsIn(lab, body)).map(({ plan }) => plan)),
    services,
    flows: Object.keys(body.flows).map((name) => resolveFlow(name, nodes, variant, lab)),
    neighbours: body.neighbours,
    ...(pairs.length === 0 ? {} : { pairs }),
    ...(timeline === undefined ? {} : { timeline }),
  };
}

/**
 * A scenario whose pools have every server that they ever have: one that is not in a pool yet, or no more, listens all the
 * same, and holds the VIP.
 */
function withPoolsOf(body: ScenarioFile, bodies: ScenarioFile[]): ScenarioFile {
  const services = Object.entries(body.services).map(([name, service]) => {
    const pool = bodies.flatMap((one) => one.services[name]?.pool ?? []);
    const first = new Map(pool.toReversed().map((server) => [server.node, server]));
    return [name, { ...service, pool: [...first.values()] }] satisfies [string, Service];
  });
  return { ...body, services: Object.fromEntries(services) };
}

/** Settings of a node: the lab's, then those of all servers, then its own. */
function settingsOf(name: string, lab: Lab, body: ScenarioFile): LabNode {
  const settings = Object.assign({}, ...layersOf(name, lab, body).map((layer) => layer.settings)) as LabNode;
  return { ...settings, ports: portsIn(lab, body)(name) };
}

/** What is said of a node, the weakest first. */
function layersOf(name: string, lab: Lab, body: ScenarioFile): Layer[] {
  const node = lab.nodes[name]!;
  return [
    { path: [], settings: node },
    ...(ROLES[node.role].serves ? [{ path: ['servers'], settings: ofServer(name, body) }] : []),
    ...(body.nodes[name] ? [{ path: ['nodes', name], settings: body.nodes[name] }] : []),
  ];
}

/** Settings of all servers as they are for one: a service is named to those of its pool. */
function ofServer(name: string, { servers, services }: ScenarioFile): NodeSettings {
  const isFor = (entry: string): boolean => services[entry]?.pool.some(({ node }) => node === name) ?? true;
  return {
    ...servers,
    ...(servers.loopback === undefined ? {} : { loopback: servers.loopback.filter(isFor) }),
    ...(servers.undoDscp === undefined ? {} : { undoDscp: servers.undoDscp.filter(isFor) }),
  };
}

/** @param ipv6 whether the lab has an address of IPv6 */
function resolveNode(name: string, lab: Lab, body: ScenarioFile, ipv6: boolean): NodePlan {
  const settings = settingsOf(name, lab, body);
  const bridge = ROLES[settings.role].switches || (settings.bridge ?? false) !== false;
  const layers = layersOf(name, lab, body);
  const interfaces = resolveInterfaces(lab, { name, settings, layers }, portsIn(lab, body));
  return {
    name,
    role: settings.role,
    interfaces,
    // Services may share a VIP; the kernel holds it once.
    loopback: [...new Set((settings.loopback ?? []).map((entry) => hostRoute(body.services[entry]?.vip ?? entry)))],
    ...(settings.undoDscp === undefined
      ? {}
      : { undoDscp: settings.undoDscp.map((s) => undoDscp(name, s, lab, body)) }),
    ...resolveRoutes(lab, { name, settings, interfaces }, body.services),
    sysctls: sysctls(
      settings.role,
      settings,
      interfaces.map((iface) => ({ name: iface.name, settings: settingsOfInterface(layers, iface) })),
      ipv6,
    ),
    bridge,
    firewall: settings.firewall ?? 'none',
    ...filterOf(settings, lab, body),
    ...natOf(settings),
    ...ages(settings),
    listeners: withNames(name, listenersOf(name, lab, body), body),
    balancer: ROLES[settings.role].balances && settings.lb !== 'off' ? balancerOf(name, lab, body) : null,
  };
}

function filterOf({ filter = [] }: LabNode, lab: Lab, body: ScenarioFile): Pick<NodePlan, 'filter'> {
  if (filter.length === 0) return {};
  const addressesOf = (node: string): readonly string[] => {
    const { address } = settingsOf(node, lab, body);
    return address === undefined ? nodeAddresses(lab, node) : [address];
  };
  return { filter: resolveFilter(filter, addressesOf) };
}

function natOf({ nat = 'none' }: LabNode): Pick<NodePlan, 'nat'> {
  if (nat === 'none') return {};
  return { nat: { out: [nat.out].flat(), to: nat.to === 'masquerade' ? [] : [nat.to].flat() } };
}

function balancerOf(name: string, lab: Lab, body: ScenarioFile): BalancerPlan {
  return { kind: 'l4lab', config: lbConfig(name, settingsOf(name, lab, body), lab, body) };
}

function ages(settings: LabNode): Pick<NodePlan, 'idleTimeoutMs' | 'onIdle' | 'macAgeMs' | 'neighbourAgeMs'> {
  const { idleTimeoutMs, onIdle = 'silent', macAgeMs, neighbourAgeMs } = settings;
  return {
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs, onIdle }),
    ...(macAgeMs === undefined ? {} : { macAgeMs }),
    ...(neighbourAgeMs === undefined ? {} : { neighbourAgeMs }),
  };
}

function resolveInterfaces(
  lab: Lab,
  { name, settings, layers }: { name: string; settings: LabNode; layers: Layer[] },
  portsOf: (name: string) => PortsByWord,
): InterfacePlan[] {
  const links = lab.links.filter((link) => name in link);
  const interfaces = links.flatMap((link) => {
    const peer = peerOf(link, name);
    const word = wordAt(lab, link, name);
    const end = link[name];
    const ownMac = typeof end === 'object' && end !== null ? end.mac : undefined;
    return wiresOf(lab, link, portsOf).map(({ ends }): InterfacePlan => {
      const { name: iface, addresses, ...vlan } = ends[name]!;
      return {
        name: iface,
        peer,
        // As on Linux, interfaces of one trunk share the MAC of its port.
        mac: ownMac ?? stableMac(name, word),
        addresses: settings.address === undefined ? addresses : [settings.address],
        ...vlan,
        ...(settings.down?.includes(word) ? { up: false as const } : {}),
        ...mtuOf(layers, { name: iface }),
      };
    });
  });
  if (typeof settings.bridge === 'string') {
    // A bridge has the smallest MTU of its ports (br_mtu_auto_adjust).
    const mtu = Math.min(...interfaces.map((port) => port.mtu ?? DEFAULT_MTU));
    const own = { name: 'br0', peer: '', mac: stableMac(name, 'br0'), addresses: [settings.bridge] };
    interfaces.push({ ...own, ...(mtu === DEFAULT_MTU ? {} : { mtu }) });
  }
  return interfaces;
}

function mtuOf(layers: Layer[], iface: Pick<InterfacePlan, 'name'>): Pick<InterfacePlan, 'mtu'> {
  const declared = interfaceSetting(layers, iface, 'mtu');
  return declared === null ? {} : { mtu: declared.value };
}

function settingsOfInterface(layers: Layer[], iface: Pick<InterfacePlan, 'name'>): InterfaceSettings {
  const keys = Object.keys(interfaceSettings) as (keyof InterfaceSettings)[];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const declared = interfaceSetting(layers, iface, key);
      return declared === null ? [] : [[key, declared.value]];
    }),
  );
}

function undoDscp(node: string, name: string, lab: Lab, body: ScenarioFile): NonNullable<NodePlan['undoDscp']>[number] {
  const service = body.services[name]!;
  const { vip } = service;
  return { dscp: service.dscp!, address: serverAddress(node, service, lab, body), vip };
}

/** Address that the L4 sends to, of the family of the VIP: the one in a subnet of its own if there is one. */
function serverAddress(server: string, service: Service, lab: Lab, body: ScenarioFile): string {
  const { vip } = service;
  const override = settingsOf(server, lab, body).address;
  const all = override === undefined ? nodeAddresses(lab, server) : [override];
  const own = all.filter((cidr) => isV6(cidr) === isV6(vip));
  const near = nodeAddresses(lab, l4sOf(lab, service)[0]!).map(network);
  return host(own.find((cidr) => near.some((net) => contains(net, cidr))) ?? own[0]!);
}

function resolveService(name: string, lab: Lab, body: ScenarioFile): ServicePlan {
  const service = body.services[name]!;
  const { proxyIp } = service;
  return {
    name,
    vip: service.vip,
    port: service.port,
    protocol: service.protocol,
    mode: service.mode,
    ...(service.like === undefined ? {} : { like: service.like }),
    pool: service.pool.map(({ node, port = service.port }) => ({
      node,
      address: serverAddress(node, service, lab, body),
      port,
    })),
    l4s: l4sOf(lab, service).map((node) => ({
      node,
      proxyIps: proxyIp === 'auto' ? automaticProxyIps(service.vip, node, lab) : [proxyIp ?? []].flat(),
    })),
  };
}

function automaticProxyIps(vip: string, l4: string, lab: Lab): string[] {
  return nodeAddresses(lab, l4)
    .filter((cidr) => isV6(cidr) === isV6(vip))
    .map(host);
}

function lbConfig(name: string, settings: LabNode, lab: Lab, body: ScenarioFile): LbConfig {
  const services = Object.entries(body.services).flatMap(([serviceName, service]) => {
    if (!l4sOf(lab, service).includes(name)) return [];
    const { pool, check = NO_CHECK, ...rest } = asBalanced(service);
    const servers = pool.map(({ node, ...rest }) => ({
      name: node,
      address: serverAddress(node, service, lab, body),
      ...rest,
    }));
    return [{ name: serviceName, ...rest, check, servers }];
  });
  const routeServices = Object.entries(body.routeServices)
    .filter(([, service]) => l4sOf(lab, service).includes(name))
    .map(([serviceName, service]) => ({
      name: serviceName,
      mode: service.mode,
      to: service.to,
      nextHops: hopAddresses(lab, name, service).filter((address) => address !== undefined),
      hash: service.hash,
    }));
  const { idleTimeoutMs, vipOwner = true } = settings;
  const isMember = Object.values(body.pairs).some(({ nodes }) => nodes.includes(name));
  return {
    version: 1,
    vipOwner: isMember ? 'external' : vipOwner,
    ...(idleTimeoutMs === undefined ? {} : { flowTable: { tcpIdleMs: idleTimeoutMs, udpIdleMs: idleTimeoutMs } }),
    services,
    ...(routeServices.length === 0 ? {} : { routeServices }),
  };
}

/** Fields that the load balancer knows: it does not know profiles, nor other load balancers. */
function asBalanced(service: Service): Omit<Service, 'like' | 'l4'> {
  const own = { ...service };
  delete own.like;
  delete own.l4;
  return own;
}

const NO_CHECK = { type: 'none' as const, intervalMs: 2000, timeoutMs: 500, rise: 1, fall: 2 };

function resolveFlow(name: string, nodes: NodePlan[], variant: Variant, lab: Lab): FlowPlan {
  const body = variant.scenario;
  const flow = body.flows[name]!;
  return {
    name,
    from: flow.from,
    ...resolveCall(flow, nodes, body),
    protocol: flow.protocol,
    repeat: flow.repeat,
    ...(flow.sourcePort === undefined ? {} : { sourcePort: flow.sourcePort }),
    bytes: flow.bytes,
    ...(flow.requestBytes === undefined ? {} : { requestBytes: flow.requestBytes }),
    ...(flow.replyBytes === undefined ? {} : { replyBytes: flow.replyBytes }),
    exchanges: flow.exchanges,
    ...(flow.dontFragment ? { dontFragment: true as const } : {}),
    ...(flow.outOfWindow === undefined ? {} : { outOfWindow: flow.outOfWindow }),
    ...(flow.after === undefined ? {} : { after: flow.after }),
    ...byName(flow, nodes, body),
    expect: withSource(flow.expect, lab),
    at: variant.locate(['flows', name]),
  };
}

interface Called {
  from: string;
  to: string;
  port?: number | undefined;
  protocol?: FlowPlan['protocol'];
}

interface CalledByName extends Called {
  cachedAnswer?: { record: string; age: number } | undefined;
}

type ResolvedCall = Pick<FlowPlan, 'source' | 'to' | 'address' | 'port'>;

/** What a flow to a name asks first, and whom it may call then. */
function byName(
  flow: CalledByName,
  nodes: NodePlan[],
  body: ScenarioFile,
): Partial<ResolvedCall & Pick<FlowPlan, 'byName'>> {
  const { from, to: name, cachedAnswer } = flow;
  const named = body.names[name];
  if (named === undefined) return {};
  const caller = nodes.find((node) => node.name === from)!;
  const address = addressFor(
    caller,
    nodes.find((node) => node.name === named.server)!,
  );
  const calls = callsByName(flow, nodes, body).map(({ to, address, source }) => ({ to, address, source }));
  const isOfV6 = isV6(calls[0]?.address ?? address);
  const source = sourceAddress(caller, address);
  const asked = {
    name,
    type: isOfV6 ? ('AAAA' as const) : ('A' as const),
    server: named.server,
    address,
    source,
    calls,
  };
  if (cachedAnswer === undefined || cachedAnswer.age >= named.ttl) return { byName: asked };
  const known = addressOfRecord(cachedAnswer.record, body.services)!;
  const cached = { address: known, ageS: cachedAnswer.age / 1000, ttlS: named.ttl / 1000 };
  return { ...calls.find((call) => call.address === known), byName: { ...asked, cached } };
}

function callsByName({ from, to, port, protocol }: Called, nodes: NodePlan[], body: ScenarioFile): ResolvedCall[] {
  const caller = nodes.find((node) => node.name === from)!;
  const records = body.names[to]?.records ?? [];
  const common = records.map(({ to: record }) => body.services[record]?.port).find((one) => one !== undefined) ?? port;
  return records.flatMap(({ to: record }): ResolvedCall[] => {
    const address = addressOfRecord(record, body.services);
    if (address === null) return [];
    const isAt = ([, { vip, port: at }]: [string, Service]): boolean => vip === address && at === common;
    const service = Object.entries(body.services).find(isAt)?.[0];
    return [
      {
        source: sourceAddress(caller, address),
        to: service === undefined ? { node: ownerOf({ nodes }, address) ?? from } : { service },
        address,
        port: protocol === 'icmp' ? 0 : common!,
      },
    ];
  });
}

function resolveCall(called: Called, nodes: NodePlan[], body: ScenarioFile): ResolvedCall {
  if (body.names[called.to] === undefined) return resolveAddressed(called, nodes, body);
  const [first] = callsByName(called, nodes, body);
  if (first !== undefined) return first;
  // Nothing but a question comes of a name that has no address.
  const { server } = body.names[called.to]!;
  return resolveAddressed({ ...called, to: server, port: called.port ?? DNS_PORT }, nodes, body);
}

function resolveAddressed({ from, to, port, protocol }: Called, nodes: NodePlan[], body: ScenarioFile): ResolvedCall {
  const service = body.services[to];
  const caller = nodes.find((node) => node.name === from)!;
  const address =
    service?.vip ??
    addressFor(
      caller,
      nodes.find((node) => node.name === to)!,
    );
  return {
    source: sourceAddress(caller, address),
    to: service ? { service: to } : { node: to },
    address,
    port: protocol === 'icmp' ? 0 : (service?.port ?? port!),
  };
}

/** An expectation in which a node that `sourceSeen` names is its address. */
function withSource<T extends StreamExpectation>(expect: T, lab: Lab): T;
function withSource(expect: StreamExpectation, lab: Lab): StreamExpectation {
  if (expect.outcome === 'connections') return expect;
  const resolved = alternativesOf(expect).map((one) => withSourceOfOne(one, lab));
  if (expect.outcome === 'interrupted') return { ...expect, then: resolved[0]! };
  if (expect.outcome !== 'varies') return resolved[0]!;
  return 'oneOf' in expect ? { ...expect, oneOf: resolved } : { ...expect, eachOf: resolved };
}

function withSourceOfOne(expect: SingleExpectation, lab: Lab): SingleExpectation {
  if (expect.outcome !== 'works' || expect.sourceSeen === undefined) return expect;
  const [address] = namedSources(lab, expect.sourceSeen) ?? [];
  return address === undefined ? expect : { ...expect, sourceSeen: address };
}

/** The first address of a node that is of a family of the caller's. */
function addressFor(caller: NodePlan, target: NodePlan): string {
  const families = new Set(caller.interfaces.flatMap((i) => i.addresses).map(isV6));
  return interfaceAddresses(target).find((address) => families.has(isV6(address)))!;
}

/** The address that the caller's kernel puts as source: its own, in the subnet of the next hop. */
function sourceAddress(caller: NodePlan, destination: string): string {
  if (caller.loopback.includes(hostRoute(destination))) return destination;
  const addressesOf = (interfaces: InterfacePlan[]): string[] =>
    interfaces.flatMap((i) => i.addresses).filter((cidr) => isV6(cidr) === isV6(destination));
  const addresses = addressesOf(caller.interfaces);
  const near = addressesOf(caller.interfaces.filter(({ up }) => up !== false));
  const direct = near.find((cidr) => contains(network(cidr), destination));
  // The kernel looks for a source by the main table alone: rules ask for the one that it has found.
  const routes = caller.routes.filter(({ from }) => from === undefined);
  const route =
    routes.find((r) => r.to !== 'default' && contains(r.to, destination)) ?? routes.find((r) => r.to === 'default');
  const viaRoute = route && near.find((cidr) => contains(network(cidr), route.via!));
  return host(direct ?? viaRoute ?? addresses[0]!);
}
