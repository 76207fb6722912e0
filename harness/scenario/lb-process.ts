import type { Plan, ActionPlan } from '../terms/plan.ts';

/** Actions after which a load balancer's process starts: how long that takes is no setting. */
export const STARTS: ActionPlan['do'][] = ['start', 'startLb', 'restartLb'];

/** All actions of the steps before one, and of that one as far as a given action. */
export function actionsUntil({ timeline }: Plan, step: number, action?: ActionPlan): ActionPlan[] {
  const { actions } = timeline!.steps[step]!;
  const own = action === undefined ? actions : actions.slice(0, actions.indexOf(action));
  return [...timeline!.steps.slice(0, step).flatMap((one) => one.actions), ...own];
}

/** Whether actions have killed a node's load balancer, whose rules are still in the kernel, and have not started it since. */
export function isKilled(actions: ActionPlan[], node: string): boolean {
  const last = actions.findLast(
    (action) => 'node' in action && action.node === node && [...STARTS, 'stopLb', 'killLb'].includes(action.do),
  );
  return last?.do === 'killLb';
}
