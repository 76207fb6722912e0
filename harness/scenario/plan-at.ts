import { linkNumber } from '../terms/link-name.ts';
import type { InterfacePlan, NodePlan, Plan, ActionPlan, OneLink } from '../terms/plan.ts';

/** Effects of earlier actions: nodes without power, cut wires, stopped listeners and load balancers. */
interface Overlay {
  off: Set<string>;
  cut: Set<string>;
  silent: Set<string>;
  unbalanced: Set<string>;
}

/**
 * The active plan after a step's actions, including changes of earlier steps. Nodes without power have no carrier,
 * listeners or balancer; a cut wire has no carrier at either end. Addresses of pairs are not included: their holder is
 * not part of the plan.
 * @param step index of the step; -1 for before the first one
 */
export function planAt(plan: Plan, step: number): Plan {
  const steps = plan.timeline?.steps.slice(0, step + 1) ?? [];
  const nodes = new Map(plan.nodes.map((node) => [node.name, node]));
  const services = new Map(plan.services.map((service) => [service.name, service]));
  const overlay: Overlay = { off: new Set(), cut: new Set(), silent: new Set(), unbalanced: new Set() };
  for (const { actions, nodes: changed, services: moved } of steps) {
    for (const node of changed) nodes.set(node.name, node);
    for (const service of moved) services.set(service.name, service);
    for (const action of actions) act(overlay, action);
  }
  return {
    ...plan,
    nodes: [...nodes.values()].map((node) => overlaid(node, overlay)),
    services: [...services.values()],
  };
}

/** The plan while a link is down. */
export function withLinkDown(now: Plan, link: OneLink): Plan {
  const overlay: Overlay = { off: new Set(), cut: new Set([wireKey(link)]), silent: new Set(), unbalanced: new Set() };
  return { ...now, nodes: now.nodes.map((node) => overlaid(node, overlay)) };
}

/** Whether the processes of a node are paused after a step's actions. */
export function isPaused(plan: Plan, step: number, node: string): boolean {
  const actions = plan.timeline?.steps.slice(0, step + 1).flatMap((one) => one.actions) ?? [];
  const last = actions.findLast(
    (action) => 'node' in action && action.node === node && ['pause', 'resume', 'kill', 'start'].includes(action.do),
  );
  return last?.do === 'pause';
}

/** Whether a node has power after a step's actions. */
export function hasPower(plan: Plan, step: number, node: string): boolean {
  const actions = plan.timeline?.steps.slice(0, step + 1).flatMap((one) => one.actions) ?? [];
  const last = actions.findLast((action) => (action.do === 'kill' || action.do === 'start') && action.node === node);
  return last?.do !== 'kill';
}

function act({ off, cut, silent, unbalanced }: Overlay, action: ActionPlan): void {
  switch (action.do) {
    case 'kill':
      off.add(action.node);
      break;
    case 'start':
      // After a boot, everything stopped on it runs again.
      for (const set of [off, silent, unbalanced]) set.delete(action.node);
      break;
    case 'linkDown':
      cut.add(wireKey(action));
      break;
    case 'linkUp':
      cut.delete(wireKey(action));
      break;
    case 'stopListeners':
      silent.add(action.node);
      break;
    case 'startListeners':
      silent.delete(action.node);
      break;
    case 'stopLb':
      unbalanced.add(action.node);
      break;
    case 'startLb':
    case 'restartLb':
      unbalanced.delete(action.node);
      break;
    default:
  }
}

function overlaid(node: NodePlan, { off, cut, silent, unbalanced }: Overlay): NodePlan {
  const { name } = node;
  const isOff = off.has(name);
  const interfaces = node.interfaces.map((iface) =>
    isOff || off.has(iface.peer) || cut.has(wireKey(linkAt(name, iface))) ? { ...iface, up: false as const } : iface,
  );
  return {
    ...node,
    interfaces,
    listeners: isOff || silent.has(name) ? [] : node.listeners,
    balancer: isOff || unbalanced.has(name) ? null : node.balancer,
  };
}

function linkAt(node: string, iface: InterfacePlan): OneLink {
  return { link: [node, iface.peer], number: linkNumber(iface) };
}

function wireKey({ link, number = 1 }: OneLink): string {
  return [...[...link].sort(), number].join(' ');
}
