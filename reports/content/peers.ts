import type { Plan } from '../../harness/terms/plan.ts';
import type { PeerOf } from './crossing.ts';

/** Looks up the node at the other end of an interface. */
export function peersOf(plan: Pick<Plan, 'nodes'>): PeerOf {
  const peers = new Map(
    plan.nodes.flatMap(({ name, interfaces }) => interfaces.map((i) => [`${name}\0${i.name}`, i.peer])),
  );
  return (node, iface) => peers.get(`${node}\0${iface}`) ?? null;
}
