import { gatewayAddresses } from './lab-queries.ts';
import type { Lab } from './schema.ts';

/** What may be the gateway of all these nodes, since each has it in its subnet: roles, or nodes where several have a role. */
export function commonGateways(lab: Lab, nodes: string[]): string[] {
  const words = ['l3', 'l4'].flatMap((role) => {
    const found = Object.keys(lab.nodes).filter((name) => lab.nodes[name]!.role === role);
    return found.length > 1 ? found : found.map(() => role);
  });
  return words.filter((word) => nodes.every((node) => gatewayAddresses(lab, node, word).length > 0));
}
