import type { LbServer, LbService } from '../config.ts';
import { newFlowsCounter, packetsCounter } from './counters.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { NftMap, Part } from './ruleset.ts';

/**
 * Counting in modes dnat and proxy, by VIP and server: new flows (by the rules of postrouting), and packets and bytes
 * both ways. Where two services of one VIP lead to the same port of a server, the first of them is counted.
 */
export function renderTraffic(services: LbService[]): Part {
  const families = FAMILIES.filter((family) => services.some(({ vip }) => familyOf(vip) === family));
  return {
    counters: services.flatMap((service) =>
      service.servers.flatMap((server) => [newFlowsCounter(service, server), packetsCounter(service, server)]),
    ),
    maps: families.flatMap((family) => [
      counterMap(newFlowsMap(family.version), family, services, newFlowsCounter),
      counterMap(`traffic${family.version}`, family, services, packetsCounter),
    ]),
    chains: [
      {
        name: 'traffic',
        hook: 'type filter hook forward priority filter + 10',
        rules: families.flatMap(({ ip, version }) => [
          `ct status dnat ct direction original counter name ct original ${ip} daddr . ${ip} daddr . th dport map @traffic${version}`,
          `ct status dnat ct direction reply counter name ct original ${ip} daddr . ${ip} saddr . th sport map @traffic${version}`,
        ]),
      },
    ],
  };
}

/** Map from VIP, server and port to the counter of new flows. */
export function newFlowsMap(version: 4 | 6): string {
  return `new${version}`;
}

function counterMap(
  name: string,
  family: Family,
  services: LbService[],
  counter: (service: LbService, server: LbServer) => string,
): NftMap {
  const elements = new Map<string, string>();
  for (const service of services.filter(({ vip }) => familyOf(vip) === family)) {
    for (const server of service.servers) {
      const key = `${service.vip} . ${server.address} . ${server.port ?? service.port}`;
      if (!elements.has(key)) elements.set(key, `"${counter(service, server)}"`);
    }
  }
  const { type } = family;
  return { name, kind: 'map', spec: [`type ${type} . ${type} . inet_service : counter`], elements: [...elements] };
}
