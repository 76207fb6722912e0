import { host, isV6 } from '../address.ts';
import { addressesInScenario } from './check-messages.ts';
import { l4sOf } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import { reachesByV6 } from '../service-schema.ts';
import type { Lab, ScenarioFile } from '../schema.ts';

/** Sources of health checks that are not addresses of the L4. */
export function foreignSources(scenario: ScenarioFile, lab: Lab): Problem[] {
  return Object.entries(scenario.services).flatMap(([name, service]) => {
    const { check, l4: named } = service;
    const source = check?.source;
    if (source === undefined) return [];
    return l4sOf(lab, { l4: named }).flatMap((l4) => {
      if (!lab.nodes[l4]) return [];
      const owned = addressesOf(l4, scenario, lab).filter((address) => isV6(address) === reachesByV6(service));
      // A wrong family is already reported.
      if (owned.includes(source) || isV6(source) !== reachesByV6(service)) return [];
      const message = `${l4} does not hold ${source}; it holds ${owned.join(', ')}`;
      return [{ path: ['services', name, 'check', 'source'], message, dependsOn: [['services'], ['nodes', l4]] }];
    });
  });
}

/**
 * Addresses of an L4: its own, its loopback's, proxy IPs of its services, and their VIPs unless `vipOwner` is false.
 */
function addressesOf(l4: string, scenario: ScenarioFile, lab: Lab): string[] {
  const settings = { ...lab.nodes[l4]!, ...scenario.nodes[l4] };
  const isOfPair = Object.values(scenario.pairs).some(({ nodes }) => nodes.includes(l4));
  const services = Object.entries(scenario.services).filter(([, service]) => l4sOf(lab, service).includes(l4));
  return [
    ...new Set([
      ...addressesInScenario(scenario, lab, l4).map(host),
      ...(settings.loopback ?? []).map((entry) => scenario.services[entry]?.vip ?? entry),
      ...services.flatMap(([, { proxyIp }]) => [proxyIp ?? []].flat().filter((address) => address !== 'auto')),
      ...(settings.vipOwner === false && !isOfPair ? [] : services.map(([, { vip }]) => vip)),
    ]),
  ];
}
