import { vipsAtIngress } from '../terms/mode.ts';
import type { RenderInput } from './input.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { Part } from './ruleset.ts';

/**
 * Echo requests to VIPs that the host does not own: `redirect` passes them to the host's own stack, and conntrack makes
 * the VIP the source of the reply. A VIP that the host owns is answered anyway; one with only direct modes needs no
 * conntrack (at-ingress.ts).
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
