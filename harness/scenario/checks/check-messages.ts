import { serversOf } from '../lab-queries.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { nodeAddresses } from '../lab-queries.ts';

/** Addresses of a node, including replacements by the scenario. */
export function addressesInScenario(
  scenario: Pick<ScenarioFile, 'servers' | 'nodes'>,
  lab: Lab,
  name: string,
): readonly string[] {
  const ofServers = serversOf(lab).includes(name) ? scenario.servers.address : undefined;
  const replaced = scenario.nodes[name]?.address ?? ofServers;
  return replaced === undefined ? nodeAddresses(lab, name) : [replaced];
}

export function familyName(v6: boolean): string {
  return v6 ? 'IPv6' : 'IPv4';
}
