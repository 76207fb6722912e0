import type { LbServer, LbService } from '../terms/config.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { markOfText } from '../terms/mark.ts';
import { joinLists } from './part.ts';
import { servesItself } from './own-server.ts';
import { remember } from './remember.ts';
import type { Chain, NftMap, Part } from './ruleset.ts';

/** The set that counts packets by conntrack mark. */
const PACKETS = 'packets';

/**
 * Counters of modes dnat and proxy, by VIP and server: new flows (in postrouting), and packets and bytes in both
 * directions, unless counting is disabled. Services of one VIP with the same server and port are counted together.
 *
 * The first packet of a flow stores the number of its server in the flow's conntrack mark, so that all others need one
 * lookup with a key of 4 bytes, at a hook where NAT processes them anyway.
 */
export function renderTraffic(input: RenderInput, services: LbService[]): Part {
  const families = FAMILIES.filter((family) => services.some(({ vip }) => familyOf(vip) === family));
  const newFlows = families.map((family): NftMap => {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    const name = newFlowsMap(family);
    const elements = joinLists(here.map((service) => countedOf(input, service).newFlows));
    const type = `type ${family.type} . ${family.type} . inet_service`;
    // Before Linux 6.6 a map cannot be matched like a set.
    return countsPackets(input)
      ? { name, kind: 'map', spec: [`${type} : mark`, 'counter'], elements }
      : { name, kind: 'set', spec: [type, 'counter'], elements: elements.map(([key]) => [key, null]) };
  });
  if (!countsPackets(input)) return { maps: newFlows, chains: [] };
  const elements = joinLists(services.map((service) => countedOf(input, service).packets));
  // With a given size the set is a hash table of that size, which is faster than one that grows.
  const spec = ['type mark', `size ${sizeFor(elements.length)}`, 'counter'];
  return {
    maps: [...newFlows, { name: PACKETS, kind: 'set', spec, elements }],
    chains: [packetChain, ...(servesItself(input, services) ? [ownPacketChain] : [])],
  };
}

const packetChain: Chain = {
  name: 'traffic',
  hook: 'type filter hook postrouting priority srcnat + 10',
  rules: [`ct mark @${PACKETS}`],
};

/** Packets that end at the host; those of its own calls have passed postrouting. */
const ownPacketChain: Chain = {
  name: 'trafficToHost',
  hook: 'type filter hook input priority 110',
  rules: [`iif != "lo" ct mark @${PACKETS}`],
};

/** Leaves room to grow: creating the set again would reset its counters. */
function sizeFor(elements: number): number {
  return Math.max(65536, 2 ** Math.ceil(Math.log2(2 * elements)));
}

/** Rule that counts a new flow, whose destination already is its server, and marks it for counting its packets. */
export function countNewFlow(input: RenderInput, family: Family): string {
  const key = `ct original ${family.ip} daddr . ${family.ip} daddr . th dport`;
  const map = newFlowsMap(family);
  return countsPackets(input) ? `ct mark set ${key} map @${map}` : `${key} @${map}`;
}

function countsPackets({ config }: RenderInput): boolean {
  return config.countPackets !== false;
}

type Elements = NonNullable<NftMap['elements']>;

const countedOf = remember((_, service): Record<'newFlows' | 'packets', Elements> => {
  const counted = service.servers.map((server) => trafficElements(service, server));
  return {
    newFlows: counted.map(({ newFlows, packets }) => [newFlows.key, packets.key]),
    packets: counted.map(({ packets }) => [packets.key, null]),
  };
});

function newFlowsMap({ version }: Family): string {
  return `newFlows${version}`;
}

/** Counters of a server's new flows and packets in a service. */
export function trafficElements(service: LbService, server: LbServer) {
  const { vip, port } = service;
  const key = `${vip} . ${server.address} . ${server.port ?? port}`;
  return {
    newFlows: { set: newFlowsMap(familyOf(vip)), key },
    packets: { set: PACKETS, key: markOfText(key) },
  };
}
