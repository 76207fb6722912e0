import type { Family } from './family.ts';
import { familyOf } from './family.ts';
import { flowTable, forwardChain, FRAGMENT_KEY6 } from './flow-table.ts';
import { isMember, isNotOut } from './members.ts';
import type { NftMap } from './ruleset.ts';

/** In bits from the network header. The fragment header of IPv6 (44) comes first where there are no others. */
const FIELDS = {
  4: {
    id: '@nh,96,32 . @nh,128,32 . @nh,32,16',
    first: '@nh,48,16 & 0x3fff == 0x2000',
    later: '@nh,48,16 & 0x1fff != 0',
    none: '@nh,48,16 & 0x3fff == 0',
  },
  6: {
    id: '@nh,160,32 . @nh,288,32 . @nh,352,32',
    first: '@nh,48,8 44 @nh,336,16 & 0xfff9 == 1',
    later: '@nh,48,8 44 @nh,336,16 & 0xfff8 != 0',
    none: '@nh,48,8 != 44',
  },
};

/** First fragment of a UDP datagram over IPv6. */
const FIRST6 = `meta l4proto udp ${FIELDS[6].first}`;

/**
 * Servers of datagrams that come in fragments. Only the first one has ports; it leaves its server here, under the
 * datagram's id (RFC 791; RFC 8200, section 4.5), for those that follow. One that overtakes the first is lost.
 */
export function fragmentMap({ version }: Family): NftMap {
  // A datagram's fragments come together; both limits keep strangers' fragments from filling the memory.
  const spec = [`typeof ${FIELDS[version].id} : meta mark`, 'flags dynamic,timeout', 'timeout 10s', 'size 65536'];
  return { name: `fragments${version}`, kind: 'map', spec, elements: null };
}

/** Match of a fragment without ports. */
export function laterFragment({ version }: Family): string {
  return FIELDS[version].later;
}

/** Match of the first fragment of a datagram; only in IPv4 its ports are where those of a whole one are. */
export function firstFragment({ version }: Family): string {
  return FIELDS[version].first;
}

/** Match of a packet that is no fragment. */
export function whole({ version }: Family): string {
  return FIELDS[version].none;
}

/** Rule at ingress that sends such a fragment to the server of its datagram. */
export function followRule({ version }: Family): string {
  const { id, later } = FIELDS[version];
  return `${later} meta mark set ${id} map @fragments${version} goto ${forwardChain(version)}`;
}

/**
 * Rule that leaves the server in `meta mark` for the fragments to come, whatever datagram had the id before: an element's
 * value cannot be changed, only replaced.
 */
export function leaveRule({ version }: Family): string {
  const { id, first } = FIELDS[version];
  const element = `@fragments${version} { ${id} : meta mark }`;
  return `${first} delete ${element} update ${element}`;
}

/**
 * Where the flow table looks for ports, the first fragment of a datagram over IPv6 has another header: its flow has to be
 * looked up before the services are, and forgotten where its server has left. `sendPlain` sends a packet of a plain
 * service, where there are such; `someOthers` where there are others.
 */
export function firstFragmentRules6(sendPlain: string | null, someOthers: boolean): string[] {
  const family = familyOf('::');
  const { flows, forward } = flowTable(family, 'udp');
  const found = `${FIRST6} meta mark set ${FRAGMENT_KEY6} map @${flows}`;
  const foundPlain = `${found}${isNotOut(family, 'udp', true)}`;
  return [
    ...(someOthers ? [`${found} ${isMember(family, 'udp', true)} goto ${forward}`] : []),
    ...(sendPlain === null ? [] : [`${foundPlain} ${leaveRule(family)}`, `${foundPlain} ${noteRule6()} ${sendPlain}`]),
    `${FIRST6} meta mark != 0 delete ${elementOf(flows)}`,
  ];
}

/** Rule that notes the flow of such a fragment, once its server is chosen. */
export function noteRule6(): string {
  return `${FIRST6} update ${elementOf(flowTable(familyOf('::'), 'udp').flows)}`;
}

function elementOf(flows: string): string {
  return `@${flows} { ${FRAGMENT_KEY6} : meta mark }`;
}
