import { isDirect } from '../mode.ts';
import type { RenderInput } from './input.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { Part } from './ruleset.ts';

/**
 * Echo requests to VIPs that the host does not own: `redirect` hands them to the host's own stack, and conntrack lets the
 * answer come from the VIP. For a VIP of its own the host answers anyway.
 *
 * Whatever comes from a VIP of direct modes alone is a server's reply on its way through: conntrack, which `redirect`
 * demands for the whole namespace, saw no request of it. To track it would cost more than to forward it, and rules of the
 * host's own firewall would take it for invalid.
 */
export function renderEcho({ config: { vipOwner, services } }: RenderInput): Part {
  if (vipOwner) return { counters: [], maps: [], chains: [] };
  const translated = new Set(services.filter((service) => !isDirect(service)).map(({ vip }) => vip));
  const perFamily = FAMILIES.flatMap(({ ip, version }) => {
    const vips = [...new Set(services.map(({ vip }) => vip))].filter((vip) => familyOf(vip).version === version);
    const direct = vips.filter((vip) => !translated.has(vip));
    const echo = version === 4 ? 'icmp' : 'icmpv6';
    if (vips.length === 0) return [];
    return [
      {
        answer: `${ip} daddr { ${vips.join(', ')} } ${echo} type echo-request redirect`,
        untracked: direct.length > 0 ? [`${ip} saddr { ${direct.join(', ')} } notrack`] : [],
      },
    ];
  });
  const untracked = perFamily.flatMap((family) => family.untracked);
  return {
    counters: [],
    maps: [],
    chains: [
      {
        name: 'echo',
        hook: 'type nat hook prerouting priority dstnat - 5',
        rules: perFamily.map(({ answer }) => answer),
      },
      ...(untracked.length > 0
        ? [{ name: 'untracked', hook: 'type filter hook prerouting priority raw', rules: untracked }]
        : []),
    ],
  };
}
