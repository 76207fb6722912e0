import type { LbService } from '../config.ts';
import { deviceFor, indexOf } from '../host/facts.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { firstFragment6, laterFragment, leaveRule } from './fragments.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from './mark.ts';
import { joinLists } from './part.ts';
import { remember } from './remember.ts';
import type { Chain, NftMap } from './ruleset.ts';
import { packetKey, serviceKey } from './service-key.ts';

interface Neighbour {
  address: string;
  /** Of the interface that it is behind. */
  device: number;
  mac: string | null;
}

/** Where each DSR server is: by mark, its address, the interface it is behind, and its MAC if it is needed. */
export function forwardMaps(input: RenderInput, services: LbService[]): NftMap[] {
  const neighbours = neighboursOf(input, services);
  const keepers = neighboursOf(
    input,
    services.filter(({ sourceMac }) => sourceMac === 'keep'),
  );
  return [
    ...familiesOf(services).map(({ type, version }): NftMap => ({
      name: `server.address${version}`,
      kind: 'map',
      spec: [`type mark : ${type}`],
      elements: neighbours
        .filter(({ address }) => familyOf(address).version === version)
        .map(({ address }) => [markOf(address), address]),
    })),
    {
      name: 'server.device',
      kind: 'map',
      spec: ['type mark : iface_index'],
      elements: neighbours.map(({ address, device }) => [markOf(address), String(device)]),
    },
    {
      name: 'server.mac',
      kind: 'map',
      spec: ['type mark : ether_addr'],
      elements: keepers.flatMap(({ address, mac }): [string, string][] =>
        mac === null ? [] : [[markOf(address), mac]],
      ),
    },
  ];
}

/**
 * Send a frame to the server in `meta mark`. `fwd` with an address lets the kernel resolve and write both MACs and lower
 * the TTL; without one, source MAC and TTL stay as they came, and a server whose MAC is not known gets nothing. In l3dsr
 * the packet gets the server's address and the DSCP value of its VIP, which the server turns back into the VIP.
 */
export function forwardChains(services: LbService[]): Chain[] {
  const tagged = new Map(services.flatMap(({ vip, dscp }) => (dscp === undefined ? [] : [[vip, dscp] as const])));
  // The rest is the host's own routing, to wherever the server is.
  const byDscp = [...tagged].map(([vip, dscp]) => {
    const { ip, version } = familyOf(vip);
    return `${ip} daddr ${vip} ${ip} dscp set ${dscp} ${ip} daddr set meta mark map @server.address${version} accept`;
  });
  const families = familiesOf(services);
  const overUdp6 = services.some(({ vip, protocol }) => protocol === 'udp' && familyOf(vip).version === 6);
  const rules = [
    ...families.map(leaveRule),
    ...(overUdp6 ? [firstFragment6().note] : []),
    ...byDscp,
    ...families.flatMap((family) => keptRules(family, services)),
    ...families.map(
      ({ ip, version }) => `fwd ${ip} to meta mark map @server.address${version} device meta mark map @server.device`,
    ),
  ];
  const asItCame = 'ether daddr set meta mark map @server.mac fwd to meta mark map @server.device';
  const chains: Chain[] = [{ name: 'forward', hook: null, rules }];
  if (services.some(({ sourceMac }) => sourceMac === 'keep'))
    chains.unshift({ name: 'forward.kept', hook: null, rules: [asItCame, 'counter drop'] });
  return chains;
}

function keptRules(family: Family, services: LbService[]): string[] {
  const here = services.filter(({ vip }) => familyOf(vip) === family);
  const kept = here.filter(({ sourceMac }) => sourceMac === 'keep');
  if (kept.length === 0) return [];
  const keys = kept.map(serviceKey).join(', ');
  const rules = [`${packetKey(family.version)} { ${keys} } goto forward.kept`];
  // A fragment without ports can only go the way of all services of its VIP.
  const mixed = here.filter(({ sourceMac }) => sourceMac !== 'keep').map(({ vip }) => vip);
  const vips = [...new Set(kept.map(({ vip }) => vip).filter((vip) => !mixed.includes(vip)))];
  if (vips.length > 0)
    rules.push(`${laterFragment(family)} ${family.ip} daddr { ${vips.join(', ')} } goto forward.kept`);
  return rules;
}

function familiesOf(services: LbService[]): Family[] {
  return FAMILIES.filter((family) => services.some(({ vip }) => familyOf(vip) === family));
}

const addressesOf = remember((input, service) =>
  serversIn(input, service, 'new', 'keep').map(({ address }) => address),
);

function neighboursOf(input: RenderInput, services: LbService[]): Neighbour[] {
  return [...new Set(joinLists(services.map((service) => addressesOf(input, service))))].flatMap((address) => {
    const device = deviceFor(input.facts, address);
    return device === null ? [] : [{ address, device: indexOf(input.facts, device), mac: input.macOf(address) }];
  });
}
