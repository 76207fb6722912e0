import type { LbService } from '../terms/config.ts';
import { deviceFor, indexOf } from '../facts/facts.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { laterFragment, storeServerRule, addFlowRule6 } from './fragments.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from '../terms/mark.ts';
import { MODES, isDirect } from '../terms/mode.ts';
import { tunnelMark, tunnelsIn } from '../terms/tunnel.ts';
import { forwardChain } from './flow-table.ts';
import { joinLists } from './part.ts';
import { oncePerInput, remember } from './remember.ts';
import type { Chain, NftMap, Part } from './ruleset.ts';
import { packetKey, serviceKey } from './service-key.ts';

interface Neighbour {
  address: string;
  /** Index of the interface it is behind. */
  device: number;
  /** For services that keep the source MAC. */
  mac: string | null;
}

const FOUND_DEVICE = 'meta mark map @server.device';

/** If all servers are behind one interface, packets need no lookup. */
function deviceOf(neighbours: Neighbour[]): string {
  const [device, ...others] = new Set(neighbours.map((neighbour) => neighbour.device));
  return device === undefined || others.length > 0 ? FOUND_DEVICE : String(device);
}

/**
 * Statement that sends a packet, whose server is in `meta mark`, to the address found in a map; without an entry, the rule
 * stops here. The kernel resolves and writes both MACs and lowers the TTL.
 */
export function sendTo(input: RenderInput, { ip }: Family, address: string): string {
  return `fwd ${ip} to ${address} device ${deviceOf(neighboursOf(input))}`;
}

/** Sends packets to the DSR server in `meta mark`. */
export function forwardPart(input: RenderInput, services: LbService[]): Part {
  const neighbours = neighboursOf(input);
  const maps: NftMap[] = familiesOf(services).map(({ type, version }) => ({
    name: `server.address${version}`,
    kind: 'map',
    spec: [`type mark : ${type}`],
    elements: neighbours
      .filter(({ address }) => familyOf(address).version === version)
      .map(({ address }) => [markOf(address), address]),
  }));
  const reached = new Set(neighbours.map(({ address }) => address));
  const tunnels = tunnelsIn({ services }).filter(({ server }) => reached.has(server));
  for (const { version } of familiesOf(services.filter(isTunnelled))) {
    const elements = tunnels
      .filter(({ carries }) => carries === version)
      .map((tunnel): [string, string] => [markOf(tunnel.server), tunnelMark(tunnel)]);
    maps.push({ name: `server.tunnel${version}`, kind: 'map', spec: ['type mark : mark'], elements });
  }
  const device = deviceOf(neighbours);
  if (device === FOUND_DEVICE) {
    const elements = neighbours.map(({ address, device }): [string, string] => [markOf(address), String(device)]);
    maps.push({ name: 'server.device', kind: 'map', spec: ['type mark : iface_index'], elements });
  }
  if (services.some(({ sourceMac }) => sourceMac === 'keep')) {
    const elements = neighbours.flatMap(({ address, mac }): [string, string][] =>
      mac === null ? [] : [[markOf(address), mac]],
    );
    maps.push({ name: 'server.mac', kind: 'map', spec: ['type mark : ether_addr'], elements });
  }
  return { maps, chains: forwardChains(services, device) };
}

/**
 * Chains that send a frame to the server in `meta mark`. `fwd` with an address lets the kernel resolve and write both MACs
 * and lower the TTL; without one, source MAC and TTL do not change, and a server with unknown MAC gets no frames. In l3dsr
 * the packet gets the server's address and the DSCP value of its VIP, which the server translates back into the VIP.
 * Conntrack is bypassed: it may still have the same flow from an earlier mode dnat and would drop the packet. In ipip a
 * mark routes the packet into the tunnel to the server (lb/host/holdings.ts).
 */
function forwardChains(services: LbService[], device: string): Chain[] {
  const tagged = new Map(services.flatMap(({ vip, dscp }) => (dscp === undefined ? [] : [[vip, dscp] as const])));
  const chains = familiesOf(services).map((family): Chain => {
    const { ip, version } = family;
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    const byMark = `meta mark map @server.address${version}`;
    // The host's routing then finds the server.
    const byDscp = [...tagged]
      .filter(([vip]) => familyOf(vip) === family)
      .map(([vip, dscp]) => `${ip} daddr ${vip} ${ip} dscp set ${dscp} ${ip} daddr set ${byMark} notrack accept`);
    const inTunnel = [...new Set(here.filter(isTunnelled).map(({ vip }) => vip))].map(
      (vip) => `${ip} daddr ${vip} meta mark set meta mark map @server.tunnel${version} notrack accept`,
    );
    const overUdp6 = version === 6 && here.some(({ protocol }) => protocol === 'udp');
    const rules = [
      storeServerRule(family),
      ...(overUdp6 ? [addFlowRule6()] : []),
      ...byDscp,
      ...inTunnel,
      ...keptRules(family, here),
      `fwd ${ip} to ${byMark} device ${device}`,
    ];
    return { name: forwardChain(version), hook: null, rules };
  });
  const keepingMac = `ether daddr set meta mark map @server.mac fwd to ${device}`;
  if (services.some(({ sourceMac }) => sourceMac === 'keep'))
    chains.unshift({ name: 'forward.kept', hook: null, rules: [keepingMac, 'counter drop'] });
  return chains;
}

function keptRules(family: Family, here: LbService[]): string[] {
  const kept = here.filter(({ sourceMac }) => sourceMac === 'keep');
  if (kept.length === 0) return [];
  const keys = kept.map(serviceKey).join(', ');
  const rules = [`${packetKey(family.version)} { ${keys} } goto forward.kept`];
  // A fragment without ports can only be handled like all services of its VIP.
  const mixed = here.filter(({ sourceMac }) => sourceMac !== 'keep').map(({ vip }) => vip);
  const vips = [...new Set(kept.map(({ vip }) => vip).filter((vip) => !mixed.includes(vip)))];
  if (vips.length > 0)
    rules.push(`${laterFragment(family)} ${family.ip} daddr { ${vips.join(', ')} } goto forward.kept`);
  return rules;
}

function isTunnelled({ mode }: LbService): boolean {
  return MODES[mode].handsOver === 'tunnel';
}

function familiesOf(services: LbService[]): Family[] {
  return FAMILIES.filter((family) => services.some(({ vip }) => familyOf(vip) === family));
}

const addressesOf = remember((input, service) =>
  serversIn(input, service, 'new', 'keep').map(({ address }) => address),
);

/** Servers of all services in direct modes; asked for by many rules. */
const neighboursOf = oncePerInput((input): Neighbour[] => {
  const services = input.config.services.filter(isDirect);
  return [...new Set(joinLists(services.map((service) => addressesOf(input, service))))].flatMap((address) => {
    const device = deviceFor(input.facts, address);
    return device === null ? [] : [{ address, device: indexOf(input.facts, device), mac: input.macOf(address) }];
  });
});
