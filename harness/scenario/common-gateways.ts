import type { Role } from '../terms/plan.ts';
import { ROLES } from '../terms/role.ts';
import { gatewayAddresses } from './lab-queries.ts';
import type { Lab } from './schema.ts';

/** Possible gateways of all these nodes, in a subnet of each: roles, or nodes if several have a role. */
export function commonGateways(lab: Lab, nodes: string[]): string[] {
  const forwarding = (Object.keys(ROLES) as Role[]).filter((role) => ROLES[role].forwards);
  const candidates = forwarding.flatMap((role) => {
    const found = Object.keys(lab.nodes).filter((name) => lab.nodes[name]!.role === role);
    return found.length > 1 ? found : found.map(() => role);
  });
  return candidates.filter((candidate) => nodes.every((node) => gatewayAddresses(lab, node, candidate).length > 0));
}
