import type { LbService } from '../config.ts';
import { deviceFor } from '../host/facts.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from './mark.ts';
import type { Chain, NftMap } from './ruleset.ts';

interface Neighbour {
  address: string;
  device: string;
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
      elements: neighbours.map(({ address, device }) => [markOf(address), `"${device}"`]),
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
 * Sends a frame to the server in `meta mark`. `fwd` with an address lets the kernel resolve and write both MACs and
 * lower the TTL; without one, source MAC and TTL stay as they came. A server whose MAC is not known yet gets its first
 * frames in the first way, which makes the kernel resolve it. In l3dsr the packet gets the server's address and the DSCP
 * value of its VIP, which the server turns back into the VIP.
 */
export function forwardChain(services: LbService[]): Chain {
  const kept = services.filter(({ sourceMac }) => sourceMac === 'keep');
  const tagged = new Map(services.flatMap(({ vip, dscp }) => (dscp === undefined ? [] : [[vip, dscp] as const])));
  // The rest is the host's own routing, to wherever the server is.
  const byDscp = [...tagged].map(([vip, dscp]) => {
    const { ip, version } = familyOf(vip);
    return `${ip} daddr ${vip} ${ip} dscp set ${dscp} ${ip} daddr set meta mark map @server.address${version} accept`;
  });
  const rules = familiesOf(services).flatMap(({ ip, version }) => {
    const keys = kept.filter(({ vip }) => familyOf(vip).version === version);
    const destinations = keys.map(({ vip, protocol, port }) => `${vip} . ${protocol} . ${port}`);
    const asItCame =
      `${ip} daddr . meta l4proto . th dport { ${destinations.join(', ')} } ` +
      'ether daddr set meta mark map @server.mac fwd to meta mark map @server.device';
    return [
      ...(keys.length > 0 ? [asItCame] : []),
      `fwd ${ip} to meta mark map @server.address${version} device meta mark map @server.device`,
    ];
  });
  return { name: 'forward', hook: null, rules: [...byDscp, ...rules] };
}

function familiesOf(services: LbService[]): Family[] {
  return FAMILIES.filter((family) => services.some(({ vip }) => familyOf(vip) === family));
}

function neighboursOf(input: RenderInput, services: LbService[]): Neighbour[] {
  const servers = services.flatMap((service) => serversIn(input, service, 'new', 'keep'));
  return [...new Set(servers.map(({ address }) => address))].flatMap((address) => {
    const device = deviceFor(input.facts, address);
    return device === null ? [] : [{ address, device, mac: input.macOf(address) }];
  });
}
