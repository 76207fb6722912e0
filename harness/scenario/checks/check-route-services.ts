import { noSuch } from '../../did-you-mean.ts';
import { contains, isV6, network } from '../address.ts';
import { familyName } from './check-messages.ts';
import { checkL4s } from './check-l4s.ts';
import { balancersOf, l4sOf, nextHops, nodeAddresses } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import type { RouteService } from '../service-schema.ts';

const ANY = ['0.0.0.0/0', '::/0'];

/** Checks that services of mode `route` have an L4 and neighbouring next hops. */
export function checkRouteServices(scenario: ScenarioFile, lab: Lab): Problem[] {
  const services = Object.entries(scenario.routeServices);
  const known = balancersOf(lab);
  return services.flatMap(([name, service], index): Problem[] => {
    const path = ['services', name];
    const { to, nextHops: hops } = service;
    const l4s = l4sOf(lab, service);
    const twice = services
      .slice(0, index)
      .find(
        ([, other]) =>
          netsOf(other).some((net) => netsOf(service).includes(net)) &&
          l4sOf(lab, other).some((l4) => l4s.includes(l4)),
      );
    const strange = hops.flatMap((hop, i): Problem[] => {
      const at = [...path, 'nextHops', i];
      if (lab.nodes[hop] === undefined)
        return [{ path: at, message: noSuch('node', hop, Object.keys(lab.nodes)), dependsOn: [['nodes', hop]] }];
      if (hops.indexOf(hop) < i) return [{ path: at, message: `${hop} is given twice` }];
      const [far] = l4s.filter((l4) => known.includes(l4) && hopAddresses(lab, l4, service)[i] === undefined);
      if (far === undefined) return [];
      const dependsOn = [path, ['links'], ['nodes', hop], ['nodes', far]];
      if (far === hop)
        return [{ path: at, message: `${hop} is the L4 itself; next hops must be its neighbours`, dependsOn }];
      const family = to === 'any' ? '' : `${familyName(isV6(to))} `;
      const message = `${hop} has no ${family}address in a subnet of ${far}; next hops must be neighbours of the L4`;
      return [{ path: at, message, dependsOn }];
    });
    const [near] = l4s.filter((l4) => to !== 'any' && known.includes(l4) && isNear(lab, l4, to));
    const own =
      near === undefined
        ? []
        : [
            {
              path: [...path, 'to'],
              message: `is in a subnet of ${near}, whose nodes are its neighbours; next hops are for networks behind them`,
              dependsOn: [['links'], ['nodes', near]],
            },
          ];
    return [
      ...own,
      ...checkL4s(path, service, lab),
      ...strange,
      ...(twice === undefined
        ? []
        : [{ path: [...path, 'to'], message: `${twice[0]} has the same destination`, dependsOn: [['services']] }]),
    ];
  });
}

function isNear(lab: Lab, l4: string, net: string): boolean {
  const lengthOf = (cidr: string): number => Number(cidr.split('/')[1]);
  return nodeAddresses(lab, l4).some((own) => contains(network(own), net) && lengthOf(own) <= lengthOf(net));
}

/** Destinations of a service: `any` may mean either address family. */
function netsOf({ to }: RouteService): string[] {
  return to === 'any' ? ANY : [to];
}

/** Addresses of an L4's next hops, all of one family; undefined for a node that is not a neighbour. */
export function hopAddresses(lab: Lab, l4: string, { to, nextHops: hops }: RouteService): (string | undefined)[] {
  const near = (net: string): (string | undefined)[] =>
    hops.map((hop) => (hop === l4 ? undefined : nextHops(lab, l4, { to: net, via: hop })[0]));
  if (to !== 'any') return near(to);
  const inIpv4 = near('0.0.0.0/0');
  return inIpv4.some((address) => address !== undefined) ? inIpv4 : near('::/0');
}
