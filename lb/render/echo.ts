import { vipsAtIngress } from '../terms/mode.ts';
import type { RenderInput } from './input.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { Part } from './ruleset.ts';

/**
 * Echo requests to VIPs that the host does not own: `redirect` hands them to the host's own stack, and conntrack lets the
 * answer come from the VIP. For a VIP of its own the host answers anyway, and one of direct modes alone needs no conntrack
 * (at-ingress.ts).
 */
export function renderEcho({ config }: RenderInput): Part {
  if (config.vipOwner !== false) return { maps: [], chains: [] };
  const atIngress = vipsAtIngress(config);
  const others = config.services.map(({ vip }) => vip).filter((vip) => !atIngress.has(vip));
  const rules = FAMILIES.flatMap(({ ip, version }) => {
    const vips = new Set(others.filter((vip) => familyOf(vip).version === version));
    const echo = version === 4 ? 'icmp' : 'icmpv6';
    return vips.size === 0 ? [] : [`${ip} daddr { ${[...vips].join(', ')} } ${echo} type echo-request redirect`];
  });
  if (rules.length === 0) return { maps: [], chains: [] };
  return {
    maps: [],
    chains: [{ name: 'echo', hook: 'type nat hook prerouting priority dstnat - 5', rules }],
  };
}
