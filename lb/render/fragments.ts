import type { Family } from './family.ts';
import { familyOf } from './family.ts';
import { flowTable, forwardChain, FRAGMENT_KEY6 } from './flow-table.ts';
import { isMember } from './members.ts';
import type { NftMap } from './ruleset.ts';

/** First fragment of a UDP datagram over IPv6. */
const FIRST6 = 'meta l4proto udp @nh,48,8 44 @nh,336,16 & 0xfff9 == 1';
/** In bits from the network header. The fragment header of IPv6 (44) comes first where there are no others. */
const FIELDS = {
  4: {
    id: '@nh,96,32 . @nh,128,32 . @nh,32,16',
    more: '@nh,48,16 & 0x2000 != 0',
    later: '@nh,48,16 & 0x1fff != 0',
  },
  6: {
    id: '@nh,160,32 . @nh,288,32 . @nh,352,32',
    more: '@nh,48,8 44 @nh,336,16 & 1 == 1',
    later: '@nh,48,8 44 @nh,336,16 & 0xfff8 != 0',
  },
};

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

/** Rule at ingress that sends such a fragment to the server of its datagram. */
export function followRule({ version }: Family): string {
  const { id, later } = FIELDS[version];
  return `${later} meta mark set ${id} map @fragments${version} goto ${forwardChain(version)}`;
}

/** Rule that leaves the server in `meta mark` for the fragments to come, whatever datagram had the id before. */
export function leaveRule({ version }: Family): string {
  const { id, more } = FIELDS[version];
  return `${more} ${replace(`fragments${version}`, id)}`;
}

/**
 * Where the flow table looks for ports, the first fragment of a datagram over IPv6 has another header: its flow has to be
 * looked up before the services are, and noted once its server is chosen.
 */
export function firstFragment6(): { lookUp: string; note: string } {
  const family = familyOf('::');
  const { flows, forward } = flowTable(family, 'udp');
  return {
    lookUp: `${FIRST6} meta mark set ${FRAGMENT_KEY6} map @${flows} ${isMember(family, 'udp', true)} goto ${forward}`,
    note: `${FIRST6} ${replace(flows, FRAGMENT_KEY6)}`,
  };
}

/** An element's value cannot be changed, only replaced. */
function replace(map: string, key: string): string {
  return `delete @${map} { ${key} : meta mark } update @${map} { ${key} : meta mark }`;
}
