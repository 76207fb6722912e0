import type { LbService } from '../config.ts';
import { isDirect } from '../mode.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import type { Part } from './ruleset.ts';

/**
 * What conntrack must not see, since it would see one direction only.
 *
 * Whatever comes from a VIP of direct modes alone, which the host does not own, is a server's reply on its way through:
 * to track it would cost more than to forward it, and rules of the host's own firewall would take it for invalid. What
 * l3dsr sends to a server would be refused where conntrack still keeps the same flow from before, as one of dnat.
 */
export function renderUntracked({ config: { vipOwner, services } }: RenderInput): Part {
  const translated = new Set(services.filter((service) => !isDirect(service)).map(({ vip }) => vip));
  const rules = FAMILIES.flatMap((family) => {
    const here = services.filter((service) => isDirect(service) && familyOf(service.vip) === family);
    const vips = vipOwner ? [] : here.map(({ vip }) => vip).filter((vip) => !translated.has(vip));
    const tagged = here.filter(({ dscp }) => dscp !== undefined);
    return [
      ...(vips.length > 0 ? [`${family.ip} saddr { ${distinct(vips)} } notrack`] : []),
      ...(tagged.length > 0 ? [`${taggedMatch(family.ip, tagged)} notrack`] : []),
    ];
  });
  if (rules.length === 0) return { counters: [], maps: [], chains: [] };
  const hook = 'type filter hook prerouting priority raw';
  return { counters: [], maps: [], chains: [{ name: 'untracked', hook, rules }] };
}

function taggedMatch(ip: string, services: LbService[]): string {
  const servers = services.flatMap((service) => service.servers.map(({ address }) => address));
  return `${ip} dscp { ${distinct(services.map(({ dscp }) => dscp))} } ${ip} daddr { ${distinct(servers)} }`;
}

function distinct(items: unknown[]): string {
  return [...new Set(items)].join(', ');
}
