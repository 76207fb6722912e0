import { MODES } from '../../terms/mode.ts';
import { ROLES } from '../../terms/role.ts';
import { hostRoute } from '../address.ts';
import type { BalancerPlan, InterfacePlan, NodePlan } from '../../terms/plan.ts';
import { interfaceSettings, type Lab, type LabNode, type ScenarioFile } from '../schema.ts';
import { interfaceSetting, type InterfaceSettings } from '../interface-settings.ts';
import { DEFAULT_MTU } from '../lookup.ts';
import { withNames } from '../names.ts';
import { stableMac } from '../stable-mac.ts';
import { resolveFilter } from './resolve-filter.ts';
import { resolveRoutes } from './resolve-routes.ts';
import type { Layer } from '../per-node.ts';
import { sysctls } from '../sysctls.ts';
import { portsIn, type PortsByLink, wiresOf } from '../vlans.ts';
import { listenersOf, nodeAddresses, peerOf, linkNameAt } from '../lab-queries.ts';
import { settingsOf, layersOf } from '../node-layers.ts';
import { type TunnelEnd, versionOf } from '../../terms/tunnel.ts';
import { serverAddress, lbConfig } from './resolve-service.ts';

/** @param ipv6 whether the lab has IPv6 addresses */
export function resolveNode(name: string, lab: Lab, body: ScenarioFile, ipv6: boolean): NodePlan {
  const settings = settingsOf(name, lab, body);
  const bridge = ROLES[settings.role].switches || (settings.bridge ?? false) !== false;
  const layers = layersOf(name, lab, body);
  const interfaces = resolveInterfaces(lab, { name, settings, layers }, portsIn(lab, body));
  return {
    name,
    role: settings.role,
    interfaces,
    // Services may share a VIP, which the kernel has once.
    loopback: [...new Set((settings.loopback ?? []).map((entry) => hostRoute(body.services[entry]?.vip ?? entry)))],
    ...(settings.undoDscp === undefined
      ? {}
      : { undoDscp: settings.undoDscp.map((s) => undoDscp(name, s, lab, body)) }),
    ...tunnelEnds(name, settings, lab, body),
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
  const addressesOf = (named: string): readonly string[] => {
    const vip = body.services[named]?.vip;
    if (vip !== undefined) return [hostRoute(vip)];
    const { address } = settingsOf(named, lab, body);
    return address === undefined ? nodeAddresses(lab, named) : [address];
  };
  return { filter: resolveFilter(filter, addressesOf) };
}

function natOf({ nat = 'none' }: LabNode): Pick<NodePlan, 'nat'> {
  if (nat === 'none') return {};
  return { nat: { out: [nat.out].flat(), to: nat.to === 'masquerade' ? [] : [nat.to].flat() } };
}

export function balancerOf(name: string, lab: Lab, body: ScenarioFile): BalancerPlan {
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
  portsOf: (name: string) => PortsByLink,
): InterfacePlan[] {
  const links = lab.links.filter((link) => name in link);
  const interfaces = links.flatMap((link) => {
    const peer = peerOf(link, name);
    const word = linkNameAt(lab, link, name);
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

/** Services may share a server's address, and the end of a tunnel there. */
function tunnelEnds(
  node: string,
  { tunnelEnd = [] }: LabNode,
  lab: Lab,
  body: ScenarioFile,
): Pick<NodePlan, 'tunnelEnds'> {
  const tunnels = Object.entries(body.services)
    .filter(([, { mode, pool }]) => MODES[mode].handsOver === 'tunnel' && pool.some((server) => server.node === node))
    .map(([name, service]) => ({
      name,
      end: { address: serverAddress(node, service, lab, body), carries: versionOf(service.vip) },
    }));
  const named = tunnels.filter(({ name }) => tunnelEnd.includes(name)).map(({ end }) => end);
  // Of IPv6, one device takes out packets of both versions.
  const isEnded = ({ address, carries }: TunnelEnd): boolean =>
    named.some((end) => end.address === address && (versionOf(address) === 6 || end.carries === carries));
  const ends = tunnels.map(({ end }) => end).filter(isEnded);
  const distinct = [...new Map(ends.map((end) => [`${end.address} ${end.carries}`, end])).values()];
  return distinct.length === 0 ? {} : { tunnelEnds: distinct };
}

function undoDscp(node: string, name: string, lab: Lab, body: ScenarioFile): NonNullable<NodePlan['undoDscp']>[number] {
  const service = body.services[name]!;
  const { vip } = service;
  return { dscp: service.dscp!, address: serverAddress(node, service, lab, body), vip };
}
