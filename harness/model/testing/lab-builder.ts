import { lbConfigSchema } from '../../../lb/terms/config.ts';
import type { FlowPlan, LinkPlan, NodePlan, Plan, RoutePlan, ServicePlan } from '../../terms/plan.ts';
import { covers, prefix } from '../../scenario/prefix.ts';

/** A node in a few words: what is left out is off or empty. */
export interface NodeSketch {
  role: NodePlan['role'];
  /** Peer → addresses (CIDR); the key `br0` gives addresses to the bridge itself. */
  interfaces?: Record<string, string>;
  bridge?: boolean;
  gateway?: string;
  /** Destination (CIDR) → next hop. */
  routes?: Record<string, string>;
  loopback?: string[];
  forwarding?: boolean;
  /** conf settings of every interface, like `{ arp_ignore: 1 }`. */
  conf?: Record<string, number>;
  firewall?: NodePlan['firewall'];
  listeners?: NodePlan['listeners'];
  /** l3dsr: what the node turns back into a VIP. */
  undoDscp?: NodePlan['undoDscp'];
  down?: string[];
  /** Peer → MTU, bytes. */
  mtu?: Record<string, number>;
  vipOwner?: boolean;
}

export interface ServiceSketch {
  vip: string;
  mode: 'dnat' | 'proxy' | 'dsr' | 'l3dsr';
  /** l3dsr only. */
  dscp?: number;
  pool: string[];
  proxyIp?: string | string[];
  sourceMac?: 'rewrite' | 'keep';
  protocol?: 'tcp' | 'udp';
  check?: 'none' | 'tcp';
  l4?: string;
}

export interface LabSketch {
  nodes: Record<string, NodeSketch>;
  links: [string, string][];
  services: Record<string, ServiceSketch>;
}

const PORT = 80;

/** A plan as the scenario reader would make it. Interfaces are named after their peers, services listen on port 80. */
export function plan({ nodes, links, services }: LabSketch): Plan {
  const all = Object.keys(nodes).map((name, index) => node(name, nodes[name]!, index + 1, links));
  const servicePlans = Object.entries(services).map(([name, service]) => servicePlan(name, service, all));
  for (const item of all)
    if (item.role === 'l4') item.balancer = balancerOf(item.name, nodes[item.name]!, services, servicePlans);
  return {
    lab: 'test',
    scenario: 'test',
    variant: 'base',
    nodes: all,
    links: links.map(([a, b]): LinkPlan => ({
      ends: [
        { node: a, iface: b },
        { node: b, iface: a },
      ],
    })),
    services: servicePlans,
    flows: [],
    neighbours: 'cold',
  };
}

/** A flow from a node to a service or to `node:port`. */
export function flow(lab: Plan, from: string, to: string, protocol: FlowPlan['protocol'] = 'http'): FlowPlan {
  const service = lab.services.find(({ name }) => name === to);
  const [target, port] = to.split(':');
  const address = service?.vip ?? addressOf(lab.nodes.find(({ name }) => name === target)!);
  return {
    name: `${from} to ${to}`,
    from,
    source: sourceOf(
      lab.nodes.find(({ name }) => name === from)!,
      address,
    ),
    to: service ? { service: to } : { node: target! },
    address,
    protocol,
    port: protocol === 'icmp' ? 0 : (service?.port ?? Number(port ?? PORT)),
    repeat: 1,
    bytes: 0,
    exchanges: 1,
    expect: { outcome: 'works' },
    at: { file: 'test.yaml', line: 1, col: 1 },
  };
}

/** MAC that the builder gives to an interface; both numbers count from 1. */
export function mac(node: number, iface: number): string {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `02:4c:34:00:${hex(node)}:${hex(iface)}`;
}

function node(name: string, sketch: NodeSketch, index: number, links: [string, string][]): NodePlan {
  const peers = links.filter((link) => link.includes(name)).map(([a, b]) => (a === name ? b : a));
  const named = [...peers, ...(sketch.interfaces?.['br0'] === undefined ? [] : ['br0'])];
  const interfaces = named.map((peer, position) => ({
    name: peer,
    peer: peer === 'br0' ? '' : peer,
    mac: mac(index, position + 1),
    addresses: sketch.interfaces?.[peer] === undefined ? [] : sketch.interfaces[peer].split(' '),
    ...(sketch.down?.includes(peer) ? { up: false as const } : {}),
    ...(sketch.mtu?.[peer] === undefined ? {} : { mtu: sketch.mtu[peer] }),
  }));
  const conf = { rp_filter: 0, arp_ignore: 0, arp_announce: 0, send_redirects: 0, accept_redirects: 0, ...sketch.conf };
  const sysctls: Record<string, string> = {
    'net/ipv4/ip_forward': String(Number(sketch.forwarding ?? false)),
    'net/ipv6/conf/all/forwarding': String(Number(sketch.forwarding ?? false)),
  };
  for (const scope of ['all', 'default', ...named]) {
    for (const [key, value] of Object.entries(conf)) sysctls[`net/ipv4/conf/${scope}/${key}`] = String(value);
  }
  const wanted = { ...(sketch.gateway === undefined ? {} : { default: sketch.gateway }), ...sketch.routes };
  const routes = Object.entries(wanted).map(([to, via]): RoutePlan => {
    const dev = interfaces.find(({ addresses }) => addresses.some((cidr) => covers(prefix(cidr), via)))!;
    return { to, via, dev: dev.name };
  });
  return {
    name,
    role: sketch.role,
    interfaces,
    loopback: (sketch.loopback ?? []).map((ip) => `${ip}/${ip.includes(':') ? 128 : 32}`),
    ...(sketch.undoDscp === undefined ? {} : { undoDscp: sketch.undoDscp }),
    routes,
    sysctls,
    bridge: sketch.bridge ?? sketch.role === 'l2',
    firewall: sketch.firewall ?? 'none',
    listeners: sketch.listeners ?? (sketch.role === 'server' ? [{ protocol: 'tcp', port: PORT }] : []),
    balancer: null,
  };
}

function servicePlan(name: string, sketch: ServiceSketch, nodes: NodePlan[]): ServicePlan {
  const l4 = sketch.l4 ?? nodes.find(({ role }) => role === 'l4')!.name;
  const pool = sketch.pool.map((server) => ({
    node: server,
    address: addressOf(nodes.find((item) => item.name === server)!),
  }));
  const proxyIps = [sketch.proxyIp ?? []].flat();
  return {
    name,
    vip: sketch.vip,
    port: PORT,
    protocol: sketch.protocol ?? 'tcp',
    mode: sketch.mode,
    pool,
    l4s: [{ node: l4, proxyIps }],
  };
}

function balancerOf(
  l4: string,
  sketch: NodeSketch,
  services: Record<string, ServiceSketch>,
  plans: ServicePlan[],
): NodePlan['balancer'] {
  const config = lbConfigSchema.parse({
    version: 1,
    vipOwner: sketch.vipOwner ?? true,
    services: plans
      .filter((service) => service.l4s.some(({ node }) => node === l4))
      .map(({ name, vip, port, protocol, mode, pool }) => ({
        name,
        vip,
        port,
        protocol,
        mode,
        proxyIp: services[name]!.proxyIp,
        dscp: services[name]!.dscp,
        sourceMac: services[name]!.sourceMac,
        check: { type: services[name]!.check ?? 'none' },
        servers: pool.map(({ node: server, address }) => ({ name: server, address })),
      })),
  });
  return { kind: 'l4lab', config };
}

function addressOf(item: NodePlan): string {
  return item.interfaces.flatMap(({ addresses }) => addresses)[0]!.split('/')[0]!;
}

function sourceOf(caller: NodePlan, destination: string): string {
  const addresses = caller.interfaces.flatMap((item) => item.addresses);
  const via = caller.routes.find(({ to }) => to !== 'default' && covers(prefix(to), destination))?.via;
  const gateway = caller.routes.find(({ to }) => to === 'default')?.via;
  const inSubnetOf = (ip: string | undefined): string | undefined =>
    ip === undefined ? undefined : addresses.find((cidr) => covers(prefix(cidr), ip));
  return (inSubnetOf(destination) ?? inSubnetOf(via) ?? inSubnetOf(gateway) ?? addresses[0]!).split('/')[0]!;
}
