import type { LbService } from '../terms/config.ts';
import { deviceFor } from '../facts/facts.ts';
import { isDirect, MODES } from '../terms/mode.ts';
import { tunnelMtu } from '../terms/tunnel.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { groupBy } from './group.ts';
import type { RenderInput } from './input.ts';
import { joinParts } from './part.ts';
import type { Chain, Part } from './ruleset.ts';

/** Bytes of IP and TCP headers without options. */
const HEADERS = { 4: 40, 6: 60 } as const;

/**
 * Lowers the MSS in SYN and SYN-ACK (RFC 9293); the kernel never raises it. With NAT both pass the forward hook, and `rt mtu`
 * is the smaller MTU of the routes to both ends.
 */
export function renderClamp({ config }: RenderInput): Part {
  const services = config.services.filter((service) => service.mssClamp !== undefined && !isDirect(service));
  if (services.length === 0) return joinParts();
  const chains = FAMILIES.flatMap((family) =>
    ofFamily(services, family).map(([, ofVip], i): Chain => ({
      name: `clamp${family.version}.${i}`,
      hook: null,
      rules: bySize(ofVip, ({ mssClamp }) => (mssClamp === 'auto' ? 'rt mtu' : mssClamp!)).map(
        ([size, here]) => `meta l4proto tcp ct original proto-dst ${ports(here)} ${setTo(size)}`,
      ),
    })),
  );
  const dispatch = FAMILIES.flatMap((family) => {
    const vips = ofFamily(services, family).map(([vip], i) => `${vip} : goto clamp${family.version}.${i}`);
    return vips.length === 0
      ? []
      : [`tcp flags syn ct status dnat ct original ${family.ip} daddr vmap { ${vips.join(', ')} }`];
  });
  return {
    maps: [],
    chains: [...chains, { name: 'clamp', hook: 'type filter hook forward priority mangle', rules: dispatch }],
  };
}

/**
 * The same in direct modes, in the ingress chain of VIPs: only the SYN passes the host, since servers reply directly to
 * clients. The route is not known yet at that hook.
 */
export function clampRules(input: RenderInput, { ip, version }: Family, services: LbService[]): string[] {
  const sized = services.filter(({ mssClamp }) => mssClamp !== undefined);
  return bySize(sized, (service) => segmentOf(input, service, version)).map(([size, here]) => {
    const keys = here.map(({ vip, port }) => `${vip} . ${port}`);
    return `tcp flags syn ${ip} daddr . tcp dport { ${keys.join(', ')} } ${setTo(size)}`;
  });
}

/**
 * `auto` in direct modes: the smallest MTU of all interfaces toward servers, minus headers. Null if no server has a
 * route.
 */
function segmentOf({ facts }: RenderInput, { mssClamp, servers, mode }: LbService, version: 4 | 6): number | null {
  if (mssClamp !== 'auto') return mssClamp ?? null;
  const isTunnelled = MODES[mode].handsOver === 'tunnel';
  const mtus = servers.flatMap(({ address }) => {
    const device = deviceFor(facts, address);
    const found = facts.interfaces.find(({ name }) => name === device);
    if (found === undefined) return [];
    return isTunnelled ? tunnelMtu({ server: address, carries: version }, found.mtu) : found.mtu;
  });
  return mtus.length === 0 ? null : Math.min(...mtus) - HEADERS[version];
}

function setTo(size: string | number): string {
  return `tcp option maxseg size set ${size}`;
}

function ports(services: LbService[]): string {
  return `{ ${services.map(({ port }) => port).join(', ')} }`;
}

function ofFamily(services: LbService[], family: Family): [vip: string, services: LbService[]][] {
  return [
    ...groupBy(
      services.filter(({ vip }) => familyOf(vip) === family),
      ({ vip }) => vip,
    ),
  ];
}

/** Services by their MSS; omits services without one. */
function bySize<Size extends string | number>(
  services: LbService[],
  sizeOf: (service: LbService) => Size | null,
): [Size, LbService[]][] {
  return [...groupBy(services, sizeOf)].flatMap(([size, here]) => (size === null ? [] : [[size, here]]));
}
