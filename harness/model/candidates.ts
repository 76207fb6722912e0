import { ROLES } from '../terms/role.ts';
import { MODES } from '../terms/mode.ts';
import { DEFAULT_MTU, serviceOf } from '../scenario/lookup.ts';
import type { FlowPlan, NodePlan, Plan } from '../terms/plan.ts';
import type { ScenarioFile } from '../scenario/schema.ts';
import type { Candidate } from './counterfactual.ts';
import type { Cause } from '../terms/walk.ts';

/** What a failed flow is, for finding out what would make it work. */
export interface Failure {
  scenario: ScenarioFile;
  plan: Plan;
  flow: FlowPlan;
  cause: Cause;
}

type Patch = Record<string, unknown>;

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
  const on = (title: string, settings: Patch): Candidate => ({
    title: `${name}: ${title}`,
    change: { nodes: { [name]: settings } },
  });
  return [
    ...(node.interfaces.some(({ up }) => up === false) ? [on('all interfaces up', { down: [] })] : []),
    ...(isOn(node, 'ip_forward') ? [] : [on('forwarding on', { forwarding: true })]),
    ...(isSet(node, 'rp_filter') ? [on('rp_filter off', { rpFilter: 0 })] : []),
    ...(node.firewall === 'stateful' ? [on('no stateful firewall', { firewall: 'none' })] : []),
    ...(isSet(node, 'accept_redirects') ? [on('accept_redirects off', { acceptRedirects: false })] : []),
    ...gateways(plan).map((role) => on(`gateway ${role}`, { gateway: role })),
  ];
}

/** Interfaces at both ends of a wire must agree, so all that are narrow are widened together. */
function widerLinks({ plan }: Failure): Candidate[] {
  const narrow = plan.nodes.filter(({ interfaces }) => interfaces.some(({ mtu }) => mtu !== undefined));
  if (narrow.length === 0) return [];
  const nodes = Object.fromEntries(narrow.map(({ name }) => [name, { mtu: DEFAULT_MTU }]));
  return [{ title: `MTU ${DEFAULT_MTU} on every interface`, change: { nodes } }];
}

function balancerSettings({ scenario, plan, flow }: Failure): Candidate[] {
  const service = serviceOf(plan, flow);
  if (service === undefined) return [];
  const l4 = plan.nodes.find(({ name }) => name === service.l4)!;
  const on = (title: string, settings: Patch): Candidate => ({
    title: `${l4.name}: ${title}`,
    change: { nodes: { [l4.name]: settings } },
  });
  const keepsSource = scenario.services[service.name]?.sourceMac === 'keep';
  return [
    ...(l4.balancer === null ? [on('load balancer on', { lb: 'on' })] : []),
    ...(l4.balancer?.config.vipOwner === false ? [] : [on('does not own the VIP', { vipOwner: false })]),
    ...(isSet(l4, 'send_redirects') ? [on('send_redirects off', { sendRedirects: false })] : []),
    ...(keepsSource
      ? [
          {
            title: 'the L4 rewrites the source MAC',
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
      title: `${silent.map(({ name }) => name).join(', ')}: listen on ${flow.port}/${protocol}`,
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
      title: `VIP of ${service.name} on the loopback of its servers, quiet about it`,
      change: { nodes: withVip(failure) },
    },
    {
      title: 'servers keep quiet about their loopback (arp_ignore=1, arp_announce=2)',
      change: forServers(failure, QUIET),
    },
    ...gateways(plan).map((role) => ({
      title: `gateway of the servers: ${role}`,
      change: forServers(failure, { gateway: role }),
    })),
  ];
}

function modes(failure: Failure): Candidate[] {
  const service = serviceOf(failure.plan, failure.flow);
  if (service === undefined) return [];
  const to = (mode: string, title: string, settings: Patch, rest: Patch = {}): Candidate[] =>
    service.mode === mode ? [] : [{ title, change: { services: { [service.name]: { mode, ...settings } }, ...rest } }];
  return [
    ...to('proxy', `proxy IP for ${service.name}`, { proxyIp: 'auto', sourceMac: null }),
    ...to(
      'dsr',
      `DSR for ${service.name}, its VIP on the loopback of its servers`,
      { proxyIp: null },
      { nodes: withVip(failure) },
    ),
  ];
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
      const held = scenario.nodes[node]?.loopback ?? scenario.servers.loopback ?? [];
      const tag = MODES[service.mode].handsOver === 'dscp' ? { undoDscp: [service.name] } : {};
      return [node, { loopback: [...new Set([...held, service.name])], ...QUIET, ...tag }];
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
