import { isIPv4 } from '../terms/address.ts';
import type { LbConfig } from '../terms/config.ts';
import { destinationOf } from '../terms/next-hops.ts';
import { collidingNextHops } from './colliding-marks.ts';
import { duplicates, type Problem } from './problem.ts';

/** Problems of services of mode `route`. */
export function routeProblems({ services, routeServices = [] }: LbConfig): Problem[] {
  const own = routeServices.flatMap((service, i) => {
    const { to, nextHops, name } = service;
    const [first] = nextHops;
    const at = (path: Problem['path'], message: string): Problem => ({ path: ['routeServices', i, ...path], message });
    const isOther = (address: string, end: string): boolean => isIPv4(address) !== isIPv4(end);
    const foreign = nextHops.flatMap((address, hop) => {
      if (nextHops.indexOf(address) < hop) return [at(['nextHops', hop], `next hop ${address} is given twice`)];
      const end = to === 'any' ? first! : to;
      return isOther(address, end) ? [at(['nextHops', hop], `${address} and ${end} differ in address family`)] : [];
    });
    const isTaken = services.some((other) => other.name === name);
    return [...foreign, ...(isTaken ? [at(['name'], `service name ${name} is given twice`)] : [])];
  });
  return [
    ...own,
    ...duplicates(['routeServices'], routeServices, { field: 'name', what: 'service name' }, ({ name }) => name),
    ...duplicates(['routeServices'], routeServices, { field: 'to', what: 'destination' }, destinationOf),
    ...collidingNextHops(routeServices),
  ];
}
