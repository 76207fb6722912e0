import { linkNumber } from '../terms/link-word.ts';
import type { InterfacePlan, NodePlan, Plan, ActionPlan, OneLink } from '../terms/plan.ts';

/** What earlier actions have left: who is without power, which wires are cut, who does not listen or balance. */
interface Overlay {
  off: Set<string>;
  cut: Set<string>;
  silent: Set<string>;
  unbalanced: Set<string>;
}

/**
 * The plan in force once the actions of a step are done, with all that earlier steps have changed. A node without power
 * has no carrier, no listeners and no balancer; a cut wire has carrier at neither end. Addresses of pairs are in no node
 * of it: who holds them is not a matter of the plan.
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

/** A plan in force while a link is down. */
export function withLinkDown(now: Plan, link: OneLink): Plan {
  const overlay: Overlay = { off: new Set(), cut: new Set([wireKey(link)]), silent: new Set(), unbalanced: new Set() };
  return { ...now, nodes: now.nodes.map((node) => overlaid(node, overlay)) };
}

/** Whether the processes of a node stand still once the actions of a step are done. */
export function isPaused(plan: Plan, step: number, node: string): boolean {
  const actions = plan.timeline?.steps.slice(0, step + 1).flatMap((one) => one.actions) ?? [];
  const last = actions.findLast(
    (action) => 'node' in action && action.node === node && ['pause', 'resume', 'kill', 'start'].includes(action.do),
  );
  return last?.do === 'pause';
}

/** Whether a node has power once the actions of a step are done. */
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
      // As from a boot: whatever had been stopped in it runs again.
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
