import { ROLES } from '../terms/role.ts';
import { MODES } from '../terms/mode.ts';
import { balancedBy, DEFAULT_MTU, serviceOf } from '../scenario/lookup.ts';
import type { FlowPlan, NodePlan, Plan } from '../terms/plan.ts';
import type { ScenarioFile } from '../scenario/schema.ts';
import type { Fix } from '../terms/fix.ts';
import type { Candidate } from './counterfactual.ts';
import type { Cause } from '../terms/cause.ts';

/** What a failed flow is, for finding out what would make it work. */
export interface Failure {
  scenario: ScenarioFile;
  plan: Plan;
  flow: FlowPlan;
  cause: Cause;
}

type Patch = Record<string, unknown>;

/** Codes of fixes that name nothing but a node. */
type NodeFix = Exclude<Extract<Fix, { params: { node: string } }>['code'], 'node-gateway'>;

/** Changes worth trying for a failed flow, from the least to the greatest intrusion into the topology. */
export function candidates(failure: Failure): Candidate[] {
  return [
    ...listenersOn(failure),
    ...nodeSettings(failure),
    ...widerLinks(failure),
    ...balancerSettings(failure),
    ...serverSettings(failure),
    ...modes(failure),
  ];
}

/** The node where the packet died, set right. */
function nodeSettings({ plan, cause }: Failure): Candidate[] {
  const node = plan.nodes.find(({ name }) => name === cause.node);
  if (node === undefined) return [];
  const { name } = node;
  const on = (code: NodeFix, settings: Patch): Candidate => onNode(name, { code, params: { node: name } }, settings);
  return [
    ...(node.interfaces.some(({ up }) => up === false) ? [on('interfaces-up', { down: [] })] : []),
    ...(isOn(node, 'ip_forward') ? [] : [on('forwarding-on', { forwarding: true })]),
    ...(isSet(node, 'rp_filter') ? [on('rp-filter-off', { rpFilter: 0 })] : []),
    ...(node.firewall === 'stateful' ? [on('firewall-off', { firewall: 'none' })] : []),
    ...(isSet(node, 'accept_redirects') ? [on('accept-redirects-off', { acceptRedirects: false })] : []),
    ...gateways(plan).map((gateway) =>
      onNode(name, { code: 'node-gateway', params: { node: name, gateway } }, { gateway }),
    ),
  ];
}

/** Interfaces at both ends of a wire must agree, so all that are narrow are widened together. */
function widerLinks({ plan }: Failure): Candidate[] {
  const narrow = plan.nodes.filter(({ interfaces }) => interfaces.some(({ mtu }) => mtu !== undefined));
  if (narrow.length === 0) return [];
  const nodes = Object.fromEntries(narrow.map(({ name }) => [name, { mtu: DEFAULT_MTU }]));
  return [{ fixes: [{ code: 'widen-mtu', params: { mtu: DEFAULT_MTU } }], change: { nodes } }];
}

function balancerSettings({ scenario, plan, flow }: Failure): Candidate[] {
  const service = serviceOf(plan, flow);
  if (service === undefined) return [];
  const l4 = plan.nodes.find(({ name }) => balancedBy(service, name))!;
  const params = { node: l4.name };
  const on = (code: NodeFix, settings: Patch): Candidate => onNode(l4.name, { code, params }, settings);
  const keepsSource = scenario.services[service.name]?.sourceMac === 'keep';
  return [
    ...(l4.balancer === null ? [on('balancer-on', { lb: 'on' })] : []),
    ...(l4.balancer?.config.vipOwner === false ? [] : [on('disown-vip', { vipOwner: false })]),
    ...(isSet(l4, 'send_redirects') ? [on('send-redirects-off', { sendRedirects: false })] : []),
    ...(keepsSource
      ? [
          {
            fixes: [{ code: 'rewrite-source-mac', params }] satisfies Fix[],
            change: { services: { [service.name]: { sourceMac: 'rewrite' } } },
          },
        ]
      : []),
  ];
}

/** Where a server lacks the listener that the packets ask for. */
function listenersOn({ plan, flow }: Failure): Candidate[] {
  if (flow.protocol === 'icmp') return [];
  const protocol = flow.protocol === 'udp' ? 'udp' : 'tcp';
  const pool = serviceOf(plan, flow)?.pool.map(({ node }) => node) ?? ('node' in flow.to ? [flow.to.node] : []);
  const silent = pool
    .map((name) => plan.nodes.find((node) => node.name === name)!)
    .filter(({ listeners }) => !listeners.some((l) => l.protocol === protocol && l.port === flow.port));
  if (silent.length === 0) return [];
  const nodes = silent.map(({ name, listeners }) => [
    name,
    { listeners: [...listeners, { protocol, port: flow.port }].map((l) => `${l.port}/${l.protocol}`) },
  ]);
  return [
    {
      fixes: [{ code: 'listen', params: { nodes: silent.map(({ name }) => name), port: flow.port, protocol } }],
      change: { nodes: Object.fromEntries(nodes) as Patch },
    },
  ];
}

function serverSettings(failure: Failure): Candidate[] {
  const { plan, flow } = failure;
  const service = serviceOf(plan, flow);
  if (service === undefined) return [];
  return [
    {
      fixes: [{ code: 'vip-on-loopback', params: { service: service.name } }],
      change: { nodes: withVip(failure) },
    },
    {
      fixes: [{ code: 'quiet-loopback', params: QUIET }],
      change: forServers(failure, QUIET),
    },
    ...gateways(plan).map((gateway): Candidate => ({
      fixes: [{ code: 'servers-gateway', params: { gateway } }],
      change: forServers(failure, { gateway }),
    })),
  ];
}

function modes(failure: Failure): Candidate[] {
  const service = serviceOf(failure.plan, failure.flow);
  if (service === undefined) return [];
  const params = { service: service.name };
  const to = (mode: string, fix: Fix, settings: Patch, rest: Patch = {}): Candidate[] => {
    const change = { services: { [service.name]: { mode, ...settings } }, ...rest };
    return service.mode === mode ? [] : [{ fixes: [fix], change }];
  };
  return [
    ...to('proxy', { code: 'use-proxy', params }, { proxyIp: 'auto', sourceMac: null }),
    ...to('dsr', { code: 'use-dsr', params }, { proxyIp: null }, { nodes: withVip(failure) }),
  ];
}

function onNode(name: string, fix: Fix, settings: Patch): Candidate {
  return { fixes: [fix], change: { nodes: { [name]: settings } } };
}

const QUIET = { arpIgnore: 1, arpAnnounce: 2 };

/** Settings for all servers; what single servers have of their own gives way. */
function forServers({ scenario, plan }: Failure, settings: Patch): Patch {
  const yields = Object.fromEntries(Object.keys(settings).map((key) => [key, null]));
  const own = plan.nodes.filter(({ name, role }) => ROLES[role].serves && scenario.nodes[name] !== undefined);
  if (own.length === 0) return { servers: settings };
  return { servers: settings, nodes: Object.fromEntries(own.map(({ name }) => [name, yields])) };
}

/** The VIP beside whatever the servers of the pool hold on their loopback already. */
function withVip({ scenario, plan, flow }: Failure): Patch {
  const service = serviceOf(plan, flow)!;
  return Object.fromEntries(
    service.pool.map(({ node }) => {
      const existing = scenario.nodes[node]?.loopback ?? scenario.servers.loopback ?? [];
      const tag = MODES[service.mode].handsOver === 'dscp' ? { undoDscp: [service.name] } : {};
      return [node, { loopback: [...new Set([...existing, service.name])], ...QUIET, ...tag }];
    }),
  );
}

function gateways(plan: Plan): string[] {
  return ['l3', 'l4'].filter((role) => plan.nodes.some((node) => node.role === role));
}

function isOn(node: NodePlan, key: string): boolean {
  return node.sysctls[`net/ipv4/${key}`] === '1';
}

/** Whether a conf setting is other than 0 anywhere on the node. */
function isSet(node: NodePlan, key: string): boolean {
  return Object.entries(node.sysctls).some(
    ([path, value]) => path.startsWith('net/ipv4/conf/') && path.endsWith(`/${key}`) && value !== '0',
  );
}
