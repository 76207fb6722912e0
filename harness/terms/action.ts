import type { ActionPlan } from './timeline-plan.ts';

/** The action with that name. */
export type Action<Do extends ActionPlan['do']> = ActionOf<ActionPlan, Do>;

type ActionOf<One, Do> = One extends { do: infer Name } ? (Do extends Name ? One : never) : never;
