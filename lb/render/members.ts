import type { LbServer, LbService } from '../config.ts';
import type { Family } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from './mark.ts';
import { joinLists } from './part.ts';
import { remember } from './remember.ts';
import type { NftMap } from './ruleset.ts';

/**
 * Names of what is known of a DSR server in a service, for all services of a protocol together: thousands of small sets
 * would take the kernel long to make, and a change would replace rules instead of elements.
 */
export function memberMaps({ version }: Family, protocol: 'tcp' | 'udp') {
  const name = (what: string) => `${what}.${protocol}${version}`;
  return { out: name('out'), takers: name('takers'), newFlows: name('new'), packets: name('packets') };
}

/** What of a packet, with its server's mark, is looked up in them. */
export function memberKey({ ip }: Family): string {
  return `${ip} daddr . th dport . meta mark`;
}

/** Match of a packet whose server still is in the service; counts it. Only where a server is out does it take two looks. */
export function isMember(family: Family, protocol: 'tcp' | 'udp', someOut: boolean): string {
  const { out, packets } = memberMaps(family, protocol);
  const member = memberKey(family);
  return `${someOut ? `${member} != @${out} ` : ''}${member} @${packets}`;
}

type Elements = NonNullable<NftMap['elements']>;

/** Servers that are out, servers that take new flows, and all of them twice more, for counting. */
export function memberSets(
  input: RenderInput,
  family: Family,
  protocol: 'tcp' | 'udp',
  services: LbService[],
): NftMap[] {
  const names = memberMaps(family, protocol);
  const type = `type ${family.type} . inet_service . mark`;
  const members = services.map((service) => membersOf(input, service));
  const counted = joinLists(members.map(({ all }) => all));
  return [
    { name: names.out, kind: 'set', spec: [type], elements: joinLists(members.map(({ out }) => out)) },
    { name: names.takers, kind: 'set', spec: [type], elements: joinLists(members.map(({ takers }) => takers)) },
    ...[names.newFlows, names.packets].map((name): NftMap => ({
      name,
      kind: 'set',
      spec: [type, 'counter'],
      elements: counted,
    })),
  ];
}

const membersOf = remember((input: RenderInput, service: LbService): Record<'out' | 'takers' | 'all', Elements> => {
  const elements = (servers: LbServer[]) =>
    servers.map((server): [string, null] => [memberElement(service, server), null]);
  return {
    out: elements(serversIn(input, service, 'out')),
    takers: elements(serversIn(input, service, 'new')),
    all: elements(service.servers),
  };
});

/** Element that stands for a server in a service. */
export function memberElement({ vip, port }: LbService, { address }: LbServer): string {
  return `${vip} . ${port} . ${markOf(address)}`;
}
