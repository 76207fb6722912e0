import { didYouMean } from '../did-you-mean.ts';
import { serversOf } from './lab-queries.ts';
import type { Lab, ScenarioFile } from './schema.ts';
import { nodeAddresses } from './lab-queries.ts';

/** Addresses of a node, as the scenario may have replaced them. */
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

export function unknown(kind: string, name: string, known: string[]): string {
  return `unknown ${kind} \`${name}\`${didYouMean(name, known)}; ${known.length === 0 ? 'there is none' : `known: ${known.join(', ')}`}`;
}
