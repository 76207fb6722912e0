import type { LbService } from '../config.ts';
import { packetsCounter } from './counters.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { Part } from './ruleset.ts';

/**
 * Packets and bytes of modes dnat and proxy, both ways, by VIP and server. Where two services of one VIP lead to the
 * same port of a server, the first of them is counted.
 */
export function renderTraffic(services: LbService[]): Part {
  const families = FAMILIES.map((family) => {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    const elements = new Map<string, string>();
    for (const service of here) {
      for (const server of service.servers) {
        const key = `${service.vip} . ${server.address} . ${server.port ?? service.port}`;
        if (!elements.has(key)) elements.set(key, `"${packetsCounter(service, server)}"`);
      }
    }
    return { family, elements: [...elements] };
  }).filter(({ elements }) => elements.length > 0);
  return {
    counters: services.flatMap((service) => service.servers.map((server) => packetsCounter(service, server))),
    maps: families.map(({ family: { type, version }, elements }) => ({
      name: `traffic${version}`,
      kind: 'map' as const,
      spec: [`type ${type} . ${type} . inet_service : counter`],
      elements,
    })),
    chains: [
      {
        name: 'traffic',
        hook: 'type filter hook forward priority filter + 10',
        rules: families.flatMap(({ family: { ip, version } }) => [
          `ct status dnat ct direction original counter name ct original ${ip} daddr . ${ip} daddr . th dport map @traffic${version}`,
          `ct status dnat ct direction reply counter name ct original ${ip} daddr . ${ip} saddr . th sport map @traffic${version}`,
        ]),
      },
    ],
  };
}
