import type { LabSketch, NodeSketch, ServiceSketch } from './lab-builder.ts';

export const CLIENT = '198.51.100.10';
export const VIP_A = '203.0.113.80';
export const VIP_B = '203.0.113.81';
export const PIP = '203.0.113.254';
export const L3 = '203.0.113.1';
export const L4 = '203.0.113.2';
export const S1 = '203.0.113.11';
export const S2 = '203.0.113.12';

/** ARP settings of DSR servers. */
export const QUIET_ARP = { arpIgnore: 1, arpAnnounce: 2 };

interface Settings {
  services: Record<string, ServiceSketch>;
  /** For every server. */
  servers?: Partial<NodeSketch>;
  /** For single nodes; overrides `servers`. */
  nodes?: Record<string, Partial<NodeSketch>>;
}

/** client – l3 – l2, and on the l2: l4, s1, s2, b1, all in one subnet with the VIPs. */
export function oneArm({ services, servers = {}, nodes = {} }: Settings): LabSketch {
  const server = (ip: string): NodeSketch => ({
    role: 'server',
    interfaces: { l2: `${ip}/24` },
    gateway: L3,
    ...servers,
  });
  const base: Record<string, NodeSketch> = {
    client: { role: 'client', interfaces: { l3: `${CLIENT}/24` }, gateway: '198.51.100.1' },
    l3: { role: 'l3', interfaces: { client: '198.51.100.1/24', l2: `${L3}/24` }, forwarding: true },
    l2: { role: 'l2' },
    l4: { role: 'l4', interfaces: { l2: `${L4}/24` }, gateway: L3, forwarding: true },
    s1: server(S1),
    s2: server(S2),
    b1: server('203.0.113.21'),
  };
  return {
    nodes: withChanges(base, nodes),
    links: [
      ['client', 'l3'],
      ['l3', 'l2'],
      ['l4', 'l2'],
      ['s1', 'l2'],
      ['s2', 'l2'],
      ['b1', 'l2'],
    ],
    services,
  };
}

/** client – l3 – l4 – l2 – servers; the L4 routes between the backbone and the servers' subnet. */
export function inLine({ services, servers = {}, nodes = {} }: Settings): LabSketch {
  const server = (ip: string): NodeSketch => ({
    role: 'server',
    interfaces: { l2: `${ip}/25` },
    gateway: L4,
    ...servers,
  });
  const base: Record<string, NodeSketch> = {
    client: { role: 'client', interfaces: { l3: `${CLIENT}/25` }, gateway: '198.51.100.1' },
    l3: {
      role: 'l3',
      interfaces: { client: '198.51.100.1/25', l4: '198.51.100.129/25' },
      routes: [{ to: '203.0.113.0/24', via: '198.51.100.130' }],
      forwarding: true,
    },
    l4: {
      role: 'l4',
      interfaces: { l3: '198.51.100.130/25', l2: `${L4}/25` },
      gateway: '198.51.100.129',
      forwarding: true,
    },
    l2: { role: 'l2' },
    s1: server(S1),
    s2: server(S2),
  };
  return {
    nodes: withChanges(base, nodes),
    links: [
      ['client', 'l3'],
      ['l3', 'l4'],
      ['l4', 'l2'],
      ['s1', 'l2'],
      ['s2', 'l2'],
    ],
    services,
  };
}

/** client – l3 – l4 – l2 – servers, where the L4 is a switch with an address on its bridge, in the servers' subnet. */
export function inLineBridge({ services, servers = {}, nodes = {} }: Settings): LabSketch {
  const sketch = oneArm({ services, servers, nodes: {} });
  sketch.nodes['l4'] = { role: 'l4', bridge: true, interfaces: { br0: `${L4}/24` }, gateway: L3, forwarding: true };
  sketch.nodes['l3']!.interfaces = { client: '198.51.100.1/24', l4: `${L3}/24` };
  sketch.links[1] = ['l3', 'l4'];
  return { ...sketch, nodes: withChanges(sketch.nodes, nodes) };
}

/** Like one-arm, but the servers are in another subnet, behind another interface of the l3. */
export function crossSubnet({ services, servers = {}, nodes = {} }: Settings): LabSketch {
  const server = (ip: string): NodeSketch => ({
    role: 'server',
    interfaces: { l2: `${ip}/25` },
    gateway: '198.51.100.129',
    ...servers,
  });
  const base: Record<string, NodeSketch> = {
    client: { role: 'client', interfaces: { l3: `${CLIENT}/25` }, gateway: '198.51.100.1' },
    l3: {
      role: 'l3',
      interfaces: { client: '198.51.100.1/25', l4: `${L3}/24`, l2: '198.51.100.129/25' },
      forwarding: true,
    },
    l4: { role: 'l4', interfaces: { l3: `${L4}/24` }, gateway: L3, forwarding: true },
    l2: { role: 'l2' },
    s1: server('198.51.100.141'),
    s2: server('198.51.100.142'),
  };
  return {
    nodes: withChanges(base, nodes),
    links: [
      ['client', 'l3'],
      ['l3', 'l4'],
      ['l3', 'l2'],
      ['s1', 'l2'],
      ['s2', 'l2'],
    ],
    services,
  };
}

function withChanges(
  base: Record<string, NodeSketch>,
  changes: Record<string, Partial<NodeSketch>>,
): Record<string, NodeSketch> {
  return Object.fromEntries(Object.entries(base).map(([name, node]) => [name, { ...node, ...changes[name] }]));
}
