import type { LbServer, LbService } from '../config.ts';
import { newFlowsCounter, packetsCounter } from './counters.ts';
import type { Family } from './family.ts';
import { familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from './mark.ts';
import { remember } from './remember.ts';
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

type Elements = NonNullable<NftMap['elements']>;

/** Servers that carry flows, servers that take new ones, and the counters of both. */
export function memberSets(
  input: RenderInput,
  family: Family,
  protocol: 'tcp' | 'udp',
  services: LbService[],
): NftMap[] {
  const names = memberMaps(family, protocol);
  const type = `type ${family.type} . inet_service . mark`;
  const members = services.map((service) => membersOf(input, service));
  return [
    { name: names.known, kind: 'set', spec: [type], elements: members.flatMap(({ known }) => known) },
    { name: names.takers, kind: 'set', spec: [type], elements: members.flatMap(({ takers }) => takers) },
    {
      name: names.newFlows,
      kind: 'map',
      spec: [`${type} : counter`],
      elements: members.flatMap(({ newFlows }) => newFlows),
    },
    {
      name: names.packets,
      kind: 'map',
      spec: [`${type} : counter`],
      elements: members.flatMap(({ packets }) => packets),
    },
  ];
}

const membersOf = remember(
  (input: RenderInput, service: LbService): Record<'known' | 'takers' | 'newFlows' | 'packets', Elements> => {
    const key = (server: LbServer) => `${service.vip} . ${service.port} . ${markOf(server.address)}`;
    const carriers = serversIn(input, service, 'new', 'keep');
    const takers = serversIn(input, service, 'new');
    return {
      known: carriers.map((server) => [key(server), null]),
      takers: takers.map((server) => [key(server), null]),
      newFlows: takers.map((server) => [key(server), `"${newFlowsCounter(service, server)}"`]),
      packets: carriers.map((server) => [key(server), `"${packetsCounter(service, server)}"`]),
    };
  },
);
