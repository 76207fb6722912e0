import type { Plan, ActionPlan } from '../terms/plan.ts';

/** Actions that start a load balancer's process: the duration of a start is no setting. */
export const STARTS: ActionPlan['do'][] = ['start', 'startLb', 'restartLb'];

/** All actions of earlier steps, and those of this step up to a given action. */
export function actionsUntil({ timeline }: Plan, step: number, action?: ActionPlan): ActionPlan[] {
  const { actions } = timeline!.steps[step]!;
  const own = action === undefined ? actions : actions.slice(0, actions.indexOf(action));
  return [...timeline!.steps.slice(0, step).flatMap((one) => one.actions), ...own];
}

/** Whether a node's load balancer was killed and not restarted since: its rules are still in the kernel. */
export function isKilled(actions: ActionPlan[], node: string): boolean {
  const last = actions.findLast(
    (action) => 'node' in action && action.node === node && [...STARTS, 'stopLb', 'killLb'].includes(action.do),
  );
  return last?.do === 'killLb';
}
