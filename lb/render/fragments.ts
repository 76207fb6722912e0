import type { Family } from './family.ts';
import { familyOf } from './family.ts';
import { flowTable, forwardChain, FRAGMENT_KEY6 } from './flow-table.ts';
import { isMember, isNotOut } from './members.ts';
import type { NftMap } from './ruleset.ts';

/** In bits from the network header. The IPv6 fragment header (44) is first if there are no other extension headers. */
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
 * Servers of fragmented datagrams. Only the first fragment has ports; it stores its server here under the datagram's id
 * (RFC 791; RFC 8200, section 4.5) for the following ones. A fragment that overtakes the first is dropped.
 */
export function fragmentMap({ version }: Family): NftMap {
  // Fragments of a datagram arrive together; both limits protect memory against arbitrary fragments.
  const spec = [`typeof ${FIELDS[version].id} : meta mark`, 'flags dynamic,timeout', 'timeout 10s', 'size 65536'];
  return { name: `fragments${version}`, kind: 'map', spec, elements: null };
}

/** Matches fragments without ports. */
export function laterFragment({ version }: Family): string {
  return FIELDS[version].later;
}

/** Matches the first fragment of a datagram; only in IPv4 its ports are at the usual position. */
export function firstFragment({ version }: Family): string {
  return FIELDS[version].first;
}

/** Matches packets that are not fragments. */
export function whole({ version }: Family): string {
  return FIELDS[version].none;
}

/** Rule at ingress that sends a fragment without ports to the server of its datagram. */
export function followRule({ version }: Family): string {
  const { id, later } = FIELDS[version];
  return `${later} meta mark set ${id} map @fragments${version} goto ${forwardChain(version)}`;
}

/**
 * Rule that stores the server in `meta mark` for the fragments to come, replacing an earlier datagram with this id: an
 * element's value cannot be changed, only replaced.
 */
export function storeServerRule({ version }: Family): string {
  const { id, first } = FIELDS[version];
  const element = `@fragments${version} { ${id} : meta mark }`;
  return `${first} delete ${element} update ${element}`;
}

/**
 * The first fragment of an IPv6 datagram has a fragment header where the flow table expects ports: its flow is looked
 * up before the services, and removed if its server has left. `sendPlain` sends packets of plain services, if there are
 * any; `someOthers`: whether there are other services.
 */
export function firstFragmentRules6(sendPlain: string | null, someOthers: boolean): string[] {
  const family = familyOf('::');
  const { flows, forward } = flowTable(family, 'udp');
  const found = `${FIRST6} meta mark set ${FRAGMENT_KEY6} map @${flows}`;
  const foundPlain = `${found}${isNotOut(family, 'udp', true)}`;
  return [
    ...(someOthers ? [`${found} ${isMember(family, 'udp', true)} goto ${forward}`] : []),
    ...(sendPlain === null
      ? []
      : [`${foundPlain} ${storeServerRule(family)}`, `${foundPlain} ${addFlowRule6()} ${sendPlain}`]),
    `${FIRST6} meta mark != 0 delete ${elementOf(flows)}`,
  ];
}

/** Rule that records the flow of such a fragment after its server was selected. */
export function addFlowRule6(): string {
  return `${FIRST6} update ${elementOf(flowTable(familyOf('::'), 'udp').flows)}`;
}

function elementOf(flows: string): string {
  return `@${flows} { ${FRAGMENT_KEY6} : meta mark }`;
}
