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
 * Names of the sets of DSR servers, shared by all services of a protocol: thousands of small sets would be slow to
 * create, and a change would replace rules instead of elements.
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

/** Whether a service's packets need only their server's MAC, with the interface's own MAC as source. */
export function isPlain({ mode, sourceMac }: LbService): boolean {
  return MODES[mode].handsOver === 'mac' && sourceMac === 'rewrite';
}

/** Set or map that counts a service's packets; for plain services also the address whose MAC they get. */
export function countedIn(service: LbService): string {
  const { addresses, packets } = memberMaps(familyOf(service.vip), service.protocol);
  return isPlain(service) ? addresses : packets;
}

/** Lookup key: fields of a packet and its server's mark. */
export function memberKey(family: Family): string {
  return `${serviceMember(family)} . meta mark`;
}

/** Lookup key in the set of services. */
export function serviceMember({ ip }: Family): string {
  return `${ip} daddr . th dport`;
}

/** Matches packets whose server is not out; empty if no server is. */
export function isNotOut(family: Family, protocol: 'tcp' | 'udp', someOut: boolean): string {
  return someOut ? ` ${memberKey(family)} != @${memberMaps(family, protocol).out}` : '';
}

/**
 * Matches and counts packets whose server is still in a service that is not plain. Needs two lookups only while a
 * server is out. For plain services `sendPlain` does this: before Linux 6.6 a map cannot be matched like a set.
 */
export function isMember(family: Family, protocol: 'tcp' | 'udp', someOut: boolean): string {
  const { packets } = memberMaps(family, protocol);
  return `${isNotOut(family, protocol, someOut)} ${memberKey(family)} @${packets}`.trimStart();
}

type Elements = NonNullable<NftMap['elements']>;

/**
 * Sets of servers that are out, of servers that clients may return to, of all servers for counting, and of services for
 * counting packets of forgotten flows.
 */
export function memberSets(
  input: RenderInput,
  family: Family,
  protocol: 'tcp' | 'udp',
  services: LbService[],
): NftMap[] {
  const names = memberMaps(family, protocol);
  const type = `type ${family.type} . inet_service . mark`;
  const members = services.map((service) => membersOf(input, service));
  const all = (isSelected: (service: LbService) => boolean) =>
    joinLists(members.filter((_, i) => isSelected(services[i]!)).map((of) => of.all));
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
 * Whether a client port that is reused soon after its flow closed may return to the same server, which saves changing
 * the kernel's maps. Not if the server of each new flow is determined otherwise.
 */
export function reusesPorts({ scheduler, persistence }: LbService): boolean {
  return scheduler !== 'least-connections' && persistence === undefined;
}

/** Element of a service. */
export function forgottenElement({ vip, port }: LbService): string {
  return `${vip} . ${port}`;
}

/** Element of a server in a service. */
export function memberElement({ vip, port }: LbService, { address }: LbServer): string {
  return `${vip} . ${port} . ${markOf(address)}`;
}
