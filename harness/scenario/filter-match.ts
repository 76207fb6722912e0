import type { FilteredPacket, FilterMatch, FilterRule } from '../terms/filter.ts';
import type { NodePlan } from '../terms/plan.ts';
import { contains } from './address.ts';

/** The rule that blocks a packet; null if it is accepted or none matches. */
export function blockedBy({ filter = [] }: Pick<NodePlan, 'filter'>, packet: FilteredPacket): FilterMatch | null {
  const index = filter.findIndex((rule) => matches(rule, packet));
  const rule = filter[index];
  return rule === undefined || rule.action === 'accept' ? null : { rule, number: index + 1 };
}

function matches({ protocol, port, type, from, to }: FilterRule, packet: FilteredPacket): boolean {
  return (
    (protocol === undefined || protocol === packet.protocol) &&
    (port === undefined || port === packet.dstPort) &&
    (type === undefined || type === packet.type) &&
    isIn(from, packet.src) &&
    isIn(to, packet.dst)
  );
}

function isIn(networks: string[] | undefined, address: string): boolean {
  return networks === undefined || networks.some((net) => contains(net, address));
}
