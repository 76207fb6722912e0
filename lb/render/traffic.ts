import type { LbServer, LbService } from '../config.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { joinLists } from './part.ts';
import { remember } from './remember.ts';
import type { Chain, Part } from './ruleset.ts';

/**
 * Counting in modes dnat and proxy, by VIP and server: new flows (by the rules of postrouting), and packets and bytes
 * both ways, unless the configuration forgoes that. Two services of one VIP that lead to the same port of a server are counted together.
 */
export function renderTraffic(input: RenderInput, services: LbService[]): Part {
  const families = FAMILIES.filter((family) => services.some(({ vip }) => familyOf(vip) === family));
  const countsPackets = input.config.countPackets !== false;
  const setsOf = (family: Family) => {
    const { newFlows, packets } = trafficSets(family);
    return countsPackets ? [newFlows, packets] : [newFlows];
  };
  return {
    maps: families.flatMap((family) => {
      const here = services.filter(({ vip }) => familyOf(vip) === family);
      const elements = joinLists(here.map((service) => elementsOf(input, service)));
      const spec = [`type ${family.type} . ${family.type} . inet_service`, 'counter'];
      return setsOf(family).map((name) => ({ name, kind: 'set' as const, spec, elements }));
    }),
    chains: countsPackets ? [packetChain(families)] : [],
  };
}

function packetChain(families: Family[]): Chain {
  return {
    name: 'traffic',
    hook: 'type filter hook forward priority filter + 10',
    rules: families.flatMap((family) => {
      const { ip } = family;
      const { packets } = trafficSets(family);
      return [
        `ct direction original ct original ${ip} daddr . ${ip} daddr . th dport @${packets}`,
        `ct direction reply ct original ${ip} daddr . ${ip} saddr . th sport @${packets}`,
      ];
    }),
  };
}

const elementsOf = remember((_, service) =>
  service.servers.map((server): [string, null] => [trafficElement(service, server), null]),
);

/** Names of the sets that count. */
export function trafficSets({ version }: Family): Record<'newFlows' | 'packets', string> {
  return { newFlows: `new${version}`, packets: `traffic${version}` };
}

/** Element by which both sets count a server in a service. */
export function trafficElement({ vip, port }: LbService, server: LbServer): string {
  return `${vip} . ${server.address} . ${server.port ?? port}`;
}
