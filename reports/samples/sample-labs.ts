import type { LinkPlan, NodePlan, Role, ServicePlan } from '../../harness/terms/plan.ts';

/** A lab of the sample results: nodes and wires, before services are laid on it. */
export interface SampleLab {
  name: string;
  nodes: NodePlan[];
  links: LinkPlan[];
}

type Port = [peer: string, cidr?: string];

function node(name: string, role: Role, ports: Port[], gateway?: [via: string, dev: string]): NodePlan {
  return {
    name,
    role,
    interfaces: ports.map(([peer, cidr]) => ({ name: peer, peer, mac: '', addresses: cidr ? [cidr] : [] })),
    loopback: [],
    routes: gateway ? [{ to: 'default', via: gateway[0], dev: gateway[1] }] : [],
    sysctls: { 'net/ipv4/ip_forward': role === 'l3' || role === 'l4' ? '1' : '0' },
    bridge: role === 'l2',
    firewall: 'none',
    listeners: role === 'server' ? [{ protocol: 'tcp', port: 80 }] : [],
    balancer: null,
  };
}

function lab(name: string, bare: NodePlan[]): SampleLab {
  const hex = (n: number) => n.toString(16).padStart(2, '0');
  const nodes = bare.map((node, index) => ({
    ...node,
    interfaces: node.interfaces.map((iface, port) => ({
      ...iface,
      mac: `02:4c:34:00:${hex(index + 1)}:${hex(port + 1)}`,
    })),
  }));
  const links = nodes.flatMap((a) =>
    a.interfaces
      .filter(({ peer }) => a.name < peer)
      .map(({ name: iface, peer }): LinkPlan => ({
        ends: [
          { node: a.name, iface },
          { node: peer, iface: a.name },
        ],
      })),
  );
  return { name, nodes, links };
}

const client = node('client', 'client', [['l3', '198.51.100.10/24']], ['198.51.100.1', 'l3']);

/** client – l3 – l2, with the L4 and three servers on the l2, all in one subnet. */
export function oneArm(serverGateway = '203.0.113.1'): SampleLab {
  return lab('one-arm', [
    client,
    node('l3', 'l3', [
      ['client', '198.51.100.1/24'],
      ['l2', '203.0.113.1/24'],
    ]),
    node('l2', 'l2', [['l3'], ['l4'], ['s1'], ['s2'], ['b1']]),
    node('l4', 'l4', [['l2', '203.0.113.2/24']], ['203.0.113.1', 'l2']),
    node('s1', 'server', [['l2', '203.0.113.11/24']], [serverGateway, 'l2']),
    node('s2', 'server', [['l2', '203.0.113.12/24']], [serverGateway, 'l2']),
    node('b1', 'server', [['l2', '203.0.113.21/24']], [serverGateway, 'l2']),
  ]);
}

/** client – l3 – l4 – l2 – servers: the L4 routes. */
export function inLine(): SampleLab {
  return lab('in-line', [
    client,
    node('l3', 'l3', [
      ['client', '198.51.100.1/24'],
      ['l4', '203.0.113.129/25'],
    ]),
    node(
      'l4',
      'l4',
      [
        ['l3', '203.0.113.130/25'],
        ['l2', '203.0.113.2/25'],
      ],
      ['203.0.113.129', 'l3'],
    ),
    node('l2', 'l2', [['l4'], ['s1'], ['s2']]),
    node('s1', 'server', [['l2', '203.0.113.11/25']], ['203.0.113.2', 'l2']),
    node('s2', 'server', [['l2', '203.0.113.12/25']], ['203.0.113.2', 'l2']),
  ]);
}

/** One-arm, with the servers in a subnet of their own behind the L3. */
export function crossSubnet(): SampleLab {
  return lab('cross-subnet', [
    client,
    node('l3', 'l3', [
      ['client', '198.51.100.1/24'],
      ['l2', '203.0.113.1/25'],
      ['l2b', '203.0.113.129/25'],
    ]),
    node('l2', 'l2', [['l3'], ['l4']]),
    node('l4', 'l4', [['l2', '203.0.113.2/25']], ['203.0.113.1', 'l2']),
    node('l2b', 'l2', [['l3'], ['s1'], ['s2']]),
    node('s1', 'server', [['l2b', '203.0.113.141/25']], ['203.0.113.129', 'l2b']),
    node('s2', 'server', [['l2b', '203.0.113.142/25']], ['203.0.113.129', 'l2b']),
  ]);
}

/** client – l3 – l2, with two L4s that back each other up and three servers on the l2, all in one subnet. */
export function pairOfL4s(): SampleLab {
  return lab('pair', [
    client,
    node('l3', 'l3', [
      ['client', '198.51.100.1/24'],
      ['l2', '203.0.113.1/24'],
    ]),
    node('l2', 'l2', [['l3'], ['l4a'], ['l4b'], ['s1'], ['s2'], ['s3']]),
    node('l4a', 'l4', [['l2', '203.0.113.2/24']], ['203.0.113.1', 'l2']),
    node('l4b', 'l4', [['l2', '203.0.113.3/24']], ['203.0.113.1', 'l2']),
    node('s1', 'server', [['l2', '203.0.113.11/24']], ['203.0.113.1', 'l2']),
    node('s2', 'server', [['l2', '203.0.113.12/24']], ['203.0.113.1', 'l2']),
    node('s3', 'server', [['l2', '203.0.113.13/24']], ['203.0.113.1', 'l2']),
  ]);
}

/** The lab with the services' VIPs on the loopbacks of DSR servers and their configuration in the L4. */
export function withServices(lab: SampleLab, services: ServicePlan[], loopbackVips = true): SampleLab {
  const nodes = lab.nodes.map((n): NodePlan => {
    const direct = services.filter((s) => s.mode === 'dsr' && s.pool.some(({ node }) => node === n.name));
    const loopback = loopbackVips ? direct.map(({ vip }) => `${vip}/32`) : [];
    const sysctls: Record<string, string> = loopback.length
      ? { ...n.sysctls, 'net/ipv4/conf/all/arp_ignore': '1', 'net/ipv4/conf/all/arp_announce': '2' }
      : n.sysctls;
    if (n.role !== 'l4') return { ...n, loopback, sysctls };
    return {
      ...n,
      balancer: {
        kind: 'l4lab' as const,
        config: {
          version: 1,
          vipOwner: true,
          services: services.map(({ name, vip, port, protocol, mode, l4s, pool }) => ({
            name,
            vip,
            port,
            protocol,
            mode: mode === 'l3dsr' ? 'dsr' : mode,
            ...(l4s[0]!.proxyIps.length ? { proxyIp: l4s[0]!.proxyIps } : {}),
            sourceMac: 'rewrite' as const,
            scheduler: 'round-robin' as const,
            check: { type: 'tcp' as const, intervalMs: 2000, timeoutMs: 500, rise: 1, fall: 2 },
            servers: pool.map(({ node, address }) => ({ name: node, address })),
          })),
        },
      },
    };
  });
  return { ...lab, nodes };
}
