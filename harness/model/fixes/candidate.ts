import { balancedBy, serviceOf } from '../../scenario/lookup.ts';
import type { Lab, ScenarioFile } from '../../scenario/schema.ts';
import { ROLES } from '../../terms/role.ts';
import type { Cause } from '../../terms/cause.ts';
import type { Fix } from '../../terms/fix.ts';
import type { FlowPlan, NodePlan, Plan } from '../../terms/plan.ts';

/** Merge patch (RFC 7396) on a scenario, or on a part of it. */
export type Patch = Record<string, unknown>;

/** A change to a scenario that might make a flow work. */
export interface Candidate {
  /** One, or two that help only together. */
  fixes: Fix[];
  change: Patch;
}

/** A failed flow, as input for finding fixes. */
export interface Failure {
  lab: Lab;
  /** After the variant's change. */
  scenario: ScenarioFile;
  plan: Plan;
  flow: FlowPlan;
  cause: Cause;
}

/** The same change for all interfaces of its nodes: overrides settings of single interfaces. */
export function overInterfaces(candidate: Candidate, { servers, nodes }: ScenarioFile): Candidate {
  const { change } = candidate;
  const over = (settings: Patch, interfaces: ScenarioFile['servers']['interfaces'] = {}): Patch => {
    const yields = Object.entries(interfaces).flatMap(([iface, own]) => {
      const keys = Object.keys(own).filter((key) => key in settings);
      return keys.length === 0 ? [] : [[iface, Object.fromEntries(keys.map((key) => [key, null]))] as const];
    });
    return yields.length === 0 ? settings : { ...settings, interfaces: Object.fromEntries(yields) };
  };
  const ofNodes = Object.entries((change['nodes'] ?? {}) as Record<string, Patch>);
  return {
    ...candidate,
    change: {
      ...change,
      ...(change['servers'] === undefined ? {} : { servers: over(change['servers'] as Patch, servers.interfaces) }),
      ...(ofNodes.length === 0
        ? {}
        : { nodes: Object.fromEntries(ofNodes.map(([name, own]) => [name, over(own, nodes[name]?.interfaces)])) }),
    },
  };
}

/** Settings of nodes. */
export function onNodes(fixes: Fix[], names: string[], settings: (name: string) => Patch): Candidate {
  return { fixes, change: { nodes: Object.fromEntries(names.map((name) => [name, settings(name)])) } };
}

/** Settings for all servers; overrides settings of single servers. */
export function forServers({ scenario, plan }: Failure, settings: Patch): Patch {
  const yields = Object.fromEntries(Object.keys(settings).map((key) => [key, null]));
  const own = plan.nodes.filter(({ name, role }) => ROLES[role].serves && scenario.nodes[name] !== undefined);
  if (own.length === 0) return { servers: settings };
  return { servers: settings, nodes: Object.fromEntries(own.map(({ name }) => [name, yields])) };
}

/** A node's effective setting, from the node, all servers, or the lab. */
export function settingOf<K extends keyof ScenarioFile['servers']>(
  { lab, scenario }: Failure,
  name: string,
  key: K,
): ScenarioFile['servers'][K] {
  const node = lab.nodes[name]!;
  return scenario.nodes[name]?.[key] ?? (ROLES[node.role].serves ? scenario.servers[key] : undefined) ?? node[key];
}

/** Load balancers of the called service. */
export function balancersFor({ plan, flow }: Failure): NodePlan[] {
  const service = serviceOf(plan, flow);
  return plan.nodes.filter(({ name }) => balancedBy(service, name));
}

/** Destination nodes of a flow: the servers of its service, or the called node. */
export function calledBy({ plan, flow }: Failure): string[] {
  return serviceOf(plan, flow)?.pool.map(({ node }) => node) ?? ('node' in flow.to ? [flow.to.node] : []);
}

/** Whether a conf setting is other than 0 anywhere on the node. */
export function isSet(node: NodePlan, key: string): boolean {
  return Object.entries(node.sysctls).some(
    ([path, value]) => path.startsWith('net/ipv4/conf/') && path.endsWith(`/${key}`) && value !== '0',
  );
}

export function forwardsPackets(node: NodePlan): boolean {
  return node.sysctls['net/ipv4/ip_forward'] === '1';
}
