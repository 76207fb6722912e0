import type { NamePlan, Plan, RecordPlan } from '../terms/plan.ts';
import { contains } from './address.ts';
import { nodeOf } from './lookup.ts';

/** Records that a DNS server may return. @param isUp only called if health matters */
export function recordsLeft(
  { policy, onlyHealthy, records }: NamePlan,
  isUp: (record: RecordPlan) => boolean,
): RecordPlan[] {
  const left = onlyHealthy ? records.filter(isUp) : records;
  return policy === 'failover' ? left.slice(0, 1) : left;
}

/** The records for a caller at this address; any of them may be first. */
export function recordsFor(left: RecordPlan[], source: string): RecordPlan[] {
  const lengthOf = ({ from = [] }: RecordPlan): number =>
    Math.max(-1, ...from.filter((net) => contains(net, source)).map((net) => Number(net.split('/')[1])));
  const longest = Math.max(-1, ...left.map(lengthOf));
  if (longest === -1) return left.filter(({ from }) => from === undefined);
  return left.filter((record) => lengthOf(record) === longest);
}

/** A DNS server's plan for a name; undefined if it does not listen. */
export function namePlanOf(plan: Plan, server: string, name: string): NamePlan | undefined {
  return nodeOf(plan, server)
    .listeners.flatMap(({ names = [] }) => names)
    .find((one) => one.name === name);
}
