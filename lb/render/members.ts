import type { LbService } from '../config.ts';
import { newFlowsCounter, packetsCounter } from './counters.ts';
import type { Family } from './family.ts';
import { familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from './mark.ts';
import type { NftMap } from './ruleset.ts';

/**
 * Names of what is known of a DSR server in a service, for all services of a protocol together: thousands of small sets
 * would take the kernel long to make, and a change would replace rules instead of elements.
 */
export function memberMaps({ version }: Family, protocol: 'tcp' | 'udp') {
  const name = (what: string) => `${what}.${protocol}${version}`;
  return { known: name('known'), takers: name('takers'), newFlows: name('new'), packets: name('packets') };
}

/** What of a packet, with its server's mark, is looked up in them. */
export function memberKey({ vip }: LbService): string {
  return `${familyOf(vip).ip} daddr . th dport . meta mark`;
}

/** Servers that carry flows, servers that take new ones, and the counters of both. */
export function memberSets(
  input: RenderInput,
  family: Family,
  protocol: 'tcp' | 'udp',
  services: LbService[],
): NftMap[] {
  const names = memberMaps(family, protocol);
  const type = `type ${family.type} . inet_service . mark`;
  const members = services.flatMap((service) =>
    serversIn(input, service, 'new', 'keep').map((server) => ({
      key: `${service.vip} . ${service.port} . ${markOf(server.address)}`,
      takes: input.roleOf(service, server) === 'new',
      newFlows: `"${newFlowsCounter(service, server)}"`,
      packets: `"${packetsCounter(service, server)}"`,
    })),
  );
  const takers = members.filter(({ takes }) => takes);
  return [
    { name: names.known, kind: 'set', spec: [type], elements: members.map(({ key }) => [key, null]) },
    { name: names.takers, kind: 'set', spec: [type], elements: takers.map(({ key }) => [key, null]) },
    {
      name: names.newFlows,
      kind: 'map',
      spec: [`${type} : counter`],
      elements: takers.map(({ key, newFlows }) => [key, newFlows]),
    },
    {
      name: names.packets,
      kind: 'map',
      spec: [`${type} : counter`],
      elements: members.map(({ key, packets }) => [key, packets]),
    },
  ];
}
