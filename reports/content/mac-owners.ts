import type { Plan } from '../../harness/terms/plan.ts';

/** Names the node that a MAC belongs to. */
export type MacOwner = (mac: string) => string | null;

/** Looks up which node's interface has a MAC. */
export function macOwners(plan: Pick<Plan, 'nodes'>): MacOwner {
  const owners = new Map(plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name])));
  return (mac) => owners.get(mac) ?? null;
}
