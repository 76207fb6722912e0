import { DEFAULT_MTU, largestAccepted, otherPortsInVlan } from '../../scenario/lookup.ts';
import type { DeadEndPlan, LinkEnd, NodePlan, Plan } from '../../terms/plan.ts';
import { answeredVips, localAddresses } from './address-ownership.ts';
import type { LocalAddress } from './address-ownership.ts';
import { deviceSettings } from './device-settings.ts';
import type { DeviceSettings } from './device-settings.ts';
import { planAt } from '../../scenario/plan-at.ts';
import { prefix } from '../../scenario/prefix.ts';
import type { Prefix } from '../../scenario/prefix.ts';
import { holdersAt, withHolders } from './pair-holders.ts';

/** A plan prepared for simulation: everything that does not change while packets travel. */
export interface Network {
  plan: Plan;
  hosts: Map<string, Host>;
  /** The other end of the link at `node/iface`; undefined if the link is missing or down. */
  wires: Map<string, LinkEnd>;
  /** The node with an interface of that MAC. */
  byMac: Map<string, Host>;
}

export interface Host {
  name: string;
  plan: NodePlan;
  /** IP interfaces: all of a router or server, `br0` of a bridge. */
  devices: Map<string, Device>;
  /** Open ports of the bridge; empty if there is none. */
  ports: string[];
  /** The VLAN of a port; undefined if the bridge has no VLANs. */
  vlans: Map<string, number>;
  /** Largest IP packet that an interface accepts or a bridge port sends, bytes. */
  largestAccepted: Map<string, number>;
  addresses: LocalAddress[];
  /** Addresses of `addresses`, for the local table. */
  owned: Set<string>;
  /** MACs of static entries, by `device address`. */
  neighbours: Map<string, string>;
  /** Routing tables in lookup order: source routes first, the main table last. */
  tables: Table[];
  /** Cached lookups by destination, and by source if that matters. */
  lookups: Map<string, Route | DeadEnd | null>;
}

export interface Device {
  name: string;
  mac: string;
  /** Bytes. */
  mtu: number;
  settings: DeviceSettings;
  /** Its addresses, in configuration order. */
  addresses: LocalAddress[];
}

export interface Route {
  to: Prefix;
  /** Null if the destination itself is the next hop. */
  via: string | null;
  /** An interface, or `lo` for a VIP that the node answers ARP for without owning it. */
  device: string;
  /** Further next hops of the same cost; a hash of the flow decides. */
  others?: NextHop[];
}

type NextHop = Pick<Route, 'via' | 'device'>;

/** A route that drops packets. */
export interface DeadEnd {
  to: Prefix;
  plan: DeadEndPlan;
}

interface Table {
  /** Only packets from there use it; null for all. */
  from: Prefix | null;
  /** Longest prefix first, connected before static. */
  routes: (Route | DeadEnd)[];
}

const compiled = new WeakMap<Plan, Network>();

/** Network of a plan, compiled once; pairs' addresses are at their initial holders. */
export function networkOf(plan: Plan): Network {
  let network = compiled.get(plan);
  if (network === undefined) {
    network = compile(plan.pairs === undefined ? plan : withHolders(planAt(plan, -1), holdersAt(plan, -1)));
    compiled.set(plan, network);
  }
  return network;
}

function compile(plan: Plan): Network {
  const wires = new Map<string, LinkEnd>();
  const isUp = ({ node, iface }: LinkEnd): boolean =>
    plan.nodes.some((n) => n.name === node && n.interfaces.some((i) => i.name === iface && i.up !== false));
  for (const { ends } of plan.links) {
    if (!ends.every(isUp)) continue;
    wires.set(`${ends[0].node}/${ends[0].iface}`, ends[1]);
    wires.set(`${ends[1].node}/${ends[1].iface}`, ends[0]);
  }
  const hosts = plan.nodes.map(host);
  const byMac = hosts.flatMap((one) => one.plan.interfaces.map(({ mac }): [string, Host] => [mac, one]));
  return { plan, wires, hosts: new Map(hosts.map((one) => [one.name, one])), byMac: new Map(byMac) };
}

function host(plan: NodePlan): Host {
  const addresses = localAddresses(plan);
  const ipInterfaces = plan.interfaces.filter(({ name }) => !plan.bridge || name === 'br0');
  const devices = new Map(
    ipInterfaces.map(({ name, mac, mtu = DEFAULT_MTU }) => [
      name,
      {
        name,
        mac,
        mtu,
        settings: deviceSettings(plan.sysctls, name),
        addresses: addresses.filter(({ device }) => device === name),
      },
    ]),
  );
  return {
    name: plan.name,
    plan,
    devices,
    ports: otherPortsInVlan(plan, null).map(({ name }) => name),
    vlans: new Map(plan.interfaces.flatMap(({ name, vlan }) => (vlan === undefined ? [] : [[name, vlan]]))),
    largestAccepted: new Map(plan.interfaces.map((item) => [item.name, largestAccepted(item)])),
    addresses,
    owned: new Set(addresses.map(({ ip }) => ip)),
    neighbours: new Map((plan.neighbours ?? []).map(({ address, dev, mac }) => [`${dev} ${address}`, mac])),
    tables: tablesOf(plan, addresses),
    lookups: new Map(),
  };
}

function tablesOf(plan: NodePlan, addresses: LocalAddress[]): Table[] {
  const bySource = (plan.rules ?? []).map((from) => ({ from: prefix(from), routes: configuredRoutes(plan, from) }));
  return [...bySource, { from: null, routes: mainRoutes(plan, addresses) }];
}

/** An interface that is down loses its routes, and its IPv6 addresses. */
function isUsable({ interfaces }: NodePlan, device: string): boolean {
  return interfaces.some(({ name, up }) => name === device && up !== false);
}

function configuredRoutes(plan: NodePlan, source: string | undefined): (Route | DeadEnd)[] {
  const reaching = plan.routes.flatMap(({ to, from, via, dev, others = [] }): Route[] => {
    const hops = [{ via, dev }, ...others]
      .filter((hop) => isUsable(plan, hop.dev))
      .map((hop) => ({ via: hop.via, device: hop.dev }));
    const [first, ...rest] = hops;
    if (first === undefined || from !== source) return [];
    const net = to === 'default' ? everything(via!) : to;
    return [{ to: prefix(net), ...first, ...(rest.length === 0 ? {} : { others: rest }) }];
  });
  const deadEnds = (plan.deadEnds ?? []).filter(({ from }) => from === source);
  return [...reaching, ...deadEnds.map((end) => ({ to: prefix(end.to), plan: end }))].sort(byLength);
}

function byLength(a: { to: Prefix }, b: { to: Prefix }): number {
  return b.to.length - a.to.length;
}

function mainRoutes(plan: NodePlan, addresses: LocalAddress[]): (Route | DeadEnd)[] {
  const connected = addresses
    .filter(({ device, subnet }) => isUsable(plan, device) && subnet.shift > 0n)
    .map(({ subnet, device }) => ({ to: subnet, via: null, device }));
  // A VIP that the node answers for but does not own is routed to `lo`, where the load balancer refuses packets without a service.
  const answered = (plan.balancer === null ? [] : answeredVips(plan.balancer.config)).map((vip) => ({
    to: prefix(vip),
    via: null,
    device: 'lo',
  }));
  return [...answered, ...connected, ...configuredRoutes(plan, undefined)].sort(byLength);
}

function everything(gateway: string): string {
  return gateway.includes(':') ? '::/0' : '0.0.0.0/0';
}
