import { MODES } from '../terms/mode.ts';
import { canonical } from '../terms/address.ts';
import type { LbServer, LbService } from '../terms/config.ts';
import type { Family } from './family.ts';
import { familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from '../terms/mark.ts';
import { joinLists } from './part.ts';
import { remember } from './remember.ts';
import type { NftMap } from './ruleset.ts';

/**
 * Names of what is known of a DSR server in a service, for all services of a protocol together: thousands of small sets
 * would take the kernel long to make, and a change would replace rules instead of elements.
 */
export function memberMaps({ version }: Family, protocol: 'tcp' | 'udp') {
  const name = (what: string) => `${what}.${protocol}${version}`;
  return {
    out: name('out'),
    again: name('again'),
    newFlows: name('new'),
    forgotten: name('forgotten'),
    packets: name('packets'),
    addresses: name('addresses'),
  };
}

/** Whether a service's packets need no more than their server's MAC, and the interface's own as source. */
export function isPlain({ mode, sourceMac }: LbService): boolean {
  return MODES[mode].handsOver === 'mac' && sourceMac === 'rewrite';
}

/** What counts a service's packets; where that is all they need, it also has the address whose MAC they get. */
export function countedIn(service: LbService): string {
  const { addresses, packets } = memberMaps(familyOf(service.vip), service.protocol);
  return isPlain(service) ? addresses : packets;
}

/** What of a packet, with its server's mark, is looked up in them. */
export function memberKey(family: Family): string {
  return `${serviceMember(family)} . meta mark`;
}

/** What of a packet is looked up in the set of services. */
export function serviceMember({ ip }: Family): string {
  return `${ip} daddr . th dport`;
}

/** Match of a packet whose server is not out; nothing where none is. */
export function isNotOut(family: Family, protocol: 'tcp' | 'udp', someOut: boolean): string {
  return someOut ? ` ${memberKey(family)} != @${memberMaps(family, protocol).out}` : '';
}

/**
 * Match of a packet whose server still is in a service that is not plain; counts it. Only where a server is out does it
 * take two looks. In a plain service `sendPlain` tells it: before Linux 6.6 a map cannot be matched as a set can.
 */
export function isMember(family: Family, protocol: 'tcp' | 'udp', someOut: boolean): string {
  const { packets } = memberMaps(family, protocol);
  return `${isNotOut(family, protocol, someOut)} ${memberKey(family)} @${packets}`.trimStart();
}

type Elements = NonNullable<NftMap['elements']>;

/** Servers that are out, servers that clients may return to, all of them for counting, and services for what is forgotten. */
export function memberSets(
  input: RenderInput,
  family: Family,
  protocol: 'tcp' | 'udp',
  services: LbService[],
): NftMap[] {
  const names = memberMaps(family, protocol);
  const type = `type ${family.type} . inet_service . mark`;
  const members = services.map((service) => membersOf(input, service));
  const all = (isMeant: (service: LbService) => boolean) =>
    joinLists(members.filter((_, i) => isMeant(services[i]!)).map((of) => of.all));
  const set = (name: string, elements: Elements, ...spec: string[]): NftMap => ({
    name,
    kind: 'set',
    spec: [type, ...spec],
    elements,
  });
  return [
    {
      name: names.forgotten,
      kind: 'set',
      spec: [`type ${family.type} . inet_service`, 'counter'],
      elements: joinLists(members.map(({ forgotten }) => forgotten)),
    },
    set(names.out, joinLists(members.map(({ out }) => out))),
    set(names.again, joinLists(members.map(({ again }) => again))),
    set(
      names.newFlows,
      all(() => true),
      'counter',
    ),
    set(
      names.packets,
      all((service) => !isPlain(service)),
      'counter',
    ),
    {
      name: names.addresses,
      kind: 'map',
      spec: [`${type} : ${family.type}`, 'counter'],
      elements: joinLists(members.map(({ addresses }) => addresses)),
    },
  ];
}

type Lists = Record<'forgotten' | 'out' | 'again' | 'all' | 'addresses', Elements>;

const membersOf = remember((input: RenderInput, service: LbService): Lists => {
  const elements = (servers: LbServer[]) =>
    servers.map((server): [string, null] => [memberElement(service, server), null]);
  return {
    forgotten: [[forgottenElement(service), null]],
    out: elements(serversIn(input, service, 'out')),
    again:
      service.persistence || (reusesPorts(service) && input.isSettled(service))
        ? elements(serversIn(input, service, 'new'))
        : [],
    all: elements(service.servers),
    addresses: isPlain(service)
      ? service.servers.map((server): [string, string] => [memberElement(service, server), canonical(server.address)])
      : [],
  };
});

/**
 * Whether a port that is used again soon after its flow was over may lead to the same server again, which spares the
 * kernel's maps a change: not where the server of each new flow follows from something else.
 */
export function reusesPorts({ scheduler, persistence }: LbService): boolean {
  return scheduler !== 'least-connections' && persistence === undefined;
}

/** Element that stands for a service. */
export function forgottenElement({ vip, port }: LbService): string {
  return `${vip} . ${port}`;
}

/** Element that stands for a server in a service. */
export function memberElement({ vip, port }: LbService, { address }: LbServer): string {
  return `${vip} . ${port} . ${markOf(address)}`;
}
