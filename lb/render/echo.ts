import type { RenderInput } from './input.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { Part } from './ruleset.ts';

/**
 * Echo requests to VIPs that the host does not own: `redirect` hands them to the host's own stack, and conntrack lets the
 * answer come from the VIP. For a VIP of its own the host answers anyway.
 */
export function renderEcho({ config: { vipOwner, services } }: RenderInput): Part {
  if (vipOwner) return { counters: [], maps: [], chains: [] };
  const rules = FAMILIES.flatMap(({ ip, version }) => {
    const vips = new Set(services.map(({ vip }) => vip).filter((vip) => familyOf(vip).version === version));
    const echo = version === 4 ? 'icmp' : 'icmpv6';
    return vips.size === 0 ? [] : [`${ip} daddr { ${[...vips].join(', ')} } ${echo} type echo-request redirect`];
  });
  return {
    counters: [],
    maps: [],
    chains: [{ name: 'echo', hook: 'type nat hook prerouting priority dstnat - 5', rules }],
  };
}
