import { resolvePlan } from '../../scenario/resolve/resolve.ts';
import {
  labSchema,
  scenarioAsRead,
  scenarioSchema,
  type Lab,
  type NodeSettings,
  type ScenarioFile,
} from '../../scenario/schema.ts';
import { linkName } from '../../terms/link-name.ts';
import type { FlowPlan, NodePlan, Plan } from '../../terms/plan.ts';

/** A node with the settings of the YAML files. Role defaults are off here. */
export interface NodeSketch extends Omit<NodeSettings, 'interfaces'> {
  role: NodePlan['role'];
  /** Interface → addresses (CIDR): `l2`, `l2-2` at a second link with l2; the key `br0` gives addresses to the bridge itself. */
  interfaces?: Record<string, string>;
  /** `interfaces` in YAML. */
  ofInterfaces?: NodeSettings['interfaces'];
  bridge?: boolean;
}

export interface ServiceSketch {
  vip: string;
  mode: 'dnat' | 'proxy' | 'dsr' | 'l3dsr' | 'ipip';
  /** l3dsr only. */
  dscp?: number;
  pool: string[];
  proxyIp?: string | string[];
  proxyPorts?: string;
  ownCalls?: boolean;
  mssClamp?: 'auto' | number;
  outer?: 'ipv4' | 'ipv6';
  sourceMac?: 'rewrite' | 'keep';
  protocol?: 'tcp' | 'udp';
  check?: 'none' | 'tcp' | CheckSketch;
  scheduler?: 'round-robin' | 'maglev' | 'source-hash';
  l4?: string | string[];
}

interface CheckSketch {
  type: 'tcp' | 'http';
  intervalMs?: number;
  timeoutMs?: number;
  fall?: number;
  target?: 'vip' | 'server';
  port?: number;
  source?: string;
}

export interface LabSketch {
  nodes: Record<string, NodeSketch>;
  links: [string, string][];
  services: Record<string, ServiceSketch>;
  /** As in YAML. */
  names?: Record<string, unknown>;
}

const PORT = 80;

const sources = new WeakMap<NodePlan, { lab: Lab; scenario: ScenarioFile }>();

/**
 * The plan of a lab and its services, built by the product's own schemas and resolver, without the scenario checks.
 * Services and servers listen on port 80.
 */
export function plan({ nodes, links, services, names = {} }: LabSketch): Plan {
  const lab = labSchema.parse({
    title: 'test',
    nodes: Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, nodeOf(node)])),
    links: links.map(([a, b], index) => {
      const number = links.slice(0, index + 1).filter((other) => other.includes(a) && other.includes(b)).length;
      return { [a]: endOf(nodes[a]!, linkName(b, number)), [b]: endOf(nodes[b]!, linkName(a, number)) };
    }),
  });
  const scenario = scenarioAsRead.parse({
    title: 'test',
    lab: 'test',
    neighbours: 'cold',
    services: Object.fromEntries(
      Object.entries(services).map(([name, { check, ...service }]) => [
        name,
        {
          port: PORT,
          ...service,
          ...(check === undefined ? {} : { check: typeof check === 'string' ? { type: check } : check }),
        },
      ]),
    ),
    names,
    flows: { none: { from: Object.keys(nodes)[0], to: Object.keys(nodes)[0], port: PORT, expect: 'works' } },
  });
  const resolved = resolve(lab, { ...scenario, flows: {} });
  for (const node of resolved.nodes) sources.set(node, { lab, scenario });
  return resolved;
}

/** A flow from a node to a service or to `node:port`. */
export function flow(lab: Plan, from: string, to: string, protocol: FlowPlan['protocol'] = 'http'): FlowPlan {
  const source = sources.get(lab.nodes[0]!)!;
  const [target = '', port = String(PORT)] = to.split(':');
  const parsed = scenarioSchema.shape.flows.parse({
    flow: { from, to: target, port: Number(port), protocol, expect: 'works' },
  });
  const [resolved] = resolve(source.lab, { ...source.scenario, flows: parsed }).flows;
  return { ...resolved!, name: `${from} to ${to}` };
}

/** MAC of an interface of a plan. */
export function mac(lab: Plan, node: string, iface: string): string {
  return lab.nodes.find(({ name }) => name === node)!.interfaces.find(({ name }) => name === iface)!.mac;
}

function resolve(lab: Lab, scenario: ScenarioFile): Plan {
  const locate = () => ({ file: 'test.yaml', line: 1, col: 1 });
  const variant = { name: 'base', title: 'base', change: {}, scenario, locate };
  return resolvePlan({ name: 'test', labName: 'test', lab, file: scenario, variants: [variant] }, variant);
}

function nodeOf({ interfaces, ofInterfaces, bridge, ...settings }: NodeSketch): object {
  const listeners = settings.role === 'server' ? { listeners: [`${PORT}/tcp`] } : {};
  return {
    ...listeners,
    forwarding: false,
    ...settings,
    ...(ofInterfaces === undefined ? {} : { interfaces: ofInterfaces }),
    ...(interfaces?.['br0'] === undefined ? (bridge === undefined ? {} : { bridge }) : { bridge: interfaces['br0'] }),
  };
}

function endOf({ interfaces }: NodeSketch, word: string): string[] | { address: string[] } | null {
  return interfaces?.[word] === undefined ? null : { address: interfaces[word].split(' ') };
}
