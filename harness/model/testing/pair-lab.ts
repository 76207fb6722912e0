import { streamOf } from './stream.ts';
import type { InterfacePlan, NodePlan, Plan, ActionPlan, PairPlan, StepPlan, StreamPlan } from '../../terms/plan.ts';
import { plan, type NodeSketch, type ServiceSketch } from './lab-builder.ts';
import { CLIENT, L3, QUIET_ARP, VIP_A } from './labs.ts';

const HEARTBEAT_MAC = '02:00:00:00:aa:01';
const AT = { file: '', line: 1, col: 1 };

interface PairLab {
  service?: Partial<ServiceSketch>;
  pair?: Partial<PairPlan>;
  nodes?: Record<string, Partial<NodeSketch>>;
  /** Servers behind a separate switch, `sw`. */
  beyond?: string[];
  /** Changes of node plans that sketches cannot express. */
  ages?: Record<string, Partial<NodePlan>>;
  streams?: (Partial<StreamPlan> & { name: string })[];
  steps: (ActionPlan[] | Partial<StepPlan>)[];
}

/**
 * client – l3 – l2, and on the l2: the pair l4a and l4b, s1, s2, s3, all in one subnet with the VIP of service `a`.
 * Members advertise over the l2. By default DSR, round robin, no checks.
 */
export function pairLab(sketch: PairLab): Plan {
  const { service = {}, pair = {}, nodes = {}, beyond = [], ages = {}, streams = [], steps } = sketch;
  const { mode = 'dsr' } = service;
  const direct = mode === 'dsr' ? { loopback: [VIP_A], ...QUIET_ARP } : {};
  const switchOf = (name: string): string => (beyond.includes(name) ? 'sw' : 'l2');
  const server = (name: string, ip: string): NodeSketch => ({
    role: 'server',
    interfaces: { [switchOf(name)]: `${ip}/24` },
    gateway: L3,
    ...direct,
  });
  const l4 = (ip: string): NodeSketch => ({
    role: 'l4',
    interfaces: { l2: `${ip}/24` },
    gateway: L3,
    forwarding: true,
    sendRedirects: false,
  });
  const base: Record<string, NodeSketch> = {
    client: { role: 'client', interfaces: { l3: `${CLIENT}/24` }, gateway: '198.51.100.1' },
    l3: { role: 'l3', interfaces: { client: '198.51.100.1/24', l2: `${L3}/24` }, forwarding: true },
    l2: { role: 'l2' },
    l4a: l4('203.0.113.2'),
    l4b: l4('203.0.113.3'),
    s1: server('s1', '203.0.113.11'),
    s2: server('s2', '203.0.113.12'),
    s3: server('s3', '203.0.113.13'),
    ...(beyond.length > 0 ? { sw: { role: 'l2' as const } } : {}),
  };
  const onL2 = ['l3', 'l4a', 'l4b', ...(beyond.length > 0 ? ['sw'] : [])];
  const lab = plan({
    nodes: Object.fromEntries(Object.entries(base).map(([name, node]) => [name, { ...node, ...nodes[name] }])),
    links: [['client', 'l3'], ...[...onL2, 's1', 's2', 's3'].map((name): [string, string] => [name, switchOf(name)])],
    services: { a: { vip: VIP_A, mode, pool: ['s1', 's2', 's3'], l4: ['l4a', 'l4b'], ...service } },
  });
  const held = [
    VIP_A,
    ...(service.proxyIp === undefined || service.proxyIp === 'auto' ? [] : [service.proxyIp].flat()),
  ];
  return {
    ...lab,
    nodes: lab.nodes.map((node) => ({ ...ownedElsewhere(node), ...ages[node.name] })),
    neighbours: 'warm',
    pairs: [
      {
        name: 'edge',
        protocol: 'vrrp',
        id: 1,
        members: [
          { node: 'l4a', iface: 'l2', priority: 150 },
          { node: 'l4b', iface: 'l2', priority: 100 },
        ],
        advertMs: 200,
        preempt: true,
        gratuitousArp: true,
        addresses: held.map((address) => ({ address, ifaces: { l4a: 'l2', l4b: 'l2' } })),
        sync: 'none',
        ...pair,
      },
    ],
    timeline: {
      streams: (streams.length === 0 ? [{ name: 'calls' }] : streams).map(streamOf),
      steps: steps.map((step, i) => stepOf(`step-${i}`, Array.isArray(step) ? { actions: step } : step)),
    },
  };
}

function ownedElsewhere(node: NodePlan): NodePlan {
  if (node.balancer === null) return node;
  return { ...node, balancer: { ...node.balancer, config: { ...node.balancer.config, vipOwner: 'external' } } };
}

function stepOf(name: string, step: Partial<StepPlan>): StepPlan {
  return { name, title: name, actions: [], forMs: 3000, nodes: [], services: [], expect: [], at: AT, ...step };
}

/** The members advertise over two separate switches, x1 and x2; traffic uses the l2. */
export function withHeartbeat(lab: Plan): Plan {
  const ends = ['l4a', 'x1', 'x2', 'l4b'];
  const iface = (peer: string, addresses: string[] = []): InterfacePlan => ({
    name: peer,
    peer,
    mac: HEARTBEAT_MAC,
    addresses,
  });
  const own: Record<string, InterfacePlan> = {
    l4a: iface('x1', ['192.0.2.1/30']),
    l4b: iface('x2', ['192.0.2.2/30']),
  };
  const bridge = (name: string, ...peers: string[]): NodePlan => {
    const l2 = lab.nodes.find((one) => one.name === 'l2')!;
    return { ...l2, name, interfaces: peers.map((peer) => iface(peer)) };
  };
  return {
    ...lab,
    nodes: [
      ...lab.nodes.map((one) => ({
        ...one,
        interfaces: [...one.interfaces, ...(own[one.name] ? [own[one.name]!] : [])],
      })),
      bridge('x1', 'l4a', 'x2'),
      bridge('x2', 'x1', 'l4b'),
    ],
    links: [
      ...lab.links,
      ...ends.slice(1).map((name, i): Plan['links'][number] => ({
        ends: [
          { node: ends[i]!, iface: name },
          { node: name, iface: ends[i]! },
        ],
      })),
    ],
    pairs: lab.pairs!.map((pair) => ({
      ...pair,
      members: pair.members.map((member) => ({ ...member, iface: member.node === 'l4a' ? 'x1' : 'x2' })),
    })),
  };
}
