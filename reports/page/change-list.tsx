import type { Hop } from '../../harness/model/walk.ts';
import type { Plan } from '../../harness/scenario/plan.ts';

/** Names the node that a MAC belongs to. */
export type MacOwner = (mac: string) => string | null;

/** Looks up which node's interface has a MAC. */
export function macOwners(plan: Pick<Plan, 'nodes'>): MacOwner {
  const owners = new Map(plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name])));
  return (mac) => owners.get(mac) ?? null;
}

/** What a hop changed, new values in bold; a MAC is told by its node, where one has it. */
export function ChangeList({ changes, ownerOf }: { changes: Hop['changed']; ownerOf: MacOwner }) {
  return (
    <>
      {changes.map(({ field, from, to }, i) => (
        <span key={i} class="change" title={`${field} ${from} → ${to}`}>
          {field} {ownerOf(from) ?? from} → <b>{ownerOf(to) ?? to}</b>
        </span>
      ))}
    </>
  );
}
